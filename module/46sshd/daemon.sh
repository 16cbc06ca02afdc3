# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir and systemdsystemunitdir are dracut's.)
#
# What sshd needs in an image besides its configuration: its account, its empty folder and its keys, and what is said of them.

# sshd_install_user: the account that sshd gives up its privileges to, as the system has it; else one is made up.
sshd_install_user() {
  local user group id rest
  user=$(sshd_host_line passwd sshd)
  if [[ -z $user ]]; then
    id=74
    while grep -qE "^[^:]*:[^:]*:$id:" "${dracutsysrootdir-}/etc/passwd" "${dracutsysrootdir-}/etc/group" 2>/dev/null; do
      ((id += 1))
    done
    user="sshd:x:$id:$id:Privilege-separated SSH:/:/usr/sbin/nologin"
  fi
  IFS=: read -r _ _ _ id rest <<<"$user"
  group=$(grep -m 1 -E "^[^:]*:[^:]*:$id:" "${dracutsysrootdir-}/etc/group" 2>/dev/null) || group="sshd:x:$id:"
  grep -qs '^sshd:' "$sshd_tree/etc/passwd" || printf '%s\n' "$user" >>"$sshd_tree/etc/passwd"
  grep -qsE "^[^:]*:[^:]*:$id:" "$sshd_tree/etc/group" || printf '%s\n' "${group%:*}:" >>"$sshd_tree/etc/group"
  chmod 0644 "$sshd_tree/etc/passwd" "$sshd_tree/etc/group"
}

# sshd_install_privsep_dir PROGRAM...: the empty folder that sshd confines itself to. It is compiled in, and differs:
# /run/sshd is Debian's (the unit makes it at boot), /var/empty upstream's and Gentoo's, /var/lib/empty SUSE's.
sshd_install_privsep_dir() {
  local dir program
  for dir in /run/sshd /usr/share/empty.sshd /var/empty/sshd /var/empty /var/lib/empty /var/chroot/ssh; do
    for program; do
      if LC_ALL=C grep -aqF "$dir" "${dracutsysrootdir-}$program"; then
        sshd_make_dir 0755 "$dir"
        break
      fi
    done
    if [[ -d ${dracutsysrootdir-}$dir ]]; then sshd_make_dir 0755 "$dir"; fi
  done
}

# sshd_tell_host_key PATH: which private key is in the image, and whose it is. Keys that were made for the initramfs and are the
# system's all the same give the system's away.
sshd_tell_host_key() {
  if ! sshd_is_system_key "$1"; then
    sshd_tell "host key: $1 (its private key is in the image; the system's sshd has another one)"
  else
    sshd_tell "host key: $1 (the SYSTEM's own private key is in the image)"
    if sshd_own_host_keys >/dev/null; then
      sshd_warn "$1 is the system's own host key under another name. Whoever reads this image can pass for the system." \
        "To make another one, type: rm $1 $1.pub; ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key"
    fi
  fi
}

# sshd_install_keys: authorized keys and host keys, under the names that sshd expects.
sshd_install_keys() {
  local source key name extra
  sshd_make_dir 0700 /root && sshd_make_dir 0700 /root/.ssh || return 1
  if source=$(sshd_find_authorized_keys); then
    sshd_put 0600 "$source" /root/.ssh/authorized_keys || return 1
  else
    # Who looks for the file finds why.
    printf '%s\n' '# No keys here: the configuration of sshd names others, or certificates.' | sshd_put 0600 - /root/.ssh/authorized_keys || return 1
  fi
  sshd_make_dir 0755 /etc/ssh || return 1
  while IFS= read -r key; do
    name=${key##*/}
    name=${name#dracut_} name=${name#unsealed_}
    sshd_put 0600 "$(sshd_host_file "$key")" "/etc/ssh/$name" || return 1
    for extra in .pub -cert.pub; do
      source=$(sshd_host_file "$key$extra") || continue
      sshd_put 0644 "$source" "/etc/ssh/$name$extra" || return 1
    done
    sshd_tell_host_key "$key"
    if [[ ${key##*/} != dracut_* && ${key##*/} != unsealed_* ]]; then
      sshd_tell "that is the system's own key; for one of the initramfs's own:" \
        "ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key"
    fi
  done < <(sshd_find_host_keys)
  sshd_put_trial_key
}
