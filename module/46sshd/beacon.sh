# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (moddir, initdir, systemdsystemunitdir and dracutsysrootdir are dracut's, sshd_tree is module-setup.sh's.)
#
# BEACON= in /etc/dracut-sshd/initrd.conf: as long as a prompt waits, the image says so to an address, in a message that its host key
# has signed. Here is what an image needs for that; boot/beacon sends it.

sshd_beacon_namespace=dracut-sshd-beacon
sshd_beacon_most=1400 # bytes, as boot/beacon has it

# sshd_beacon_target: prints "udp HOST PORT" or "https HOST URL"; fails if the setting is neither.
sshd_beacon_target() {
  local value host path='(/[A-Za-z0-9._~/?&=%+,:-]*)?'
  value=$(sshd_setting BEACON) || return 1
  if [[ $value =~ ^udp://(\[([0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9.-]+)):([1-9][0-9]{0,4})$ ]]; then
    host=${BASH_REMATCH[2]:-${BASH_REMATCH[4]}}
    ((BASH_REMATCH[5] <= 65535)) && [[ $host != -* ]] && printf 'udp %s %s\n' "$host" "${BASH_REMATCH[5]}"
  elif [[ $value =~ ^https://(\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(:[1-9][0-9]{0,4})?$path$ ]]; then
    printf 'https %s %s\n' "${BASH_REMATCH[2]:-${BASH_REMATCH[3]}}" "$value"
  else
    return 1
  fi
}

# sshd_beacon_is_set: is there to be one, whether the setting is right or not?
sshd_beacon_is_set() {
  local value
  value=$(sshd_setting BEACON) && [[ $value != no ]]
}

# sshd_beacon_name: prints what the machine's initramfs is called, as dracut-sshd(1) calls it for known_hosts; fails if that is not known.
sshd_beacon_name() {
  local name file
  if ! name=$(sshd_setting BEACON_NAME); then
    file=$(sshd_host_file /etc/hostname) && name=$(grep -vE '^[[:space:]]*(#|$)' -- "$file" | head -n 1 | tr -d '[:space:]')
    [[ $name || ${dracutsysrootdir-} ]] || IFS= read -r name 2>/dev/null </proc/sys/kernel/hostname || :
    [[ $name && $name != localhost* ]] || return 1
    [[ $name == *-initramfs ]] || name+=-initramfs
  fi
  [[ $name =~ ^[A-Za-z0-9._-]{1,253}$ ]] && printf '%s\n' "$name"
}

# sshd_beacon_program NAME: prints the path of one of the system's programs.
sshd_beacon_program() {
  local dir
  for dir in /usr/bin /bin /usr/sbin /sbin; do
    if [[ -x ${dracutsysrootdir-}$dir/$1 ]]; then
      printf '%s\n' "$dir/$1"
      return 0
    fi
  done
  return 1
}

# sshd_beacon_authorities: prints the file of the certificates of authorities that a server's is compared with.
sshd_beacon_authorities() {
  local path
  for path in /etc/dracut-sshd/beacon-ca.pem /etc/ssl/certs/ca-certificates.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem \
    /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /var/lib/ca-certificates/ca-bundle.pem; do
    if sshd_host_file "$path" >/dev/null; then
      printf '%s\n' "$path"
      return 0
    fi
  done
  return 1
}

# sshd_beacon_keys: prints the host keys that sshd shows in the image, Ed25519 first, RSA last. The first that is there at boot signs.
sshd_beacon_keys() {
  local path type list=${DRACUT_TMPDIR-}/dracut-sshd/host-keys
  while IFS= read -r path; do
    # A sealed key comes to its place while the image boots, and is of this type.
    type=1
    if [[ -e $sshd_tree$path ]]; then
      case $(ssh-keygen -l -f "$sshd_tree$path" 2>/dev/null </dev/null) in
        *'(ED25519)') ;;
        *'(ECDSA)') type=2 ;;
        *) type=3 ;;
      esac
    elif [[ $path != "/etc/ssh/$sshd_seal_name" ]] || ! sshd_is_sealed; then
      continue
    fi
    printf '%s %s\n' "$type" "$path"
  done < <(if [[ ${DRACUT_TMPDIR-} && -s $list ]]; then cat -- "$list"; else sshd_image_host_keys; fi) | sort -s -k 1,1 | cut -d ' ' -f 2-
}

# sshd_beacon_signs KEY: has this system's ssh-keygen sign something with it, or where it is not there, with a throw-away key, and looks
# whether the signature is good; prints how many bytes it has. What is signed is no message.
sshd_beacon_signs() (
  umask 077
  dir=$(mktemp -d "${DRACUT_TMPDIR:-${TMPDIR:-/tmp}}/beacon.XXXXXX") || exit 1
  trap 'rm -rf -- "$dir"' EXIT
  key=$1
  if [[ ! -e $key ]]; then
    key=$dir/key
    ssh-keygen -q -t ed25519 -N '' -C trial -f "$key" </dev/null >/dev/null 2>&1 || exit 1
  fi
  printf 'dracut-sshd: a trial\n' >"$dir/line"
  { printf 'trial ' && ssh-keygen -y -P '' -f "$key" </dev/null; } >"$dir/signers" 2>/dev/null \
    && ssh-keygen -Y sign -n "$sshd_beacon_namespace" -f "$key" <"$dir/line" >"$dir/signature" 2>/dev/null \
    && ssh-keygen -Y verify -n "$sshd_beacon_namespace" -I trial -f "$dir/signers" -s "$dir/signature" <"$dir/line" >/dev/null 2>&1 \
    && wc -c <"$dir/signature"
)

# sshd_beacon_lacks_signature: prints why nothing can be signed, a tab, and what to do; fails if it can.
sshd_beacon_lacks_signature() {
  local path key size
  if ! path=$(sshd_beacon_program ssh-keygen); then
    printf 'ssh-keygen, which would sign its messages, is not installed\tInstall the programs of the OpenSSH client and build the image again.\n'
  elif ! LC_ALL=C grep -aqF SSHSIG "${dracutsysrootdir-}$path"; then
    printf '%s cannot sign messages\tThat needs OpenSSH 8.1 or later. Set BEACON=no.\n' "$path"
  elif ! key=$(sshd_beacon_keys | head -n 1) || [[ -z $key ]]; then
    printf 'there is no host key in the image to sign its messages with\tName one as HostKey, or leave that to dracut-sshd.\n'
  elif [[ ${dracutsysrootdir-} ]]; then
    return 1 # another system's program is not run
  elif ! size=$(sshd_beacon_signs "$sshd_tree$key"); then
    printf '%s does not sign with %s\tTry it: ssh-keygen -Y sign -n %s -f KEY FILE\n' "$path" "$key" "$sshd_beacon_namespace"
  elif ((size + 180 + $(sshd_beacon_name | wc -c) > sshd_beacon_most)); then
    # The rest of a message has some 170 bytes and the name.
    printf 'a signature by %s has %s bytes, too many for a datagram\tMake an Ed25519 key and build the image again: ssh-keygen -t ed25519 -N %s -f /etc/ssh/dracut_ssh_host_ed25519_key\n' \
      "$key" "$size" "''"
  else
    return 1
  fi
}

# sshd_beacon_lacks_way: the same of sending a message.
sshd_beacon_lacks_way() {
  local kind path
  read -r kind _ < <(sshd_beacon_target)
  if [[ $kind == https ]]; then
    if ! path=$(sshd_beacon_program curl); then
      printf 'curl, which would send its messages, is not installed\tInstall it and build the image again, or use udp://ADDRESS:PORT.\n'
    elif [[ ! ${dracutsysrootdir-} ]] && ! "$path" --version 2>/dev/null | grep -qE '^Protocols:.* https( |$)'; then
      printf '%s does not know https\tInstall one that does and build the image again, or use udp://ADDRESS:PORT.\n' "$path"
    elif ! sshd_beacon_authorities >/dev/null; then
      printf 'there are no certificates of authorities to know the server by\tInstall ca-certificates, or put those of your own into /etc/dracut-sshd/beacon-ca.pem, and build the image again.\n'
    else
      return 1
    fi
  elif ! path=$(sshd_beacon_program bash) || ! LC_ALL=C grep -aqF /dev/udp/ "${dracutsysrootdir-}$path" \
    || { [[ ! ${dracutsysrootdir-} ]] && [[ $(LC_ALL=C "$path" -c ': >/dev/udp/127.0.0.1/9' 2>&1) == *'No such file'* ]]; }; then
    printf 'there is no bash that can send datagrams (/dev/udp)\tInstall one that is built with network redirections and build the image again, or use https://.\n'
  else
    return 1
  fi
}

# sshd_beacon_lacks: prints why there can be no beacon, a tab, and what to do; fails if nothing is missing.
sshd_beacon_lacks() {
  if ! sshd_beacon_target >/dev/null; then
    printf 'BEACON=%s in /etc/dracut-sshd/initrd.conf is not udp://ADDRESS:PORT or https://HOST/PATH\tMend it and build the image again.\n' "$(sshd_setting BEACON | tr -cd '[:graph:]' | head -c 100)"
  elif ! sshd_beacon_name >/dev/null; then
    printf 'it has no name of letters, digits, ".", "_" and "-" alone\tSay BEACON_NAME=NAME in /etc/dracut-sshd/initrd.conf, by the name under which known_hosts has the initramfs, and build the image again.\n'
  else
    sshd_beacon_lacks_signature || sshd_beacon_lacks_way
  fi
}

# sshd_beacon_setting: prints what an image holds of the setting.
sshd_beacon_setting() {
  local kind host rest
  read -r kind host rest < <(sshd_beacon_target) || return 1
  printf 'name %s\n' "$(sshd_beacon_name)"
  if [[ $kind == udp ]]; then printf 'udp %s %s\n' "$host" "$rest"; else printf 'https %s\n' "$host"; fi
}

# sshd_beacon_curl URL: its settings for curl; a URL may hold a secret, and is no argument.
sshd_beacon_curl() {
  printf '%s\n' "url = \"$1\"" silent show-error fail 'proto = "=https"' 'noproxy = "*"' 'connect-timeout = 10' 'max-time = 15' 'output = "/dev/null"' \
    'cacert = "/usr/lib/dracut-sshd/beacon-ca.pem"' 'header = "Content-Type: text/plain; charset=utf-8"' 'user-agent = "dracut-sshd-beacon"'
}

# sshd_put_beacon: all that an image needs for it.
sshd_put_beacon() {
  local kind host rest program programs=(ssh-keygen cat mkdir rm sleep)
  read -r kind host rest < <(sshd_beacon_target)
  if [[ $kind == https ]]; then programs+=(curl); else programs+=(bash); fi
  for program in "${programs[@]}"; do
    [[ -x $initdir/usr/bin/$program || -x $initdir/bin/$program ]] || inst_multiple "$(sshd_beacon_program "$program")" || return 1
  done
  if [[ $host != *:* && $host == *[!0-9.]* ]]; then
    # The C library opens it by its name; from 2.34 on it needs none.
    inst_libdir_file 'libnss_dns.so.*' 'libresolv.so.*' >/dev/null 2>&1 || :
  fi
  if [[ $kind == https ]]; then
    sshd_put 0644 "$(sshd_host_file "$(sshd_beacon_authorities)")" /usr/lib/dracut-sshd/beacon-ca.pem \
      && sshd_beacon_curl "$rest" | sshd_put 0600 - /usr/lib/dracut-sshd/beacon.curl || return 1
  fi
  { sshd_beacon_setting && sshd_beacon_keys | sed 's/^/key /'; } | sshd_put 0600 - /usr/lib/dracut-sshd/beacon.conf \
    && sshd_put_own 0755 boot/beacon /usr/lib/dracut-sshd/beacon \
    && sshd_install_wanted_unit dracut-sshd-beacon.service sysinit.target
}

# sshd_install_beacon: without it the image is as good as without the setting, so sshd goes in all the same.
sshd_install_beacon() {
  local why kind host rest
  sshd_beacon_is_set || return 0
  if why=$(sshd_beacon_lacks) || { ! sshd_put_beacon && why=$'what it needs could not be put into the image\tWhat is said above tells why.'; }; then
    derror "dracut-sshd: the BEACON stays out of this image, and nobody is told that a prompt waits: ${why%%$'\t'*}. ${why#*$'\t'}"
    return 0
  fi
  read -r kind host rest < <(sshd_beacon_target)
  if [[ $kind == udp ]]; then host+=" port $rest"; fi
  sshd_tell "beacon: while a prompt waits, $(sshd_beacon_name) says so to $host by $kind, signed by $(sshd_beacon_keys | head -n 1)"
}
