# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (root, verbose and complain are dracut-sshd-rebuild's.)
#
# Where the words of dracut, or of what else builds an image, go: into a log, which is root's alone and has an end. What the module warns of
# is shown as well.

log='' # the file; while it is written .new follows
log_limit=$((1024 * 1024))

# open_log KERNEL: a file of root's own for what the builder prints. Without one all of it is shown.
open_log() {
  local folder=$root/var/log/dracut-sshd
  log=''
  if mkdir -p -- "$folder" 2>/dev/null && [[ -O $folder && ! -L $folder ]] && chmod 0700 -- "$folder"; then
    log=$folder/rebuild-$1.log
    if rm -f -- "$log.new" && : 2>/dev/null >"$log.new"; then return 0; fi
  fi
  log=''
  complain "cannot write to $folder: all that is printed is shown."
}

# close_log: what was kept takes its name. Nothing is no news.
close_log() {
  if [[ $log && -s $log.new ]]; then mv -f -- "$log.new" "$log"; elif [[ $log ]]; then rm -f -- "$log.new"; fi
}

# is_worth_showing LINE: of the module's words, warnings and errors. Not every dracut names the level; where it does not, what the module
# says for the log alone is known by how it begins.
is_worth_showing() {
  [[ $1 == *dracut-sshd:* ]] || return 1
  case $1 in
    'dracut['[FEW]']: '*) return 0 ;;
    'dracut['?']: '*) return 1 ;;
  esac
  case ${1#*dracut-sshd: } in
    'may log in '* | 'host key: '* | "that is the system's own key"* | 'network: '* | 'at every boot the image asks'* | '    '* | \
      "this host's own address"* | 'For the same one,'* | 'this host reaches its network'* | 'sshd stays out of an image for kdump'* | 'sealed host key: '* | \
      'where the TPM refuses, sshd shows'*) return 1 ;;
  esac
}

# take_words: keeps what it reads in the log, and shows what matters.
take_words() {
  local line size=0
  while IFS= read -r line || [[ $line ]]; do
    if [[ $log ]]; then
      if ((size < log_limit)); then printf '%s\n' "$line" 2>/dev/null >>"$log.new" || true; fi
      size=$((size + ${#line} + 1))
    fi
    if [[ $verbose || ! $log ]] || is_worth_showing "$line"; then printf '%s\n' "$line"; fi
  done
}

# logged COMMAND...: its words go into the log; the end of them is shown where it fails.
logged() {
  local status=0
  # Folders that older dracuts make on the way get their mode from it, and networkd, which is not root, has to look into some.
  (umask 022 && "$@") 2>&1 </dev/null | take_words || status=${PIPESTATUS[0]}
  if [[ $status -ne 0 && $log && ! $verbose ]]; then
    complain "the last that it printed:"
    tail -n 8 -- "$log.new" >&2 || true
  fi
  return "$status"
}
