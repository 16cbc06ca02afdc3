# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# (root, die and complain are dracut-sshd-rebuild's, and so is the use of what is set here.)
#
# What dracut-sshd-rebuild(8) knows of a system: its settings, its kernels, and which file is a kernel's initramfs.

drivers='dracut update-initramfs kernel-install rpm-ostree transactional-update sdbootutil'
image_setting=/boot/initramfs-%k.img
image_is_default=yes # as long as nobody but the package has named the image
driver_setting=dracut

# set_image PLACE VALUE: takes a value for IMAGE= or refuses it. It is a path, never anything that a shell sees.
set_image() {
  local rest=${2//%k/}
  [[ $2 == /* ]] || die 2 "$1: the image \"$2\" is no absolute path."
  [[ $rest =~ ^[A-Za-z0-9/._+:@=,~-]+$ ]] \
    || die 2 "$1: the image \"$2\" holds characters that no image's name has; %k stands for the kernel's release."
  [[ /$2/ != */../* && $2 != */ ]] || die 2 "$1: the image \"$2\" must name a file, without \"..\"."
  image_setting=$2
}

# read_settings FILE: KEY=VALUE lines, read as data.
read_settings() {
  local file=$1 line number=0 key value
  [[ -e $root$file ]] || return 0
  [[ -f $root$file && -r $root$file ]] || die 2 "$file cannot be read as a file."
  while IFS= read -r line || [[ $line ]]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
    [[ $line =~ ^[[:space:]]*([A-Z]+)=(.*[^[:space:]])[[:space:]]*$ ]] \
      || die 2 "$file:$number: expected IMAGE=FILE, DRIVER=NAME or NETWORK=no, got \"$line\"."
    key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
    case $key in
      IMAGE)
        set_image "$file:$number" "$value"
        if [[ $file == /etc/* ]]; then image_is_default=''; fi
        ;;
      DRIVER)
        [[ " $drivers " == *" $value "* ]] || die 2 "$file:$number: unknown driver \"$value\"; known are: $drivers."
        driver_setting=$value
        ;;
      NETWORK) # module-setup.sh's
        [[ $value == no || $value == auto ]] || die 2 "$file:$number: NETWORK is auto or no, not \"$value\"."
        ;;
      *) die 2 "$file:$number: unknown setting \"$key\"; known are IMAGE, DRIVER and NETWORK." ;;
    esac
  done <"$root$file"
}

modules_of() {
  local dir
  for dir in "$root/usr/lib/modules/$1" "$root/lib/modules/$1"; do
    if [[ -f $dir/modules.dep || -f $dir/modules.builtin ]]; then
      printf '%s\n' "$dir"
      return 0
    fi
  done
  return 1
}

installed_kernels() {
  local dir
  for dir in "$root"/usr/lib/modules/* "$root"/lib/modules/*; do
    if modules_of "${dir##*/}" >/dev/null; then printf '%s\n' "${dir##*/}"; fi
  done | sort -uV
}

# boot_folder KERNEL: the folder of a Boot Loader Specification entry for this kernel, if the system keeps images there.
boot_folder() {
  local token base
  for token in /etc/kernel/entry-token /etc/machine-id; do
    [[ -r $root$token ]] || continue
    IFS= read -r token <"$root$token" || true
    [[ $token =~ ^[A-Za-z0-9._-]+$ && $token != .* ]] || continue
    for base in /efi /boot /boot/efi; do
      if [[ -d $root$base/$token/$1 ]]; then
        printf '%s\n' "$root$base/$token/$1"
        return 0
      fi
    done
  done
  return 1
}

# image_of KERNEL: the file that the boot loader reads. What the admin named is taken as it is. Otherwise a folder of
# the Boot Loader Specification comes first, as in dracut itself, then the distribution's name; where that file is not
# there, the module was copied by hand and another distribution's name may be.
image_of() {
  local kernel=$1 image name folder
  image=$root${image_setting//%k/$kernel}
  if [[ $image_is_default ]]; then
    if folder=$(boot_folder "$kernel"); then
      image=$folder/initrd
    elif [[ ! -e $image ]]; then
      for name in "initramfs-$kernel.img" "initrd.img-$kernel" "initrd-$kernel" "initrd-$kernel.img"; do
        if [[ -e $root/boot/$name ]]; then
          image=$root/boot/$name
          break
        fi
      done
    fi
  fi
  # A link stays: the file behind it is what is exchanged.
  if [[ -L $image ]]; then readlink -f -- "$image"; else printf '%s\n' "$image"; fi
}
