# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's; sshd_tree is module-setup.sh's.)
#
# Who may log in, and what they can do then: the lines of authorized keys, in the format of AUTHORIZED_KEYS FILE FORMAT in sshd(8), and the
# certificates of a user CA.

# sshd_options LINE: prints the options in front of a key, one a line. They end at the first blank that is not quoted.
sshd_options() {
  local line=${1#"${1%%[![:space:]]*}"} out='' char quoted=''
  # As sshd does, the type is looked for first.
  [[ ! $line =~ ^(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+[[:space:]]+AAAA ]] || return 0
  while [[ $line ]]; do
    char=${line:0:1}
    if [[ $line == '\"'* ]]; then
      char='\"'
    elif [[ $char == '"' ]]; then
      if [[ $quoted ]]; then quoted=''; else quoted=yes; fi
    elif [[ ! $quoted && $char == [[:space:]] ]]; then
      break
    fi
    line=${line:${#char}}
    if [[ ! $quoted && $char == , ]]; then char=$'\n'; fi
    out+=$char
  done
  printf '%s\n' "$out"
}

# sshd_forced_command LINE: prints the command that a key is tied to; fails if it is tied to none.
sshd_forced_command() {
  local option
  while IFS= read -r option; do
    [[ ${option,,} == 'command="'*'"' ]] || continue
    option=${option:9:-1}
    printf '%s\n' "${option//\\\"/\"}"
    return 0
  done < <(sshd_options "$1")
  return 1
}

# sshd_is_program WORD: is it a program's name, and not one that only the shell can make something of, or has itself?
sshd_is_program() {
  case $1 in
    exec | if | for | while | case | cd | . | set | umask | trap | test | eval | read | wait | kill | printf | echo | true | false | exit | '') return 1 ;;
  esac
  [[ $1 =~ ^[A-Za-z0-9_./+-]+$ ]]
}

# sshd_missing_program COMMAND: prints the program that a command line begins with, where it is not in the image; fails if it is there, or if
# that cannot be told.
sshd_missing_program() {
  local word dir
  read -r word _ <<<"${1#exec }"
  sshd_is_program "$word" || return 1
  case $word in
    unlock | cryptroot-unlock | resume-boot | boot-state) return 1 ;;
    */unlock | */cryptroot-unlock | */resume-boot | */boot-state) [[ $word != /bin/* && $word != /usr/bin/* ]] || return 1 ;;
  esac
  if [[ $word == /* ]]; then
    if [[ -x $sshd_tree$(sshd_resolve "$sshd_tree" "$word") ]]; then return 1; fi
  else
    for dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
      if [[ -x $sshd_tree$(sshd_resolve "$sshd_tree" "$dir/$word") ]]; then return 1; fi
    done
  fi
  printf '%s\n' "$word"
}

# sshd_does_nothing COMMAND: does it only print something, or end? Cloud images tie root's keys to such a command, for people to log in as
# another user.
sshd_does_nothing() {
  local word
  read -r word _ <<<"${1//[;\"\']/ }"
  [[ ${word##*/} =~ ^(echo|printf|true|false|exit|nologin|sleep|:)$ && ! $1 =~ (unlock|systemd-tty-ask-password-agent|resume-boot|/bin/(ba|da)?sh) ]]
}

# sshd_describe_line LINE: prints length, fingerprint, comment and type of the key in it, if there is a valid one.
sshd_describe_line() {
  if type -P ssh-keygen >/dev/null; then
    ssh-keygen -l -f - 2>/dev/null <<<"$1" | head -n 1
  elif [[ $1 =~ (ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+\ +AAAA ]]; then
    printf '%s\n' "$1"
  fi
}

# sshd_each_key FILE: prints a line for each valid public key in it: number, fields of ssh-keygen -l, and the forced command, separated by
# one tab.
sshd_each_key() {
  local line number=0 described command
  while IFS= read -r line || [[ $line ]]; do
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    described=$(sshd_describe_line "$line")
    [[ $described ]] || continue
    ((number += 1))
    command=$(sshd_forced_command "$line") || command=''
    printf '%s\t%s\t%s\n' "$number" "${described//[[:cntrl:]]/?}" "${command//[[:cntrl:]]/?}"
  done <"$1"
}

# sshd_named_keys KEYWORD: prints the files that the image's configuration names so and that hold a valid public key.
sshd_named_keys() {
  local path keyword file root=${dracutsysrootdir-}
  while IFS= read -r path; do
    while read -r keyword file; do
      if [[ $keyword == "$1" && $(sshd_describe_keys "$(sshd_host_file "$file")") ]]; then printf '%s\n' "$file"; fi
    done < <(sshd_named "$root$path")
  done < <(
    sshd_dropins
    printf '%s\n' /etc/dracut-sshd/sshd_config
  ) | sort -u
}

# sshd_effective_key_files: prints the paths that sshd itself names, as found when it was asked, for root; else the usual one.
sshd_effective_key_files() {
  local path files
  if [[ -s ${DRACUT_TMPDIR-}/dracut-sshd/key-files ]]; then
    read -ra files <"$DRACUT_TMPDIR/dracut-sshd/key-files"
    for path in "${files[@]}"; do
      path=$(sshd_root_path "$path") && compgen -G "$sshd_tree$path" | while IFS= read -r path; do printf '%s\n' "${path#"$sshd_tree"}"; done
    done
  else
    printf '%s\n' /root/.ssh/authorized_keys
  fi | sort -u
}
