# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# (root is that of dracut-sshd-rebuild and dracut-sshd-check, and so is the use of report_fatal; $kernelopts is GRUB's.)
#
# What dracut-sshd-rebuild(8) says at the end, read from the new image: who may log in, at which address, what asks for a passphrase,
# what is missing. report_read sets the variables, report_tell prints them. Everything read is printed as data, in one line.

report_login='' report_address='' report_asks='' # one line each
report_missing=()                                # sentences
report_fatal=''                                  # yes: nobody could unlock this machine

# report_plain TEXT [LENGTH]: prints it in one line of printable characters, cut where it is too long.
report_plain() {
  local text=${1//[![:print:]]/?} length=${2:-160}
  if ((${#text} > length)); then text=${text:0:length}..; fi
  printf '%s\n' "$text"
}

# report_join LIST...: with commas.
report_join() {
  local all
  printf -v all '%s, ' "$@"
  printf '%s\n' "${all%, }"
}

# report_lock_out SENTENCE: what is missing, without which nobody could unlock the machine. It comes first.
report_lock_out() { report_fatal=yes report_missing=("$1" ${report_missing[@]+"${report_missing[@]}"}); }

# report_file IMAGE PATH: prints a file of the image, at most 64 KiB of it. It may be inside a squashfs or erofs.
report_file() {
  local prefix text
  # Most files that are asked for are not there, and lsinitrd reads a whole image, perhaps decompressing it, to say so.
  [[ $report_listing == *"$2"* ]] || return 1
  if type -P dracut-sshd >/dev/null; then # of the package dracut-sshd-tools; much faster
    if text=$(set -o pipefail && timeout 60 dracut-sshd inspect cat -- "$1" "$2" 2>/dev/null | head -c 65536 | tr -d '\0') && [[ $text ]]; then
      printf '%s\n' "$text" && return 0
    fi
  fi
  for prefix in '' squashfs-root/ erofs-root/; do
    text=$(lsinitrd -f "$prefix$2" "$1" 2>/dev/null | head -c 65536 | tr -d '\0') || true
    if [[ $text ]]; then printf '%s\n' "$text" && return 0; fi
    [[ $report_listing == *'Squashed content'* ]] || return 1
  done
  return 1
}

# report_has PATTERN: is there a file in the listing whose path matches?
report_has() { grep -qE "(^|[ /])$1\$" <<<"$report_listing"; }

# report_has_link NAME: is there a program's link of this name? report_listing has none.
report_has_link() { [[ $1 == cryptroot-unlock || $report_links =~ (^|$'\n'|/)bin/"$1"' -> ' ]]; }

# report_names PATTERN: prints the paths in the listing that match.
report_names() {
  grep -oE "(^| )(\./|squashfs-root/|erofs-root/)?$1\$" <<<"$report_listing" | sed -E 's#^ ?(\./|squashfs-root/|erofs-root/)?##' | sort -u | sed -n '1,8p'
}

# boot_command_line KERNEL: prints what the boot loader gives to this kernel; fails where that is not known, as in a chroot.
boot_command_line() {
  local file word path rest given='' is_it=''
  for file in "$root"/{boot,efi,boot/efi}/loader/entries/*.conf; do
    [[ -r $file ]] || continue
    given='' is_it=''
    while read -r word rest; do
      case $word in
        linux) if [[ $rest/ == */"$1"/* || $rest == *-"$1" ]]; then is_it=yes; fi ;;
        options) given+=" $rest" ;;
      esac
    done <"$file"
    [[ $is_it && $given != *'$kernelopts'* ]] || continue
    printf '%s\n' "$given"
    return 0
  done
  for file in "$root"/boot/grub{,2}/grub.cfg; do
    [[ -r $file ]] || continue
    while read -r word path rest; do
      # The first one is the default entry; those for recovery come later.
      if [[ $word == linux* && $path == *-"$1" ]]; then
        printf '%s\n' "$rest"
        return 0
      fi
    done <"$file"
  done
  if [[ -s $root/etc/kernel/cmdline ]]; then
    tr '\n' ' ' <"$root/etc/kernel/cmdline"
    return 0
  fi
  # In a chroot or a container the kernel's command line is another system's.
  [[ $root || / -ef /proc/1/root ]] || return 1
  if [[ ! $root ]] && systemd-detect-virt --quiet --container 2>/dev/null; then return 1; fi
  IFS= read -r given 2>/dev/null <"$root/proc/cmdline" || [[ $given ]] || return 1
  printf '%s\n' "$given"
}

# report_config IMAGE: prints the image's sshd_config, and what is added to it.
report_config() {
  local file
  report_file "$1" etc/ssh/sshd_config || true
  while IFS= read -r file; do report_file "$1" "$file" || true; done < <(report_names 'etc/ssh/sshd_config\.d/[^/ ]+\.conf')
}

# report_keys IMAGE: who may log in. A key that is tied to a command which only says something, or is not in the image, is not one.
report_keys() {
  local keys='' number described command fingerprint comment type program config record count=0 useless=0 shown=() file files
  config=$(report_config "$1")
  read -ra files < <(sed -nE 's/^[[:space:]]*AuthorizedKeysFile[[:space:]=]+//Ip' <<<"$config" | head -n 1 | tr -d '"') || true
  [[ ${files-} ]] || files=(/root/.ssh/authorized_keys)
  for file in "${files[@]}"; do
    if file=$(sshd_root_path "$file"); then keys+=$(report_file "$1" "${file#/}" || true)$'\n'; fi
  done
  if [[ ! $keys =~ [^[:space:]] ]]; then
    report_login='root, with the keys that its sshd_config names'
    return 0
  fi
  if ! type -P ssh-keygen >/dev/null; then
    report_login="root, with $(grep -cE '^[^#]*AAAA' <<<"$keys") keys; ssh-keygen, which would name them, is not installed"
    return 0
  fi
  while IFS=$'\t' read -r number described command; do
    if [[ $command ]]; then
      read -r program _ <<<"${command#exec }"
      if sshd_does_nothing "$command" || { sshd_is_program "$program" && ! report_has "[^ ]*bin/${program##*/}" && ! report_has_link "${program##*/}"; }; then
        useless=$((useless + 1))
        continue
      fi
    fi
    count=$((count + 1))
    read -r _ fingerprint comment <<<"$described"
    type=${comment##*(} comment=${comment% (*}
    number="${type%)} ${fingerprint:0:15}.."
    [[ ! $comment || $comment == 'no comment' ]] || number+=" $comment"
    if ((count <= 3)); then shown+=("$(report_plain "$number" 60)"); fi
  done < <(sshd_each_key /dev/stdin <<<"$keys")
  if grep -qiE '^[[:space:]]*TrustedUserCAKeys[[:space:]=]+"?/' <<<"$config"; then shown+=('certificates of its CA') count=$((count + 1)); fi
  if ((count == 0)); then
    report_login=nobody
    if ((useless)); then
      report_lock_out "a key that can do something: each of the $useless in the image is tied to a command that neither unlocks nor is a shell"
    else
      report_lock_out "a valid public key: put one into /etc/dracut-sshd/authorized_keys"
    fi
    return 0
  fi
  if ((count > ${#shown[@]})); then shown+=("and $((count - ${#shown[@]})) more"); fi
  report_login="root, with $(report_join "${shown[@]}")"
  record=$(report_file "$1" usr/lib/dracut-sshd/login) || record=''
  case $(sshd_trial_answer "$record") in
    no)
      report_login=nobody
      report_lock_out "a configuration of sshd that lets a key in: it refused each when the image was built ($(report_plain "$(sshd_trial_reason "$record" '[a-z]+')"))"
      ;;
    untested) if [[ $record ]]; then report_login+=' (no login could be tried when the image was built)'; fi ;;
  esac
  if ((useless)); then report_missing+=("$useless of the keys can neither unlock nor get a shell, for the command they are tied to"); fi
}

# report_left_alone IMAGE: prints the network interfaces that the image's own default leaves alone, for they are ports on this host.
report_left_alone() {
  {
    report_file "$1" etc/systemd/network/zzzz-dracut-default.network | sed -n 's/^Name=!//p' || true
    report_file "$1" usr/lib/dracut-sshd/dracut-sshd.nmconnection | sed -n 's/^interface-name=!//p' || true
    report_file "$1" usr/lib/dracut-sshd/ports || true
  } 2>/dev/null | tr -s ' ;' '\n' | sed 's/^!//; /^$/d'
}

# report_network IMAGE WORDS: at which address. WORDS are the kernel's command line.
report_network() {
  local file name text addresses found=() cards=() word
  for word in $2; do
    case $word in
      ip=dhcp | ip=on | ip=any | ip=dhcp6 | ip=auto6 | ip=*:dhcp | ip=either6) found+=("by DHCP ($word on the command line)") ;;
      ip=none | ip=off) ;;
      ip=*) found+=("$word on the command line") ;;
    esac
  done
  while IFS=$'\t' read -r word name _; do
    if [[ $word == nic ]]; then cards+=("$(report_plain "$name" 20)"); fi
  done < <(report_file "$1" usr/lib/dracut-sshd/nics)
  if [[ ${#found[@]} -eq 0 ]]; then
    while IFS= read -r file; do
      name=${file##*/}
      [[ $name != zzzz-dracut-default.network ]] || continue
      text=$(report_file "$1" "$file") || true
      addresses=$(sed -nE 's/^[[:space:]]*([Aa]ddress|address[0-9]+)[[:space:]]*=[[:space:]]*([^,[:space:]]+).*/\2/p' <<<"$text" | tr '\n' ' ')
      if [[ $addresses ]]; then
        found+=("${addresses% } ($name)")
      elif grep -qE '^[[:space:]]*(DHCP[[:space:]]*=[[:space:]]*(yes|true|1|on|ipv[46])|method[[:space:]]*=[[:space:]]*auto)' <<<"$text"; then
        found+=("by DHCP ($name)")
      fi
    done < <(report_names '(etc|usr/lib)/(systemd/network|NetworkManager/system-connections)/[^/ ]+\.(network|nmconnection)')
  fi
  if [[ ${#found[@]} -eq 0 ]]; then
    if report_has 'systemd/network/zzzz-dracut-default\.network' || report_has 'dracut-sshd/(networkmanager|dhclient)'; then
      text='all wired interfaces'
      if [[ ${#cards[@]} -gt 0 ]]; then
        mapfile -t cards < <(comm -23 <(printf '%s\n' "${cards[@]}" | sort -u) <(report_left_alone "$1" | sort -u))
        if [[ ${#cards[@]} -eq 0 ]]; then
          report_address=none
          report_lock_out "a network: all network interfaces of this host are ports of a bond or a bridge; the log says what to write"
          return 0
        fi
        text=$(report_join "${cards[@]}")
      fi
      found+=("by DHCP on $text")
    fi
  fi
  if [[ ${#found[@]} -eq 0 ]]; then
    report_address='not known'
    report_missing+=('a network that is known here: see "NETWORK" in dracut-sshd(7)')
  else
    report_address=$(report_plain "$(report_join "${found[@]}")" 200)
  fi
}

# report_opener NAME UUID IMAGE-CRYPTTAB WORDS IMAGE-WORDS: prints what opens this LUKS volume: a line of crypttab or a word of a command
# line; fails if nothing does. See systemd-cryptsetup-generator(8): where the kernel's command line names volumes, crypttab is read for
# these alone. IMAGE-WORDS are those in the image's etc/cmdline.d, which dracut's scripts read.
report_opener() {
  local name=$1 uuid=${2,,} word value crypttab=yes luks=yes listed='' line_name device key options of
  for word in $4; do
    case $word in
      rd.luks=0 | rd.luks=no | rd.luks=off | luks=0 | luks=no | luks=off) luks='' ;;
      rd.luks.crypttab=0 | rd.luks.crypttab=no | luks.crypttab=0 | luks.crypttab=no) crypttab='' ;;
      rd.luks.uuid=* | luks.uuid=* | rd.luks.name=* | luks.name=*) listed=yes ;;
    esac
  done
  [[ $luks ]] || return 1
  while read -r line_name device key options; do
    [[ $line_name && $line_name != '#'* ]] || continue
    [[ $line_name == "$name" || ($uuid != - && ${device,,} == *"$uuid"*) ]] || continue
    [[ ,${options-}, != *,noauto,* ]] || continue
    of=crypttab
    case ${key:--} in
      - | none) ;;
      *)
        of+=", key file $key"
        if [[ $key != /dev/* && $key != *:* ]] && ! report_has "${key#/}"; then
          report_missing+=("the key file $key of $name is not in the image: it asks for a passphrase")
        fi
        ;;
    esac
    if [[ ,${options-} == *,keyscript=* ]]; then
      report_missing+=("keyscript= of $name does nothing here, systemd ignores it: it asks for a passphrase")
    fi
    break
  done <<<"$3"
  for word in $4 $5; do
    value=${word#*=}
    case $word in
      rd.auto | rd.auto=1 | rd.auto=yes) printf '%s\n' "$word" && return 0 ;;
      rd.luks.uuid=* | luks.uuid=* | rd.luks.name=* | luks.name=*)
        value=${value%%=*} value=${value,,} value=${value#luks-}
        if [[ $value && $uuid == "$value"* ]]; then printf '%s\n' "${of:-the command line}" && return 0; fi
        ;;
    esac
  done
  if [[ ${of-} && $crypttab && ! $listed ]]; then printf '%s\n' "$of" && return 0; fi
  return 1
}

# report_disks IMAGE KERNEL-KNOWN WORDS IMAGE-WORDS: what asks, by the record that the module writes into the image.
report_disks() {
  local record crypttab word id kind name uuid below need at opener asks=() needs=() ids=() purposes unsure='' seen missing
  local -A kinds=() names=() uuids=() belows=() purpose_of=()
  crypttab=$(report_file "$1" etc/crypttab) || true
  if ! record=$(report_file "$1" usr/lib/dracut-sshd/storage); then
    while read -r name _; do
      if [[ $name && $name != '#'* ]]; then asks+=("$(report_plain "$name" 60) (crypttab)"); fi
    done <<<"$crypttab"
    for word in $3 $4; do
      case $word in rd.luks.uuid=* | luks.uuid=* | rd.luks.name=* | luks.name=*) asks+=("$(report_plain "$word" 80)") ;; esac
    done
    report_asks="not known, for the image has no record of its disks"
    [[ ${#asks[@]} -eq 0 ]] || report_asks=$(report_join "${asks[@]}")
    return 0
  fi
  while IFS=$'\t' read -r word id kind name uuid below; do
    case $word in
      node)
        [[ $id =~ ^[0-9]{1,6}$ ]] || continue
        kinds[$id]=$kind names[$id]=$(report_plain "$name" 60) uuids[$id]=$(report_plain "$uuid" 60) belows[$id]=$below
        ;;
      need) if [[ $kind =~ ^[0-9]{1,6}$ ]]; then needs+=("$id $kind"); fi ;;
    esac
  done <<<"$record"
  for need in "${needs[@]}"; do
    ids=("${need#* }") seen=' '
    while [[ ${#ids[@]} -gt 0 ]]; do
      at=${ids[0]} ids=("${ids[@]:1}")
      [[ $seen != *" $at "* && ${kinds[$at]-} ]] || continue
      seen+="$at "
      case ${kinds[$at]} in
        crypt) [[ " ${purpose_of[$at]-} " == *" ${need% *} "* ]] || purpose_of[$at]+="${purpose_of[$at]:+ }${need% *}" ;;
        unknown) unsure=yes ;;
      esac
      for id in ${belows[$at]//,/ }; do
        if [[ $id =~ ^[0-9]{1,6}$ ]]; then ids+=("$id"); fi
      done
    done
  done
  for at in $(printf '%s\n' "${!purpose_of[@]}" | sort -n); do
    name=${names[$at]} uuid=${uuids[$at]} purposes=${purpose_of[$at]// / and }
    if opener=$(report_opener "$name" "$uuid" "$crypttab" "$3" "$4"); then
      # Once more, not in a subshell, for what it has to say.
      report_opener "$name" "$uuid" "$crypttab" "$3" "$4" >/dev/null
      asks+=("$name for $purposes ($(report_plain "$opener" 80))")
    elif [[ ! $2 ]]; then
      asks+=("$name for $purposes, if the command line names it, which is not known here")
    elif [[ " $3 $4 " != *' root='* || " $3 $4 " == *' root=gpt-auto'* ]]; then
      asks+=("$name for $purposes, if systemd finds it by its partition's type")
    else
      missing="nothing in the image opens $name, which $purposes needs. In /etc/crypttab: $name UUID=$uuid none luks"
      if [[ $purposes == resume ]]; then report_missing+=("$missing"); else report_lock_out "$missing"; fi
    fi
  done
  if [[ ${#purpose_of[@]} -gt 0 ]] && ! { report_has 'systemd-cryptsetup' && report_has 'systemd-cryptsetup-generator'; }; then
    report_lock_out "systemd-cryptsetup, which opens disks: install it (Debian, Ubuntu: apt install systemd-cryptsetup), and build again"
  fi
  if [[ ${#asks[@]} -gt 0 ]]; then
    report_asks=$(report_join "${asks[@]}")
  elif [[ ${#purpose_of[@]} -gt 0 ]]; then
    report_asks=nothing
  elif [[ $unsure || ${#needs[@]} -eq 0 ]]; then
    report_asks='not known, for the image was not built on the system that boots with it'
  else
    report_asks='nothing: the boot needs no encrypted disk'
  fi
}

# report_read IMAGE KERNEL LOG
report_read() {
  local words known=yes image_words='' file
  report_login='' report_address='' report_asks='' report_missing=() report_fatal=''
  # A link is not what it leads to.
  report_listing=$(lsinitrd "$1" 2>/dev/null) || true
  report_links=$(grep -oE '[^ ]+ -> ' <<<"$report_listing") || true
  report_listing=$(grep -v -e ' -> ' <<<"$report_listing") || true
  if [[ $report_listing == *$'\nCommand line:\n'* ]]; then # a unified kernel image's own
    words=${report_listing#*$'\nCommand line:\n'}
    words=${words%%===*}
  else
    words=$(boot_command_line "$2") || known=''
  fi
  # No word of it is a pattern here.
  set -f
  while IFS= read -r file; do
    image_words+=" $(report_file "$1" "$file" | tr '\n' ' ')" || true
  done < <(report_names 'etc/cmdline\.d/[^/ ]+\.conf')
  report_keys "$1"
  if report_has '[^ ]*/systemd-network-generator'; then
    # It reads the kernel's own command line alone.
    report_network "$1" "$words"
  else
    report_network "$1" "$words $image_words"
  fi
  report_disks "$1" "$known" "$words" "$image_words"
  set +f
  if [[ -s $3 ]] && grep -q "dracut-sshd: this host's own address is static" -- "$3"; then
    report_missing+=("this host's own address, which is static: the log says how the image gets it")
  elif [[ -s $3 && $report_address != none ]] && grep -q "dracut-sshd: this host reaches its network by" -- "$3"; then
    report_missing+=("what this host reaches its network by: the log says what to write for the image")
  fi
}

# report_lines: prints what report_read found, four lines.
report_lines() {
  local missing=nothing
  [[ ${#report_missing[@]} -eq 0 ]] || missing=$(printf '%s; ' "${report_missing[@]}")
  printf 'log in:   %s\n' "$report_login"
  printf 'address:  %s\n' "$report_address"
  printf 'asks for: %s\n' "$(report_plain "$report_asks" 300)"
  printf 'missing:  %s\n' "$(report_plain "${missing%; }" 500)"
}
