# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# (root, die and complain are theirs that source this, and so is the use of what is set here.)
#
# What dracut-sshd-rebuild(8) and dracut-sshd-check(8) know of a system: its settings, its kernels, which file is a kernel's
# initramfs, and what has to be in one.

generators='dracut update-initramfs kernel-install rpm-ostree transactional-update sdbootutil'
image_setting=/boot/initramfs-%k.img
image_is_default=yes # as long as nobody but the package has named the image
generator_setting=dracut
inspect_setting=auto # whether dracut-sshd(1) is asked
stale_setting=tell   # what is done about an image that is older than what it was made from

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
    [[ $line =~ ^[[:space:]]*([A-Z_]+)=(.*[^[:space:]])[[:space:]]*$ ]] \
      || die 2 "$file:$number: expected IMAGE=FILE, GENERATOR=NAME, NETWORK=no or STALE=rebuild, got \"$line\"."
    key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
    case $key in
      IMAGE)
        set_image "$file:$number" "$value"
        if [[ $file == /etc/* ]]; then image_is_default=''; fi
        ;;
      GENERATOR | DRIVER) # an earlier name
        [[ " $generators " == *" $value "* ]] || die 2 "$file:$number: unknown generator \"$value\"; known are: $generators."
        generator_setting=$value
        ;;
      NETWORK | CRYPTTAB | UNSEALED_KEY) # module-setup.sh's
        [[ $value == no || $value == auto ]] || die 2 "$file:$number: $key is auto or no, not \"$value\"."
        ;;
      HOLD) # module-setup.sh's
        [[ $value == no || ($value =~ ^[1-9][0-9]{0,4}$ && $value -le 86400) ]] \
          || die 2 "$file:$number: HOLD is no or a number of seconds up to 86400, not \"$value\"."
        ;;
      BEACON) # module-setup.sh's, which looks closer
        [[ $value == no || $value == udp://?*:[1-9]* || $value == https://?* ]] \
          || die 2 "$file:$number: BEACON is no, udp://ADDRESS:PORT or https://HOST/PATH, not \"$value\"."
        ;;
      BEACON_NAME) # module-setup.sh's
        [[ $value =~ ^[A-Za-z0-9._-]{1,253}$ ]] \
          || die 2 "$file:$number: BEACON_NAME is of letters, digits, \".\", \"_\" and \"-\", not \"$value\"."
        ;;
      INSPECT)
        [[ $value == auto || $value == no ]] || die 2 "$file:$number: INSPECT is auto or no, not \"$value\"."
        inspect_setting=$value
        ;;
      STALE)
        [[ $value == tell || $value == rebuild ]] || die 2 "$file:$number: STALE is tell or rebuild, not \"$value\"."
        stale_setting=$value
        ;;
      *) die 2 "$file:$number: unknown setting \"$key\"; known are IMAGE, GENERATOR, NETWORK, CRYPTTAB, HOLD, BEACON, BEACON_NAME, UNSEALED_KEY, STALE and INSPECT." ;;
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

# first_of_overrides SUFFIX FOLDER...: prints the files of these folders that end so, sorted by name. Of one name the last folder's counts.
first_of_overrides() {
  local suffix=$1 folder file
  local -A found=()
  shift
  for folder; do
    for file in "$folder"/*"$suffix"; do
      if [[ -e $file ]]; then found[${file##*/}]=$file; fi
    done
  done
  while IFS= read -r file; do
    [[ ! $file ]] || printf '%s\n' "${found[$file]}"
  done < <(printf '%s\n' "${!found[@]}" | sort)
}

# kernel_install_setting KEY: the value in install.conf and its drop-ins, see kernel-install(8).
kernel_install_setting() {
  local file key value='' one files=()
  for file in "$root"/{etc,run,usr/local/lib,usr/lib}/kernel/install.conf; do
    if [[ -r $file ]]; then files=("$file") && break; fi
  done
  while IFS= read -r file; do files+=("$file"); done < <(first_of_overrides .conf "$root"/{usr/lib,usr/local/lib,run,etc}/kernel/install.conf.d)
  for file in "${files[@]}"; do
    while IFS='=' read -r key one || [[ $key ]]; do
      if [[ ${key//[[:space:]]/} == "$1" ]]; then value=${one//[\"\'[:space:]]/}; fi
    done <"$file"
  done
  printf '%s\n' "$value"
}

# dracut_has_uefi: does dracut make unified kernel images by itself (uefi=yes in dracut.conf(5))?
dracut_has_uefi() {
  local file line uefi='' files=()
  if [[ -r $root/etc/dracut.conf ]]; then files=("$root/etc/dracut.conf"); fi
  while IFS= read -r file; do files+=("$file"); done < <(first_of_overrides .conf "$root"/{usr/lib/dracut,usr/local/lib/dracut,run/dracut,etc}/dracut.conf.d)
  for file in "${files[@]}"; do
    while IFS= read -r line || [[ $line ]]; do
      if [[ $line =~ ^[[:space:]]*uefi=[\"\']?([a-z]*)[\"\']?[[:space:]]*(\#.*)?$ ]]; then uefi=${BASH_REMATCH[1]}; fi
    done <"$file"
  done
  [[ $uefi == yes ]]
}

# uki_maker: prints what of this system makes unified kernel images, kernel-install or dracut; fails where nothing does.
uki_maker() {
  if type -P kernel-install >/dev/null && [[ $(kernel_install_setting layout) == uki ]]; then
    echo kernel-install
  elif [[ $generator_setting == dracut ]] && dracut_has_uefi; then
    echo dracut
  else
    return 1
  fi
}

# is_uki_of NAME KERNEL: as kernel-install names them, with the tries that are left (TOKEN-KERNEL+3-0.efi), or dracut
# (linux-KERNEL-MACHINE.efi).
is_uki_of() {
  local name=${1%.efi}
  [[ $1 == *.efi ]] || return 1
  [[ $name != linux-"$2" && $name != linux-"$2"-* ]] || return 0
  if [[ $name =~ ^(.*)[+][0-9]+(-[0-9]+)?$ && $name != *-"$2" ]]; then name=${BASH_REMATCH[1]}; fi
  [[ $name == *-"$2" || $name == "$2" ]]
}

# uki_of KERNEL: prints its unified kernel image, the newest; else where the first would be. Fails where no boot partition is known.
uki_of() {
  local base file newest='' place='' token='' maker
  maker=$(uki_maker) || return 1
  for base in "$(kernel_install_setting BOOT_ROOT)" /efi /boot /boot/efi; do
    [[ $base == /* && -d $root$base ]] || continue
    if [[ ! $place && -d $root$base/EFI ]]; then place=$root$base/EFI/Linux; fi
    for file in "$root$base"/EFI/Linux/*.efi; do
      [[ -f $file ]] || continue
      is_uki_of "${file##*/}" "$1" || continue
      if [[ ! $newest || $file -nt $newest ]]; then newest=$file; fi
    done
  done
  if [[ ! $newest ]]; then
    [[ $place ]] || return 1
    for file in /etc/kernel/entry-token /etc/machine-id; do
      [[ $maker != dracut || $file == */machine-id ]] || continue
      if IFS= read -r token 2>/dev/null <"$root$file" && [[ $token =~ ^[A-Za-z0-9._-]+$ ]]; then break; fi
      token=''
    done
    if [[ $maker == dracut ]]; then newest=$place/linux-$1${token:+-$token}.efi; else newest=$place/${token:+$token-}$1.efi; fi
  fi
  printf '%s\n' "$newest"
}

# image_of KERNEL: the file that the boot loader reads. What the admin named is taken as it is. Otherwise a folder of
# the Boot Loader Specification comes first, as in dracut itself, then the distribution's name; where that file is not
# there, the module was copied by hand and another distribution's name may be.
image_of() {
  local kernel=$1 image name folder names=("${usual_names[@]}")
  image=$root${image_setting//%k/$kernel}
  if [[ $image_is_default ]]; then
    if [[ -e $root/run/ostree-booted ]]; then
      image=$root/usr/lib/modules/$kernel/initramfs.img
    elif name=$(uki_of "$kernel"); then
      image=$name
    elif folder=$(boot_folder "$kernel"); then
      image=$folder/initrd
      # sdbootutil's names are new with every image.
      [[ -e $image ]] || image=$(newest_in "$folder" 'initrd-*') || image=$folder/initrd
    elif [[ ! -e $image ]]; then
      # On Arch a kernel's own name stands for its release.
      if IFS= read -r name 2>/dev/null <"$root/usr/lib/modules/$kernel/pkgbase" && [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._+-]*$ ]]; then
        names+=("initramfs-$name.img")
      fi
      for name in "${names[@]}"; do
        if [[ -e $root/boot/${name//%k/$kernel} ]]; then
          image=$root/boot/${name//%k/$kernel}
          break
        fi
      done
    fi
  fi
  # A link stays: the file behind it is what is exchanged.
  if [[ -L $image ]]; then readlink -f -- "$image"; else printf '%s\n' "$image"; fi
}

usual_names=('initramfs-%k.img' 'initrd.img-%k' 'initrd-%k' 'initrd-%k.img')

# newest_in FOLDER PATTERN: prints the file that was changed last.
newest_in() {
  local newest
  newest=$(find "$1" -maxdepth 1 -type f -name "$2" -printf '%T@ %p\n' | sort -n | tail -n 1)
  [[ $newest ]] && printf '%s\n' "${newest#* }"
}

# default_kernel: the kernel that boots next, as far as can be told: the boot loader's default where something tells it, else
# the newest that has an image.
default_kernel() {
  local kernel kernels newest=''
  if [[ -e $root/run/ostree-booted ]]; then
    uname -r
    return
  fi
  if type -P grubby >/dev/null && kernel=$(grubby --default-kernel 2>/dev/null); then
    kernel=${kernel##*/}
    kernel=${kernel#vmlinuz-}
    if modules_of "$kernel" >/dev/null; then
      printf '%s\n' "$kernel"
      return
    fi
  fi
  mapfile -t kernels < <(installed_kernels)
  for kernel in "${kernels[@]}"; do
    if [[ -e $(image_of "$kernel") ]]; then newest=$kernel; fi
  done
  [[ $newest || ${#kernels[@]} -eq 0 ]] || newest=${kernels[-1]}
  [[ $newest ]] && printf '%s\n' "$newest"
}

# choose_generator: what the running system is wins over what its distribution usually is.
choose_generator() {
  if [[ -e $root/run/ostree-booted ]]; then
    echo rpm-ostree
  elif [[ $generator_setting == rpm-ostree ]]; then
    # The same distribution without ostree.
    echo dracut
  elif type -P transactional-update >/dev/null && [[ $(findmnt -no OPTIONS / 2>/dev/null) =~ (^|,)ro(,|$) ]]; then
    echo transactional-update
  elif type -P sdbootutil >/dev/null && sdbootutil is-installed >/dev/null 2>&1; then
    echo sdbootutil
  else
    uki_maker || echo "$generator_setting"
  fi
}

# why_no_dracut: why kernel-install has dracut make nothing; fails where it does.
why_no_dracut() {
  local initrd uki
  initrd=$(kernel_install_setting initrd_generator) uki=$(kernel_install_setting uki_generator)
  case ${initrd:-dracut}:${uki:-ukify} in
    dracut:ukify | dracut:dracut | dracut:none) return 1 ;;
    dracut:*) printf 'uki_generator=%s' "$uki" ;;
    *) printf 'initrd_generator=%s' "$initrd" ;;
  esac
}

# old_of IMAGE: where the image before this one is kept: under a name that no boot loader takes for a kernel's, or for a
# kernel.
old_of() { printf '%s\n' "${1%/*}/dracut-sshd-${1##*/}.old"; }

# writing_of IMAGE: is there while a generator writes into the image.
writing_of() { printf '%s\n' "${1%/*}/dracut-sshd-${1##*/}.writing"; }

# before_of IMAGE: where the package's installation keeps the image that was there before it; see debian/module/preinst. It stays until an image
# with sshd in it has booted.
before_of() { printf '%s\n' "${1%/*}/dracut-sshd-${1##*/}.before"; }

# That an image with sshd in it was there is remembered: from then on the lack of one is a fault.
set_up_mark=$root/var/lib/dracut-sshd/set-up
mark_set_up() { [[ -e $set_up_mark ]] || { mkdir -p -- "${set_up_mark%/*}" && : >"$set_up_mark"; } 2>/dev/null || true; }

# sweep_old: removes what is kept of kernels that are gone. A folder of the Boot Loader Specification goes as a whole.
sweep_old() {
  local file base name kernel known
  for file in "$root/boot"/dracut-sshd-*.{old,before}; do
    [[ -f $file ]] || continue
    base=${file##*/dracut-sshd-}
    base=${base%.*} known=''
    for name in "${image_setting##*/}" "${usual_names[@]}"; do
      [[ $name == *%k* && $base == "${name%%%k*}"*"${name#*%k}" ]] || continue
      kernel=${base#"${name%%%k*}"}
      kernel=${kernel%"${name#*%k}"}
      if [[ ! $kernel || -e ${file%/*}/$base ]] || modules_of "$kernel" >/dev/null; then continue 2; fi
      known=yes
    done
    if [[ $known ]]; then rm -f -- "$file"; fi
  done
  sweep_old_ukis
}

sweep_old_ukis() {
  local file base kernel kernels
  mapfile -t kernels < <(installed_kernels)
  [[ ${#kernels[@]} -gt 0 ]] || return 0
  for file in "$root"/{efi,boot,boot/efi}/EFI/Linux/dracut-sshd-*.efi.{old,before}; do
    [[ -f $file ]] || continue
    base=${file##*/dracut-sshd-}
    base=${base%.*}
    for kernel in "${kernels[@]}"; do
      if is_uki_of "$base" "$kernel"; then continue 2; fi
    done
    rm -f -- "$file"
  done
}

# inspected FILE: missing_in by dracut-sshd(1), of the package dracut-sshd-tools, which looks closer. It fails where that
# cannot tell. What is said of networks is told and no more: there may be more ways to one than it knows.
inspected() {
  local said status=0
  [[ $inspect_setting != no ]] || return 1
  said=$(timeout 120 dracut-sshd inspect --quiet -- "$1" 2>/dev/null) || status=$?
  [[ $status == 0 || $status == 1 || $status == 4 ]] || return 1
  # What it cannot tell of the image itself lsinitrd is asked about; an error is one all the same.
  if ! grep -E '^error +[a-z]+[.]' <<<"$said" | grep -qvE '^error +network[.]' \
    && grep -E '^unknown +[a-z]' <<<"$said" | grep -qvE '^unknown +(network|crypt)[.]'; then return 1; fi
  [[ $status != 4 ]] || grep -qE '^unknown +(network|crypt)[.]' <<<"$said" || return 1
  [[ $status != 1 ]] || grep -qE '^error +[a-z]+[.][a-z]+ ' <<<"$said" || return 1
  sed -nE 's/^error +(network[.][a-z]+) +/dracut-sshd: WARNING: \1: /p' <<<"$said" >&2
  sed -nE '/^error +network[.]/d; s/^error +([a-z]+[.][a-z]+) +/\1: /p' <<<"$said"
}

# is_inspected MISSING: is it what dracut-sshd(1) says, sentences after the name of a check?
is_inspected() { [[ $1 =~ ^[a-z]+[.][a-z]+': ' ]]; }

# missing_in FILE: prints what an image lacks to let somebody in; fails if it cannot be read. That each name is a file's is in
# its listing: a link is not what it leads to.
missing_in() {
  local listing
  if type -P dracut-sshd >/dev/null && inspected "$1"; then return 0; fi
  # Not every lsinitrd says by its status that an image is cut off.
  listing=$(lsinitrd "$1" 2>/dev/null) && [[ $(image_state "$1") != broken ]] || return 1
  listing=$(grep -v -e ' -> ' <<<"$listing") || true
  grep -qE '(^|[ /])s?bin/sshd$' <<<"$listing" || echo sshd
  grep -qE '/system/sshd\.service$' <<<"$listing" || echo "its unit sshd.service"
  grep -qE '\.ssh/authorized_keys$' <<<"$listing" || echo "the authorized keys"
  grep -qE 'etc/ssh/ssh_host_[^/ ]*_key$|/dracut-sshd/sealed/ssh_host_[^/ ]*_key\.cred$' <<<"$listing" || echo "a host key"
}
