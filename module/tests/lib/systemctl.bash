# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC1091
#
# The fake systemctl of boot.bash. It notes how it was called; what a call changes in $root/units is what systemd's would.

root=${DRACUT_SSHD_ROOT:?}
printf '%s\n' "$*" >>"$root/calls"
if [[ -e $root/frozen ]]; then exec /bin/sleep 100; fi
[[ $1 == --no-pager ]] && shift
[[ $1 == --no-block ]] && shift
state_of() { if [[ -e $root/units/$1 ]]; then printf '%s\n' "$(<"$root/units/$1")"; else echo inactive; fi; }
set_state() { printf '%s' "$2" >"$root/units/$1"; }
# What the default target pulls in starts again.
default() {
  local target file
  for target in emergency rescue; do set_state "$target.target" inactive; done
  for file in "$root"/units/systemd-cryptsetup@*; do
    [[ -e $file && $(<"$file") == failed ]] && printf activating >"$file"
  done
  if [[ -e $root/on-default ]]; then . "$root/on-default"; fi
}
case $1 in
  is-active)
    status=3
    for unit in "${@:2}"; do
      state_of "$unit"
      if [[ $(state_of "$unit") == active ]]; then status=0; fi
    done
    exit "$status"
    ;;
  list-units)
    for file in "$root"/units/*; do
      unit=${file##*/}
      # shellcheck disable=SC2053
      [[ -e $file && $(<"$file") == failed && ($# -lt 5 || $unit == $5) ]] || continue
      printf '%s loaded failed failed A description\n' "$unit"
    done
    ;;
  list-jobs) printf '%s' "$(<"$root/jobs")" ;;
  show)
    unit=${*: -1}
    if [[ -e $root/pids/$unit ]]; then printf 'MainPID=%s\n' "$(<"$root/pids/$unit")"; else echo MainPID=0; fi
    echo "ActiveState=$(state_of "$unit")"
    ;;
  kill)
    signal=${2#--signal=}
    [[ -e $root/ends/$3 && $(<"$root/ends/$3") == "$signal" ]] || exit 0
    printf 0 >"$root/pids/$3"
    if [[ $signal == KILL ]]; then
      set_state "$3" failed
    else
      set_state "$3" inactive
      case $3 in emergency.service | rescue.service) default ;; esac
    fi
    if [[ -e $root/on-end ]]; then . "$root/on-end"; fi
    ;;
  reset-failed) set_state "$2" inactive ;;
  default) default ;;
  start) if [[ -e $root/on-start ]]; then . "$root/on-start"; fi ;;
esac
exit 0
