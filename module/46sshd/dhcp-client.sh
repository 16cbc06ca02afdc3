# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's; sshd_tree is module-setup.sh's.)
#
# How the system's own DHCP client calls itself, so that it gets the lease that the initramfs had: ClientIdentifier=, IAID= and DUIDType= of
# systemd.network(5) and networkd.conf(5).

# sshd_host_runs UNIT: is it enabled on the system?
sshd_host_runs() {
  local link
  for link in "${dracutsysrootdir-}"/{etc,usr/lib}/systemd/system/*.wants/"$1"; do
    if [[ -L $link || -e $link ]]; then return 0; fi
  done
  return 1
}

# sshd_networkd_files: prints the system's own files for networkd that may set them, the weakest first. Of several with one name that in
# /etc is the one that counts; where it is a link to /dev/null, none is.
sshd_networkd_files() {
  local kind dir path name
  for kind in networkd.conf 'networkd.conf.d/*.conf' 'network/*.network' 'network/*.network.d/*.conf'; do
    local -A files=()
    for dir in usr/lib run etc; do
      while IFS= read -r path; do files[${path##*/systemd/}]=${path#"${dracutsysrootdir-}"}; done \
        < <(compgen -G "${dracutsysrootdir-}/$dir/systemd/$kind")
    done
    while IFS= read -r name; do
      if [[ $name ]]; then printf '%s\n' "${files[$name]}"; fi
    done < <(printf '%s\n' "${!files[@]}" | LC_ALL=C sort)
  done
}

# sshd_dhcp_setting 4|6 KEY: prints the value that the system's networkd has of it for DHCP, the last one of all files; fails if there is
# none.
sshd_dhcp_setting() {
  local path section key value found=''
  while IFS= read -r path; do
    path=$(sshd_host_file "$path") || continue
    while IFS=$'\t' read -r section key value; do
      if [[ $section =~ ^DHCP(v$1)?$ && $key == "$2" ]]; then found=$value; fi
    done < <(sshd_settings "$path")
  done < <(sshd_networkd_files)
  [[ $found && ! $found =~ [[:cntrl:]] ]] && printf '%s\n' "$found"
}

# sshd_client_identifier: prints mac, duid or duid-only: duid for networkd, unless it was told otherwise; NetworkManager and most others go by
# the interface's address (dhcpcd may not, with "duid" in its configuration).
sshd_client_identifier() {
  local value
  if ! sshd_host_runs systemd-networkd.service || sshd_host_runs NetworkManager.service; then
    echo mac
  elif value=$(sshd_dhcp_setting 4 ClientIdentifier) && [[ $value =~ ^(mac|duid-only)$ ]]; then
    echo "$value"
  else
    echo duid
  fi
}

# sshd_duid_lines 4|6: prints the lines for a section of DHCP with which the image's networkd makes the same DUID.
sshd_duid_lines() {
  local key value
  sshd_host_runs systemd-networkd.service || return 0
  for key in DUIDType DUIDRawData IAID; do
    if value=$(sshd_dhcp_setting "$1" "$key"); then printf '%s=%s\n' "$key" "$value"; fi
  done
}

# sshd_install_machine_id: networkd makes its DUID of it. dracut takes it along into host-only images alone.
sshd_install_machine_id() {
  local file id=''
  [[ -s $sshd_tree/etc/machine-id ]] && return 0
  file=$(sshd_host_file /etc/machine-id) || return 1
  IFS= read -r id <"$file"
  [[ $id =~ ^[0-9a-f]{32}$ ]] && printf '%s\n' "$id" | sshd_put 0444 - /etc/machine-id
}
