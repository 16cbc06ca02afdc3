# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (moddir and dracutsysrootdir are dracut's.)
#
# What module-setup.sh asks about the system that the image is built from: where sshd, its helpers and the keys are, and
# what kind of sshd it is. Nothing is written here. Everything is read below $dracutsysrootdir, and a symbolic link never
# leads out of it.

sshd_crypto_policy=/etc/crypto-policies/back-ends/opensshserver.config

# sshd_resolve ROOT PATH: prints PATH with every symbolic link followed as if ROOT were /. What is missing stays.
sshd_resolve() {
  local root=$1 rest=${2#/} out='' part target links=0
  while [[ $rest ]]; do
    part=${rest%%/*}
    if [[ $rest == */* ]]; then rest=${rest#*/}; else rest=''; fi
    case $part in
      '' | .) ;;
      ..) out=${out%/*} ;;
      *)
        if [[ -L $root$out/$part ]]; then
          ((links += 1))
          [[ $links -le 40 ]] || return 1
          target=$(readlink -- "$root$out/$part") || return 1
          if [[ $target == /* ]]; then out=''; fi
          rest=${target#/}${rest:+/$rest}
        else
          out+=/$part
        fi
        ;;
    esac
  done
  printf '%s\n' "${out:-/}"
}

# sshd_host_file PATH: prints where the system's file PATH is read from; fails if there is no such readable file.
sshd_host_file() {
  local path
  path=$(sshd_resolve "${dracutsysrootdir-}" "$1") || return 1
  path=${dracutsysrootdir-}$path
  [[ -f $path && -r $path && -s $path ]] && printf '%s\n' "$path"
}

# sshd_setting KEY: prints what /etc/dracut-sshd/initrd.conf says, the last of it counts; fails if it says nothing. Read as
# dracut-sshd-rebuild(8) reads it.
sshd_setting() {
  local file line value=''
  file=$(sshd_host_file /etc/dracut-sshd/initrd.conf) || return 1
  while IFS= read -r line || [[ $line ]]; do
    [[ $line =~ ^[[:space:]]*$1=(.*[^[:space:]])[[:space:]]*$ ]] || continue
    value=${BASH_REMATCH[1]}
    if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
  done <"$file"
  [[ $value ]] && printf '%s\n' "$value"
}

# sshd_find_daemon: prints the path of the system's sshd behind all links (on Fedora 42 and later it is in /usr/bin).
sshd_find_daemon() {
  local path
  for path in "$(sed -n 's/^ExecStart=[-@:+!]*\([^ ]*\).*/\1/p' "$moddir/sshd.service")" \
    /usr/sbin/sshd /usr/bin/sshd /usr/local/sbin/sshd; do
    [[ $path ]] || continue
    path=$(sshd_resolve "${dracutsysrootdir-}" "$path") || continue
    [[ -f ${dracutsysrootdir-}$path && -x ${dracutsysrootdir-}$path ]] || continue
    printf '%s\n' "$path"
    return 0
  done
  return 1
}

# sshd_find_helpers SSHD: prints the paths of the programs that this sshd runs; none before OpenSSH 9.8. sshd itself
# is asked first (10.0 and later answer), then the paths that are compiled into it, then the usual folders.
sshd_find_helpers() {
  local file=${dracutsysrootdir-}$1 answer name path dir
  answer=$("$file" -G -f /dev/null 2>/dev/null </dev/null)
  for name in session auth; do
    path=$(sed -n "s/^sshd${name}path //p" <<<"$answer")
    [[ $path == /* ]] || path=$(LC_ALL=C grep -aoE "/[[:alnum:]_./+-]+/sshd-$name" "$file" | head -n 1)
    if [[ -z $path ]]; then
      for dir in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh /usr/libexec/ssh /usr/lib64/misc /usr/lib/misc \
        /usr/lib64/ssh /usr/libexec; do
        [[ -x ${dracutsysrootdir-}$dir/sshd-$name ]] && path=$dir/sshd-$name && break
      done
    fi
    [[ -z $path ]] || printf '%s\n' "$path"
  done
  return 0
}

# sshd_missing_helper SSHD: prints the first program that this sshd runs and that is not there; fails if all are.
sshd_missing_helper() {
  local path
  while IFS= read -r path; do
    [[ -x ${dracutsysrootdir-}$(sshd_resolve "${dracutsysrootdir-}" "$path") ]] && continue
    printf '%s\n' "$path"
    return 0
  done < <(sshd_find_helpers "$1")
  return 1
}

# sshd_service_type SSHD: prints notify or simple, or nothing if it cannot be told. sshd notifies systemd if it imports
# sd_notify (distributions' patches before OpenSSH 9.8) or knows the variable's name itself (9.8 and later).
sshd_service_type() {
  local file=${dracutsysrootdir-}$1 magic=''
  if LC_ALL=C grep -aqE 'sd_notify|NOTIFY_SOCKET' "$file" 2>/dev/null; then
    echo notify
  else
    # A wrapper script says nothing about the program behind it.
    magic=$(LC_ALL=C head -c 4 -- "$file" 2>/dev/null | tr -d '\0')
    if [[ $magic == $'\x7fELF' ]]; then echo simple; fi
  fi
}

# sshd_find_authorized_key_path: prints the first of the three files of authorized keys that is there, by the system's name for it.
# Where an image is built without a home folder of root's (ostree), $sshd_without_home says so.
sshd_find_authorized_key_path() {
  local path
  for path in /root/.ssh/dracut_authorized_keys /etc/dracut-sshd/authorized_keys /root/.ssh/authorized_keys; do
    [[ ! ${sshd_without_home-} || $path != /root/* ]] || continue
    if sshd_host_file "$path" >/dev/null; then
      printf '%s\n' "$path"
      return 0
    fi
  done
  return 1
}

# sshd_find_authorized_keys: prints where that file is read from.
sshd_find_authorized_keys() {
  local path
  path=$(sshd_find_authorized_key_path) && sshd_host_file "$path"
}

# sshd_describe_keys FILE: prints a line for each valid public key in FILE: length, fingerprint, comment, type.
sshd_describe_keys() {
  if type -P ssh-keygen >/dev/null; then
    ssh-keygen -l -f "$1" 2>/dev/null </dev/null
  else
    grep -E '^[^#]*(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+ +AAAA' "$1"
  fi
}

sshd_sealed=/etc/dracut-sshd/sealed

# sshd_is_sealed: is there a host key that is sealed to the TPM, in whatever state? Then no other one goes into an image in the clear, but
# the one that is shown where the TPM refuses.
sshd_is_sealed() {
  local path
  path=$(sshd_resolve "${dracutsysrootdir-}" "$sshd_sealed/ssh_host_ed25519_key.cred") || return 0
  [[ -e ${dracutsysrootdir-}$path || -L ${dracutsysrootdir-}$sshd_sealed/ssh_host_ed25519_key.cred ]]
}

# sshd_unsealed_is_off: UNSEALED_KEY=no in /etc/dracut-sshd/initrd.conf.
sshd_unsealed_is_off() {
  local file
  file=$(sshd_host_file /etc/dracut-sshd/initrd.conf) || return 1
  grep -qE "^[[:space:]]*UNSEALED_KEY=[\"']?no[\"']?[[:space:]]*$" "$file"
}

# sshd_unsealed_key: prints that one; fails if there is none, or none is to go into images.
sshd_unsealed_key() {
  local path=$sshd_sealed/unsealed_ssh_host_ed25519_key
  ! sshd_unsealed_is_off && sshd_host_file "$path" >/dev/null && printf '%s\n' "$path"
}

# sshd_find_host_keys: prints the private host keys that go into an image in the clear: those made for the initramfs, else the system's own.
sshd_find_host_keys() {
  local prefix file path found=''
  if sshd_is_sealed; then
    sshd_unsealed_key
    return
  fi
  for prefix in dracut_ssh_host_ ssh_host_; do
    for file in "${dracutsysrootdir-}/etc/ssh/$prefix"*_key; do
      # OpenSSH 10 has no DSA, and older ones refuse such keys.
      [[ ${file##*/} == *_host_dsa_key ]] && continue
      path=/etc/ssh/${file##*/}
      if sshd_host_file "$path" >/dev/null; then
        printf '%s\n' "$path"
        found=yes
      fi
    done
    [[ -z $found ]] || return 0
  done
  return 1
}

# sshd_own_host_keys: prints the private host keys that were made for the initramfs; fails if there is none.
sshd_own_host_keys() {
  if sshd_is_sealed; then
    printf '%s\n' "$sshd_sealed/ssh_host_ed25519_key.cred"
  else
    sshd_find_host_keys | grep '/dracut_ssh_host_[^/]*$'
  fi
}

# sshd_is_private_key FILE: does it hold a private key, as OpenSSH, OpenSSL, ssh.com's ssh or PuTTY write one? Its content tells, not
# its name.
sshd_is_private_key() {
  LC_ALL=C grep -aqE -e '^[[:space:]]*(-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY|SSH PRIVATE KEY FILE FORMAT|PuTTY-User-Key-File-)' \
    -- "$1" 2>/dev/null
}

# sshd_fingerprint KEY: prints the fingerprint of a public or a private key. Of a private one the key itself is asked before the
# file beside it, which may be another key's.
sshd_fingerprint() {
  local key print
  type -P ssh-keygen >/dev/null || return 1
  if key=$(ssh-keygen -y -P '' -f "$1" 2>/dev/null </dev/null); then
    read -r _ print _ < <(ssh-keygen -l -f - 2>/dev/null <<<"$key")
  else
    read -r _ print _ < <(ssh-keygen -l -f "$1" 2>/dev/null </dev/null)
  fi
  [[ ${print-} == *:* ]] && printf '%s\n' "$print"
}

# sshd_host_line FILE NAME: prints the system's line for the account or group NAME; on ostree it may be in /usr/lib.
sshd_host_line() {
  local dir line
  for dir in /etc /usr/lib; do
    line=$(grep -m 1 -- "^$2:" "${dracutsysrootdir-}$dir/$1" 2>/dev/null) && printf '%s\n' "$line" && return 0
  done
  return 1
}

# sshd_policy_kind: prints what the system's crypto policy for sshd is: env (a file of variables: RHEL 8), config (in
# the language of sshd_config: RHEL 9 and later, Fedora), or nothing.
sshd_policy_kind() {
  local file
  file=$(sshd_host_file "$sshd_crypto_policy") || return 0
  if grep -qE '^[[:space:]]*CRYPTO_POLICY=' "$file"; then echo env; else echo config; fi
}

# sshd_environment_files: prints the system's files that the unit reads variables from.
sshd_environment_files() {
  local path
  while IFS= read -r path; do
    [[ $path == "$sshd_crypto_policy" && $(sshd_policy_kind) != env ]] && continue
    if sshd_host_file "$path" >/dev/null; then printf '%s\n' "$path"; fi
  done < <(sed -n 's/^EnvironmentFile=-\{0,1\}//p' "$moddir/sshd.service")
}

# sshd_host_program NAME
sshd_host_program() {
  local dir
  for dir in /usr/sbin /usr/bin /sbin /bin /usr/lib/systemd /lib/systemd; do
    if [[ -x ${dracutsysrootdir-}$dir/$1 ]]; then return 0; fi
  done
  return 1
}

# sshd_has_library ROOT NAME: is this file in one of the folders of libraries there?
sshd_has_library() {
  local file
  for file in "$1"/{usr/,}lib{,64,/*}/"$2"; do
    if [[ -e $file || -L $file ]]; then return 0; fi
  done
  return 1
}

# sshd_needed_libraries NAME: prints the paths of the libraries that this one of the system's needs, and that those need.
sshd_needed_libraries() {
  local file
  for file in /{usr/,}lib{,64,/*}/"$1"; do
    [[ -e $file ]] || continue
    ldd "$file" 2>/dev/null | sed -n 's|^[[:space:]]*[^[:space:]]* => \(/[^[:space:]]*\) .*|\1|p'
    return 0
  done
}

# sshd_bring_needed NAME...: puts into the image what these libraries need, which are loaded by name at run time. dracut before 107 does so
# for executable files alone, which Debian's libraries are not. ldd reads this system's folders, so for another root it is left to dracut.
sshd_bring_needed() {
  local name path
  [[ -z ${dracutsysrootdir-} ]] || return 0
  for name; do
    for path in $(sshd_needed_libraries "$name"); do
      sshd_has_library "$initdir" "${path##*/}" || inst_simple "$path" || return 1
    done
  done
}

# sshd_could_have MODULE: asked as dracut itself asks, in a shell that forgets it.
sshd_could_have() { (declare -F check_module && check_module "$@") >/dev/null 2>&1; }

# sshd_root_path PATH: prints what AuthorizedKeysFile or AuthorizedPrincipalsFile means by it for root, by TOKENS in sshd_config(5); fails
# where that is no path.
sshd_root_path() {
  local path=${1//%%/$'\n'}
  [[ ${path,,} != none ]] || return 1
  path=${path//%u/root} path=${path//%h//root} path=${path//%U/0}
  [[ $path != *%* ]] || return 1
  path=${path//$'\n'/%}
  [[ $path == /* ]] || path=/root/$path
  printf '%s\n' "$path"
}

# sshd_arguments: the words that the unit will give to sshd besides -D, of the files of variables that go in. As in systemd
# a later file's value of a variable wins, and is split at white space.
sshd_arguments() {
  local path line name words
  local -A values=()
  while IFS= read -r path; do
    while IFS= read -r line || [[ $line ]]; do
      [[ $line =~ ^[[:space:]]*(OPTIONS|CRYPTO_POLICY|SSHD_OPTS)=(.*)$ ]] || continue
      name=${BASH_REMATCH[1]} line=${BASH_REMATCH[2]}
      if [[ $line =~ ^\"(.*)\"[[:space:]]*$ || $line =~ ^\'(.*)\'[[:space:]]*$ ]]; then line=${BASH_REMATCH[1]}; fi
      values[$name]=$line
    done <"$(sshd_host_file "$path")"
  done < <(sshd_environment_files)
  for name in OPTIONS CRYPTO_POLICY SSHD_OPTS; do
    read -ra words <<<"${values[$name]-}"
    [[ ${#words[@]} -eq 0 ]] || printf '%s\n' "${words[@]}"
  done
}
