# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# (root is set by who sources this, and who sources this uses what is set here.)
#
# What unlock, resume-boot and boot-state share. They get by with the shell, systemctl and sleep: nothing else is in
# every image.

# A root of another name is a test's. Then no program is reached but those below it: a host must not be touched.
[ -z "$root" ] || PATH=$root/usr/bin
# Bytes, not characters.
LC_ALL=C
export LC_ALL
prompts=$root/run/systemd/ask-password
# The units whose shell on the console holds a boot that has stopped.
shells='dracut-emergency.service emergency.service rescue.service breakpoint-pre-udev.service
  breakpoint-pre-basic.service breakpoint-pre-mount.service breakpoint-pre-switch-root.service'

# now: the seconds since the kernel's start, into $now.
now() {
  read -r now _ <"$root/proc/uptime"
  now=${now%%.*}
}

pause() { sleep 0.2 2>/dev/null || sleep 1; }

# sysd ARGUMENT...: what systemctl says, into $sysd. For 5 s, because PID 1 may have frozen, or be switching the root.
sysd() {
  sysd=$(
    exec 2>/dev/null </dev/null
    systemctl --no-pager "$@" &
    job=$!
    (sleep 5 && kill "$job") >/dev/null &
    dog=$!
    wait "$job"
    status=$?
    kill "$dog"
    exit "$status"
  )
}

# holding: the first unit whose shell holds the boot, into $holding; false if there is none.
holding() {
  holding=''
  # shellcheck disable=SC2086
  sysd is-active $shells
  # shellcheck disable=SC2086
  set -- $sysd
  for holding in $shells; do
    case ${1-} in active | activating | deactivating | reloading) return 0 ;; esac
    [ $# -eq 0 ] || shift
  done
  holding=''
  return 1
}

# clean TEXT: into $clean, with a ? for whatever is not printable ASCII: a disk's name may be anything.
clean() {
  clean=''
  set -- "$1" ''
  while set -- "$1" "${1%%[! -~]*}" && [ "$1" != "$2" ]; do
    clean="$clean$2?"
    set -- "${1#"$2"}"
    set -- "${1#?}"
  done
  clean=$clean$1
}

# read_prompt FILE: a question of systemd's: $pid, $sock, $id, $message; false if it is no (longer a) question.
# id is taken from its last line and the others from their first, because Message= comes between, and may hold more
# lines than one.
read_prompt() {
  pid='' sock='' id='' message='' after=''
  [ -f "$1" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      PID=*) pid=${pid:-${line#*=}} ;;
      Socket=*) sock=${sock:-${line#*=}} ;;
      NotAfter=*) after=${after:-${line#*=}} ;;
      Message=*) message=${message:-${line#*=}} ;;
      Id=*) id=${line#*=} ;;
    esac
  done 2>/dev/null <"$1" || return 1
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  # systemd writes two slashes there.
  case $sock in "$prompts"//*) sock=$prompts/${sock#"$prompts"//} ;; esac
  case $sock in "$prompts"/sck.*/* | "$prompts"/sck.*[!0-9A-Za-z]*) return 1 ;; "$prompts"/sck.*) ;; *) return 1 ;; esac
  [ -d "$root/proc/$pid" ] && [ -S "$sock" ] || return 1
  # In microseconds, of the same clock.
  case $after in
    '' | 0) ;;
    *[!0-9]*) return 1 ;;
    ???????*) now && [ "${after%??????}" -ge "$now" ] 2>/dev/null || return 1 ;;
    *) return 1 ;;
  esac
  clean "$message" && message=$clean
  # The unit that asks, and its volume's name, as far as it can be read; else the device.
  unit=''
  while IFS= read -r line; do
    case $line in */systemd-cryptsetup@*.service*) unit=systemd-cryptsetup@${line#*/systemd-cryptsetup@} ;; esac
  done 2>/dev/null <"$root/proc/$pid/cgroup"
  clean "${unit%%/*}" && unit=$clean
  # Whoever else asks, by the service that it belongs to.
  asker=$unit
  if [ -z "$asker" ]; then
    IFS= read -r line 2>/dev/null <"$root/proc/$pid/cgroup" || line=''
    case $line in
      */*.service*)
        line=${line%.service*}.service
        clean "${line##*/}" && asker=$clean
        ;;
    esac
  fi
  name=${unit#*@}
  name=${name%.service}
  while :; do case $name in *'\x2d'*) name=${name%%'\x2d'*}-${name#*'\x2d'} ;; *) break ;; esac done
  clean "${id:-${1##*/}}"
  # How it is called in a list, and on a command line.
  handle=$clean
  # Without an Id, what is asked for says more than the file.
  if [ -z "$name$id" ]; then name=$message; fi
  name=${name:-${handle#cryptsetup:}}
}

# is_disk: a question for a disk's passphrase. PINs of TPM2, FIDO2 and smart cards have other names, or none.
is_disk() { case $id in cryptsetup:*) ;; *) return 1 ;; esac }

# is_pin: a question for the PIN of a token, be it by its Id, by its words, or because systemd-cryptsetup asks it without the Id of a disk.
is_pin() {
  ! is_disk || return 1
  case $unit,$id in systemd-cryptsetup@*,* | *,*[Pp][Ii][Nn]* | *,*tpm* | *,*fido* | *,*pkcs*) return 0 ;; esac
  case " $message " in
    *PIN* | *[!A-Za-z][Pp]in[!A-Za-z]* | *TPM* | *FIDO* | *PKCS* | *[Tt]oken* | *[Ss]mart*[Cc]ard* | *[Yy]ubi[Kk]ey*) ;;
    *) return 1 ;;
  esac
}

# find_lone: the file of the only prompt that there is, into $lone, if it asks for a passphrase and for no PIN: ZFS and bcachefs ask without
# cryptsetup's Id. Empty otherwise.
find_lone() {
  lone='' there=0
  for file in "$prompts"/ask.*; do
    read_prompt "$file" || continue
    there=$((there + 1))
    is_pin || case $message in *[Pp]assphrase* | *[Pp]assword*) lone=$file ;; esac
  done
  [ "$there" -eq 1 ] || lone=''
}

# words: the kernel's command line as dracut reads it, a word a line.
words() {
  for file in "$root"/etc/cmdline "$root"/etc/cmdline.d/*.conf "$root/proc/cmdline"; do
    [ -r "$file" ] || continue
    while read -r line || [ -n "$line" ]; do
      while [ -n "$line" ]; do
        printf '%s\n' "${line%%[ 	]*}"
        case $line in *[' 	']*) line=${line#*[ 	]} ;; *) line='' ;; esac
      done
    done <"$file"
  done
}

# find_ending: what becomes of the machine when the boot fails, into $ending: empty where dracut opens a shell, which waits. A panic=
# makes no difference to that: dracut gives up, the kernel does not panic.
find_ending() {
  ending=$(
    shell=yes break='' action='halts or powers off'
    words | {
      while IFS= read -r word; do
        case $word in
          rd.shell=0 | rd.shell=no | rd.shell=off | rdshell=0) shell='' ;;
          rd.shell | rd.shell=* | rdshell) shell=yes ;;
          rd.break* | rdbreak*) break=yes ;;
          rd.emergency=reboot) action=restarts ;;
          rd.emergency=poweroff) action='powers off' ;;
          rd.emergency=halt) action='halts or powers off' ;;
        esac
      done
      [ -n "$shell$break" ] || printf '%s' "$action"
    }
  )
}

# may_fail: what follows another wrong passphrase, into $next, of a unit's tries= and of what the machine does when a boot fails. One
# that is wrong may count twice: systemd tries what it remembers at first.
may_fail() {
  next='' tries=3
  find_ending
  [ -n "$ending" ] || return 0
  if [ -n "$unit" ] && [ -f "$root/run/systemd/generator/$unit" ]; then
    while IFS= read -r line; do
      case $line in
        ExecStart=*tries=[0-9]*)
          tries=${line##*tries=}
          tries=${tries%%[!0-9]*}
          ;;
      esac
    done <"$root/run/systemd/generator/$unit"
  fi
  [ "$tries" = 0 ] || next=" The next wrong one may be the last of $tries: then the machine $ending, for rd.shell=0 is on the kernel's command line."
}
