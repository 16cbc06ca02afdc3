# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (complain is dracut-sshd-rebuild's.)
#
# The image before the new one: kept while it is whole, put back when the new one is not, and what was left half-written removed.

# has_room IMAGE COPIES: is there room beside it for so many more of its size, and a tenth over? What fills a /boot up makes
# other packages fail.
has_room() {
  local folder=${1%/*} size=0 one free
  for one in "$1" "$folder"/{initramfs,initrd}*; do
    [[ -f $one ]] || continue
    one=$(stat -Lc %s -- "$one")
    if ((one > size)); then size=$one; fi
    # The image itself tells best; the others only where there is none yet.
    [[ ! -e $1 ]] || break
  done
  size=$((size * 11 * $2 / 10))
  free=$(df -B1 --output=avail -- "$folder" | tail -n 1)
  ((free >= size)) && return 0
  complain "$folder has $((free >> 20)) MiB free, and $(((size >> 20) + 1)) MiB are needed; nothing was changed." \
    "Remove a kernel that is not needed any more, and try again."
  if [[ -e $(before_of "$1") ]]; then
    complain "If the image that is there boots, $(before_of "$1") is not needed either: it is the one from before this package."
  fi
  return 1
}

# keep_old IMAGE link|copy: the image that is there stays beside it. A link costs nothing and does for a file that is about to be
# exchanged; a file that a generator writes into needs a copy, which is on the disk before the generator begins. What is not whole is never kept
# in the place of what is.
keep_old() {
  local old state
  old=$(old_of "$1") state=$(image_state "$1")
  [[ $state != broken ]] || return 0
  if [[ $state != whole && -e $old && $(image_state "$old") == whole ]]; then return 0; fi
  if [[ $2 == link ]] && ln -f -- "$1" "$old" 2>/dev/null; then return 0; fi
  cp -p --reflink=auto -- "$1" "$old.new" && sync -- "$old.new" && mv -f -- "$old.new" "$old"
}

# begin_writing IMAGE, end_writing IMAGE: whether a generator is writing into the image. What of an image a killed generator left cannot
# always be told from its bytes, for a compression that no program here unpacks.
begin_writing() { : >"$(writing_of "$1")" && sync -- "$(writing_of "$1")"; }
end_writing() { rm -f -- "$(writing_of "$1")"; }

# put_back IMAGE: the one before takes its place again, in one step; fails where there is none that is whole.
put_back() {
  local old
  old=$(old_of "$1")
  [[ -e $old && $(image_state "$old") != broken ]] && mv -f -- "$old" "$1" && sync -- "$1" && end_writing "$1"
}

# mend IMAGE: what an earlier run left that was killed, or that a power cut ended, while a generator wrote into the image.
mend() {
  local old state=missing
  old=$(old_of "$1")
  if [[ -e $1 ]]; then state=$(image_state "$1"); fi
  case $state:$([[ ! -e $(writing_of "$1") ]] || echo interrupted) in
    missing: | broken:) [[ -e $old && $(image_state "$old") == whole ]] || return 0 ;;
    whole:interrupted) end_writing "$1" && return 0 ;;
    *:interrupted) [[ -e $old ]] || { end_writing "$1" && return 0; } ;;
    *) return 0 ;;
  esac
  put_back "$1" || return 0
  complain "WARNING: $1 was cut off or damaged; the one before it, $old, is in its place again."
}

# sweep_left FOLDER: removes what one that was killed has left; none is at work, see alone(). dracut 107 and later write FILE.tmp first.
sweep_left() { rm -f -- "$1"/.dracut-sshd.?????? "$1"/.dracut-sshd.??????.tmp "$1"/dracut-sshd-*.{old,before}.new; }
