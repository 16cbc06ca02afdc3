# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Is the file of an initramfs whole, or did whatever wrote it stop in the middle? A kernel's initramfs is a row of cpio archives, each
# plain or compressed, with zeros between them (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).

# image_bytes FILE OFFSET COUNT: prints that many bytes in hexadecimal, without blanks.
image_bytes() { od -An -v -tx1 -j "$2" -N "$3" -- "$1" | tr -d ' \n'; }

# image_cpio_end FILE OFFSET: prints where the plain archive that begins at OFFSET ends: behind the entry that closes it.
image_cpio_end() {
  local at
  while IFS=: read -r at _; do
    # The name follows a header of 110 bytes; a program in the image may hold the same word.
    ((at >= $2 + 110)) || continue
    [[ $(image_bytes "$1" $((at - 110)) 6) == 30373037303[12] ]] || continue
    printf '%s\n' $((at + 11))
    return 0
  done < <(LC_ALL=C grep -abo 'TRAILER!!!' -- "$1")
  return 1
}

# image_unpacker MAGIC: prints the program that unpacks what begins so.
image_unpacker() {
  case $1 in
    1f8b*) echo 'gzip -dc' ;;
    28b52ffd*) echo 'zstd -dcq' ;;
    fd377a585a00*) echo 'xz -dc' ;;
    5d00*) echo 'xz -dc --format=lzma' ;;
    02214c18* | 04224d18*) echo 'lz4 -dc' ;;
    425a68*) echo 'bzip2 -dc' ;;
    894c5a4f*) echo 'lzop -dc' ;;
    *) return 1 ;;
  esac
}

# image_listed: reads an archive, fails where it stops before its end. Whatever follows is read too, so that nothing breaks the pipe.
image_listed() {
  local status=0
  if type -P cpio >/dev/null; then cpio -it --quiet >/dev/null 2>&1 || status=$?; fi
  cat >/dev/null
  return "$status"
}

# image_has_init FILE OFFSET...: has one of the plain archives there what the kernel starts? Fails also where that cannot be told.
image_has_init() {
  local file=$1 offset names
  for offset in "${@:2}"; do
    names=$(tail -c "+$((offset + 1))" -- "$file" | { cpio -it --quiet 2>/dev/null && cat >/dev/null; }) || true
    if grep -qE '^([.]?/)?init$' <<<"$names"; then return 0; fi
  done
  return 1
}

# pe_number FILE OFFSET COUNT: prints a little-endian number.
pe_number() {
  local bytes out='' at
  bytes=$(image_bytes "$1" "$2" "$3")
  [[ ${#bytes} -eq $(($3 * 2)) ]] || return 1
  for ((at = 0; at < ${#bytes}; at += 2)); do out=${bytes:at:2}$out; done
  printf '%s\n' $((16#$out))
}

# pe_certificates FILE: prints offset and size of what signs a PE file, 0 0 where nothing does; fails if that cannot be told. (Microsoft, PE
# format: the header's offset is at 0x3c; the certificate table is the fifth of the data directories, which begin at 96 or 112 of the
# optional header.)
pe_certificates() {
  local header magic directories count
  header=$(pe_number "$1" 60 4) && [[ $(image_bytes "$1" "$header" 4) == 50450000 ]] || return 1
  magic=$(pe_number "$1" $((header + 24)) 2) || return 1
  case $magic in
    267) directories=$((header + 24 + 96)) ;;
    523) directories=$((header + 24 + 112)) ;;
    *) return 1 ;;
  esac
  count=$(pe_number "$1" $((directories - 4)) 4) || return 1
  if ((count < 5)); then echo 0 0 && return 0; fi
  echo "$(pe_number "$1" $((directories + 32)) 4) $(pe_number "$1" $((directories + 36)) 4)"
}

# is_signed FILE: is there a signature in this PE file? That it is good is not said.
is_signed() {
  local offset size
  read -r offset size < <(pe_certificates "$1") && ((offset > 0 && size > 0))
}

# pe_state FILE SIZE: of a PE file, whether all that its header tells of is there.
pe_state() {
  local header sections table raw at offset size
  if ! header=$(pe_number "$1" 60 4) || [[ $(image_bytes "$1" "$header" 4) != 50450000 ]] \
    || ! sections=$(pe_number "$1" $((header + 6)) 2) || ! table=$(pe_number "$1" $((header + 20)) 2); then
    echo broken
    return
  fi
  table=$((header + 24 + table))
  for ((at = 0; at < sections && at < 64; at++)); do
    if ! raw=$(pe_number "$1" $((table + at * 40 + 16)) 4) || ! offset=$(pe_number "$1" $((table + at * 40 + 20)) 4); then
      echo broken
      return
    fi
    if ((raw > 0 && offset + raw > $2)); then echo broken && return; fi
    # What never came to the disk is zeros.
    if ((raw > 16)) && [[ $(image_bytes "$1" $((table + at * 40)) 7) == 2e696e69747264 && ! $(image_bytes "$1" "$offset" 16) =~ [1-9a-f] ]]; then
      echo broken && return
    fi
  done
  if read -r offset size < <(pe_certificates "$1") && ((offset + size > $2)); then echo broken && return; fi
  echo whole
}

# image_state FILE: prints whole, broken, or unknown. Broken is said only of what is certain: an image that is cut off, empty or damaged.
image_state() {
  local size offset=0 end magic zeros unpacker plain=() unpacked listed said='' status=0
  size=$(stat -Lc %s -- "$1" 2>/dev/null) || { echo unknown && return; }
  if type -P dracut-sshd >/dev/null; then
    said=$(timeout 120 dracut-sshd inspect --quiet -- "$1" 2>/dev/null) || status=$?
    if grep -qE '^error +image[.]whole ' <<<"$said"; then echo broken && return; fi
    if [[ $status == [01] ]] && ! grep -qE '^(unknown|warning) +image[.]whole ' <<<"$said"; then echo whole && return; fi
  fi
  if [[ $(image_bytes "$1" 0 2) == 4d5a ]]; then
    pe_state "$1" "$size"
    return
  fi
  while :; do
    magic=''
    while ((offset < size)); do
      magic=$(image_bytes "$1" "$offset" 4096)
      [[ $magic =~ ^(00)* ]] && zeros=${#BASH_REMATCH[0]}
      offset=$((offset + zeros / 2))
      magic=${magic:zeros:12}
      [[ ! $magic ]] || break
    done
    if [[ ! $magic ]]; then
      # Nothing is left: all of it is plain and closed, or a compressed part that should follow does not, or the bytes of the file never
      # came to the disk.
      if [[ ${#plain[@]} -eq 0 ]]; then
        echo broken
      elif ! type -P cpio >/dev/null; then
        echo unknown
      elif image_has_init "$1" "${plain[@]}"; then
        echo whole
      else
        echo broken
      fi
      return
    fi
    [[ $magic == 30373037303[12] ]] || break
    if ! end=$(image_cpio_end "$1" "$offset"); then echo broken && return; fi
    plain+=("$offset")
    offset=$end
  done
  if ! unpacker=$(image_unpacker "$magic") || ! type -P "${unpacker%% *}" >/dev/null; then echo unknown && return; fi
  # shellcheck disable=SC2086
  read -r _ unpacked listed < <(
    set +e
    tail -c "+$((offset + 1))" -- "$1" | $unpacker 2>/dev/null | image_listed
    echo "${PIPESTATUS[*]}"
  )
  case ${unpacker%% *}:$unpacked:$listed in
    *:0:0 | gzip:2:0) echo whole ;; # gzip's 2 is a warning
    gzip:1:0 | *:*:[1-9]*) echo broken ;;
    *) echo unknown ;; # something may follow that is none of the image's
  esac
}
