# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir, srcmods, kernel, mods_to_load and modules_loaded are dracut's; sshd_tree is module-setup.sh's.)
#
# Devices that the administrator's .netdev files have networkd make, WireGuard's before all: the kernel's drivers, the keys, and what
# keeps networkd from making them.

# sshd_kinds: prints "KIND<TAB>NAME<TAB>PATH" for each of the administrator's own .netdev files, drop-ins aside.
sshd_kinds() {
  local path section key value kind name
  while IFS= read -r path; do
    [[ $path == *.netdev ]] || continue
    kind='' name=''
    while IFS=$'\t' read -r section key value; do
      case $section.$key in
        NetDev.Kind) kind=$value ;;
        NetDev.Name) name=$value ;;
      esac
    done < <(sshd_settings "$(sshd_host_file "$path")")
    printf '%s\t%s\t%s\n' "$kind" "$name" "$path"
  done < <(sshd_own_networks netdev)
}

# sshd_tunnels: prints "NAME<TAB>PATH" for those of WireGuard.
sshd_tunnels() { sshd_kinds | sed -n 's/^wireguard\t//p'; }

# sshd_tunnel_parts PATH: prints a .netdev file of the administrator's and what is added to it.
sshd_tunnel_parts() {
  local path
  while IFS= read -r path; do
    case $path in "$1" | "$1".d/*) printf '%s\n' "$path" ;; esac
  done < <(sshd_own_networks netdev)
}

# sshd_tunnel_settings PATH: prints "SECTION.KEY<TAB>VALUE" of these.
sshd_tunnel_settings() {
  local part
  while IFS= read -r part; do
    sshd_settings "$(sshd_host_file "$part")" | sed 's/\t/./'
  done < <(sshd_tunnel_parts "$1")
}

# sshd_others_read PATH: can others than root, and the group that a file of networkd's has, read the system's file?
sshd_others_read() {
  local path mode bit=4
  path=$(sshd_resolve "${dracutsysrootdir-}" "$1") || return 1
  while [[ $path ]]; do
    mode=$(stat -c %a -- "${dracutsysrootdir-}$path" 2>/dev/null) || return 1
    (((8#$mode & bit) != 0)) || return 1
    # Above the file it is folders.
    path=${path%/*} bit=1
  done
}

# sshd_holds_key PATH: is a key of a tunnel written in this .netdev file?
sshd_holds_key() {
  local section key value
  while IFS=$'\t' read -r section key value; do
    case $section.$key in
      WireGuard.PrivateKey | WireGuardPeer.PresharedKey | MACsecTransmitAssociation.Key | MACsecReceiveAssociation.Key)
        if [[ $value && $value != @* ]]; then return 0; fi
        ;;
    esac
  done < <(sshd_settings "$(sshd_host_file "$1")")
  return 1
}

# sshd_readable_key: prints the first file with a key of a tunnel in it that others can read; fails if there is none. Such a key is no
# secret, and the mode of the copy in the image would hide that.
sshd_readable_key() {
  local path
  while IFS= read -r path; do
    if sshd_others_read "$path" && sshd_holds_key "$path"; then printf '%s\n' "$path" && return 0; fi
  done < <(sshd_own_networks netdev)
  while IFS= read -r path; do
    if sshd_others_read "$path"; then printf '%s\n' "$path" && return 0; fi
  done < <(sshd_own_key_files)
  return 1
}

# sshd_credential_of PATH VALUE: prints the name of the credential that this VALUE of PrivateKey= or PresharedKey= stands for,
# by systemd.netdev(5); fails where it stands for none.
sshd_credential_of() {
  local name=${1##*/}
  case $2 in
    @?*) name=${2#@} ;;
    '') name=network.wireguard.private.${name%.netdev} ;;
    *) return 1 ;;
  esac
  [[ $name =~ ^[A-Za-z0-9._-]+$ ]] && printf '%s\n' "$name"
}

# sshd_credentials PATH: prints the names of the credentials that a tunnel's file refers to.
sshd_credentials() {
  local key value private='' file=''
  while IFS=$'\t' read -r key value; do
    case $key in
      WireGuard.PrivateKey) private=$value ;;
      WireGuard.PrivateKeyFile) file=$value ;;
      WireGuardPeer.PresharedKey) if [[ $value ]]; then sshd_credential_of "$1" "$value" || :; fi ;;
    esac
  done < <(sshd_tunnel_settings "$1")
  [[ $file ]] || sshd_credential_of "$1" "$private" || :
}

# sshd_find_credential NAME: prints the system's file of it, by systemd.exec(5), ImportCredential=; an encrypted one first.
sshd_find_credential() {
  local dir
  for dir in /etc/credstore.encrypted /usr/lib/credstore.encrypted /etc/credstore /usr/lib/credstore; do
    if sshd_host_file "$dir/$1" >/dev/null; then
      printf '%s\n' "$dir/$1"
      return 0
    fi
  done
  return 1
}

# sshd_credential_files: prints those that the administrator's own files refer to.
sshd_credential_files() {
  local path name
  while IFS=$'\t' read -r _ path; do
    while IFS= read -r name; do sshd_find_credential "$name"; done < <(sshd_credentials "$path")
  done < <(sshd_tunnels) | sort -u
}

# sshd_seals_credentials: is one of them encrypted? Then the image needs what opens it with the TPM.
sshd_seals_credentials() { sshd_credential_files | grep -q '^[^ ]*[.]encrypted/'; }

# sshd_is_host_bound FILE: is it encrypted with the key in /var/lib/systemd, which no initramfs has? Its first 16 bytes say how it is
# encrypted (src/shared/creds-util.h of systemd, CRED_AES256_GCM_BY_HOST, .._AND_TPM2_HMAC, .._WITH_PK).
sshd_is_host_bound() {
  case $(base64 -d -- "$1" 2>/dev/null | head -c 16 | od -An -v -tx1 | tr -d ' \n') in
    5a1c6a86df9d4096b1d5a65e0862f19a | 93a894094874449090caf2fc93cab553 | af4950a849134eb1a73846304ff30c05) ;;
    *) return 1 ;;
  esac
}

# sshd_install_credentials: as the system has them; PID 1 reads them as root.
sshd_install_credentials() {
  local path
  while IFS= read -r path; do
    sshd_put 0600 "$(sshd_host_file "$path")" "$path" || return 1
    if [[ $path != *.encrypted/* ]]; then
      sshd_tell "network: $path, a key of WireGuard; whoever reads this image can use it"
    elif sshd_is_host_bound "$(sshd_host_file "$path")"; then
      derror "dracut-sshd: $path is encrypted with a key of this system's that no image has, so networkd does not get it." \
        "Encrypt it for the TPM alone: systemd-creds encrypt --with-key=tpm2 --name=${path##*/} KEYFILE $path"
    else
      inst_libdir_file "${sshd_seal_libraries[@]/%.so.0/.so.*}" >/dev/null 2>&1 || :
      sshd_tell "network: $path, a key of WireGuard that the TPM opens"
    fi
  done < <(sshd_credential_files)
}

# sshd_kernel_lacks DRIVER: fails if the kernel of the image has it, or that cannot be told.
sshd_kernel_lacks() {
  local dir=${srcmods:-${dracutsysrootdir-}/lib/modules/${kernel-}}
  [[ -s $dir/modules.dep ]] || return 1
  ! grep -qE "/$1\.ko(\.[a-z0-9]+)?(:|\$)" -- "$dir/modules.dep" "$dir/modules.builtin" 2>/dev/null
}

# sshd_install_network_drivers: those of the devices that the administrator's files have networkd make; it does not load them itself, the
# kernel asks for them.
sshd_install_network_drivers() {
  local kind driver name
  [[ " ${mods_to_load-} ${modules_loaded-} " == *' systemd-networkd '* ]] || return 0
  while IFS=$'\t' read -r kind name _; do
    case $kind in
      vlan) driver=8021q ;;
      bond) driver=bonding ;;
      wireguard | bridge | dummy | ipvlan | macsec | macvlan | macvtap | vrf | vxlan) driver=$kind ;;
      *) continue ;;
    esac
    if sshd_kernel_lacks "$driver"; then
      derror "dracut-sshd: the kernel ${kernel-} has no $driver, so networkd does not make $name while this image boots.${kind/#wireguard/ WireGuard needs Linux 5.6 or later, built with it.}"
    else
      hostonly='' instmods "$driver"
    fi
  done < <(sshd_kinds)
  ! sshd_seals_credentials || sshd_instmods_tpm
}

# sshd_complain_of_tunnels: of what keeps networkd from making one. In words that say what to do.
sshd_complain_of_tunnels() {
  local name path key value part what
  while IFS=$'\t' read -r name path; do
    what="dracut-sshd: networkd does not make the WireGuard interface $name of $path:"
    if [[ " ${mods_to_load-} ${modules_loaded-} " != *' systemd-networkd '* ]]; then
      derror "dracut-sshd: the WireGuard interface $name of $path needs systemd-networkd, which is not in this image. Install it, and say" \
        "add_dracutmodules+=\" systemd-networkd \" in dracut.conf."
      continue
    fi
    while IFS=$'\t' read -r key value; do
      case $key in
        WireGuard.* | WireGuardPeer.*) sshd_networkd_knows "$key" || derror "$what its systemd is too old for ${key#*.}=." ;;
      esac
    done < <(sshd_tunnel_settings "$path" | sort -u -k 1,1)
    if ! sshd_tunnel_settings "$path" | grep -q '^WireGuardPeer[.]PublicKey'; then derror "$what no [WireGuardPeer] has a PublicKey=."; fi
    while IFS= read -r part; do
      sshd_networkd_knows network.wireguard. || derror "$what its key is a credential, and this systemd knows none for it (256 and later do)." \
        "Say PrivateKeyFile=FILE in [WireGuard]."
      sshd_find_credential "$part" >/dev/null \
        || derror "$what there is no credential $part in /etc/credstore.encrypted or /etc/credstore, so it has no key unless the boot loader or the" \
          "firmware hands one over. Put it there, or say PrivateKeyFile=FILE in [WireGuard], and build the image again."
    done < <(sshd_credentials "$path")
  done < <(sshd_tunnels)
}
