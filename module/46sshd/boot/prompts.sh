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
  name=${unit#*@}
  name=${name%.service}
  while :; do case $name in *'\x2d'*) name=${name%%'\x2d'*}-${name#*'\x2d'} ;; *) break ;; esac done
  clean "${id:-${1##*/}}"
  # How it is called in a list, and on a command line.
  handle=$clean
  name=${name:-${handle#cryptsetup:}}
}

# is_disk: a question for a disk's passphrase. PINs of TPM2, FIDO2 and smart cards have other names, or none.
is_disk() { case $id in cryptsetup:*) ;; *) return 1 ;; esac }

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
