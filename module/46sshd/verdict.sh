# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's.)
#
# May sshd go into an image? What goes in is first put together in a private folder, and sshd is asked there.

# sshd_refuse WHY REMEDY...: the reason, said loudly and once.
sshd_refuse() {
  derror "dracut-sshd: $1"
  derror "dracut-sshd: sshd stays out of this image: nobody can log in while it boots. ${*:2}"
  return 1
}

# sshd_misplaced_key: prints the first file that goes into the image and holds a private key, but is no host key; fails if there is
# none. Nobody needs such a key in an image, and a banner would show it to everyone.
sshd_misplaced_key() {
  local path file keyword root=${dracutsysrootdir-}
  local -A passed=()
  # sshd itself knows how such a key begins.
  while IFS= read -r path; do passed[$path]=yes; done < <(
    sshd_find_host_keys
    path=$(sshd_find_daemon) && printf '%s\n' "$path" && sshd_find_helpers "$path"
  )
  while IFS= read -r path; do
    while read -r keyword file; do
      if [[ $keyword == hostkey ]]; then
        passed[$file]=yes
      elif sshd_is_private_key "$(sshd_host_file "$file")"; then
        printf '%s, which %s or what it includes names as %s,\n' "$file" "$path" "$keyword"
        return 0
      fi
    done < <(sshd_named "$root$path")
  done < <(
    sshd_dropins
    printf '%s\n' /etc/dracut-sshd/sshd_config
  )
  while IFS= read -r path; do
    [[ ! ${passed[$path]-} ]] || continue
    file=$(sshd_host_file "$path") || continue
    if sshd_is_private_key "$file"; then
      printf '%s\n' "$path"
      return 0
    fi
  done < <(sshd_source_paths)
  return 1
}

# sshd_has_other_keys: does the image's configuration name a user CA, or authorized keys elsewhere?
sshd_has_other_keys() { [[ $(sshd_named_keys trustedusercakeys)$(sshd_named_keys authorizedkeysfile) ]]; }

# sshd_look: what can be told without running anything.
sshd_look() {
  local daemon helper keys why
  if ! daemon=$(sshd_find_daemon); then
    sshd_refuse "there is no sshd on this system." "Install OpenSSH's server and build the image again."
  elif helper=$(sshd_missing_helper "$daemon"); then
    sshd_refuse "$daemon needs $helper, which is missing." "Install OpenSSH's server again and build the image again."
  elif why=$(sshd_misplaced_key); then
    sshd_refuse "$why holds a PRIVATE key." \
      "Take that key out of it, or name the file of its public half (.pub), and build the image again."
  elif why=$(sshd_readable_key); then
    sshd_refuse "$why holds a key of a tunnel, and others than root can read it." \
      "Make another key, for that one is no secret, type chmod 0600 $why, and build the image again."
  elif ! keys=$(sshd_find_authorized_keys) && ! sshd_has_other_keys; then
    sshd_refuse "there are no authorized keys." \
      "Put a public key into /etc/dracut-sshd/authorized_keys and build the image again."
  elif [[ $keys && -z $(sshd_describe_keys "$keys") ]] && ! sshd_has_other_keys; then
    sshd_refuse "$keys holds no valid public key." \
      "Put one into it and build the image again; ssh-keygen -lf $keys shows what is valid."
  elif sshd_is_sealed && ! sshd_unsealed_key >/dev/null && why=$(sshd_seal_lacks); then
    sshd_refuse "the sealed host key cannot go into this image, because ${why%%$'\t'*}, and there is no unsealed one." "${why#*$'\t'}" \
      "Or take UNSEALED_KEY=no out of /etc/dracut-sshd/initrd.conf and type: dracut-sshd seal --reseal"
  elif ! sshd_find_host_keys >/dev/null && ! sshd_is_sealed; then
    sshd_refuse "there is no host key in /etc/ssh." \
      "Make one and build the image again: ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key"
  elif why=$(sshd_odd_dropin); then
    printf -v why %q "$why"
    sshd_refuse "sshd cannot be told to read $why, for its name holds blanks or other special characters." \
      "Give it a name of letters, digits, \"-\", \"_\" and \".\" that ends with .conf, and build the image again: mv -- $why" \
      "/etc/dracut-sshd/sshd_config.d/NAME.conf"
  elif why=$(sshd_loose_keys); then
    sshd_refuse "others than root can change who may log in, and the system's sshd would not trust such keys: ${why//$'\n'/. }." \
      "Build the image again when that is done."
  fi
}

# sshd_try SSHD: has sshd read the tree's configuration and keys there. 0: it will serve; 1: it will not, and $sshd_said
# are its words; 2: it could not be asked, and $sshd_said is why.
sshd_try() {
  local daemon=$1 key arguments status
  mkdir -p -- "$sshd_tree/dev" "$sshd_tree/run/sshd" && chmod 0755 "$sshd_tree/run/sshd" || return 2
  # sshd wants to open /dev/null. A device node may be forbidden here, or dead on this file system; a file does as well.
  if ! { : >"$sshd_tree/dev/null" && : >"$sshd_tree/empty"; }; then return 2; fi
  for key in "$sshd_tree"/etc/ssh/ssh_host_*_key; do break; done
  if [[ ! -e $key ]]; then
    sshd_said='the host key is sealed, and ssh-keygen, which would make one for this test, is not installed'
    return 2
  fi
  # First with nothing that could be wrong but the surroundings: what fails then is no verdict, unless it is the key.
  sshd_said=$(sshd_in_tree "$daemon" -t -f /empty -h "${key#"$sshd_tree"}" 2>&1) \
    || [[ $sshd_said == *hostkey* || $sshd_said == *'host key'* ]] || return 2
  mapfile -t arguments < <(sshd_arguments)
  sshd_said=$(sshd_in_tree "$daemon" -t "${arguments[@]}" 2>&1)
  status=$?
  case $status in
    0) return 0 ;;
    126 | 127) return 2 ;;
    *) return 1 ;;
  esac
}

# sshd_dropins_say KEYWORD: does one of the drop-ins, or what it includes?
sshd_dropins_say() {
  local path keyword file root=${dracutsysrootdir-}
  while IFS= read -r path; do
    if grep -qiE "^[[:space:]]*$1[[:space:]=]" -- "$(sshd_host_file "$path")"; then return 0; fi
  done < <(sshd_dropins | while IFS= read -r path; do
    printf '%s\n' "$path"
    while read -r keyword file; do
      if [[ $keyword == include ]]; then printf '%s\n' "$file"; fi
    done < <(sshd_named "$root$path")
  done)
  return 1
}

# sshd_learn_options SSHD: prints those of some newer options that this sshd knows. Together they keep one network, however many of
# its addresses it uses, from taking every place of those that have not logged in yet: an IPv6 network of /64 counts as one
# address, one address has eight places, and there are so many places that it takes many networks to fill them.
sshd_learn_options() {
  local option
  # OpenSSH 8.5 has the first two.
  for option in 'PerSourceNetBlockSize 32:64' 'PerSourceMaxStartups 8' 'MaxStartups 200:30:400'; do
    # Of several values of these some sshds take the last one.
    if sshd_dropins_say "${option%% *}"; then continue; fi
    if sshd_in_tree "$1" -t -o "${option/ /=}" >/dev/null 2>&1; then printf '%s\n' "$option"; fi
  done
}

# sshd_check_effect SSHD: what sshd says of its configuration, where no login could be tried. Said, not refused: what a Match block makes
# of it depends on the client; the address is one that nobody uses.
sshd_check_effect() {
  local answer line
  answer=$(sshd_in_tree "$1" -T -C user=root,host=client,addr=203.0.113.7,laddr=198.18.0.22,lport=22 2>/dev/null) || return 0
  while IFS= read -r line; do
    case $line in
      'permitrootlogin no' | 'pubkeyauthentication no' | 'usepam yes')
        dwarn "dracut-sshd: sshd's configuration says \"$line\": root may not be able to log in while this image boots."
        ;;
    esac
  done <<<"$answer"
}

# sshd_judge_logins SSHD: has keys log in, into $state/login, and says so where none can, or none could be tried. sshd goes in all the same:
# one that might let somebody in is better than none.
sshd_judge_logins() {
  local record
  sshd_trial "$1" >"$state/login" 2>/dev/null || :
  record=$(<"$state/login")
  case $(sshd_trial_answer "$record") in
    no)
      derror "dracut-sshd: NO: nobody can log in while this image boots: sshd refuses each key in it, or runs a command that does nothing" \
        "($(sshd_trial_reason "$record" '[a-z]+')). Mend the configuration or the keys in /etc/dracut-sshd, and build the image again."
      ;;
    untested)
      dwarn "dracut-sshd: UNTESTED: no key could be tried ($(sshd_trial_reason "$record" untested)); sshd accepts its configuration."
      sshd_check_effect "$1"
      ;;
  esac
}

# sshd_put_together SSHD: what sshd reads when it starts, in the private folder.
sshd_put_together() {
  local helpers
  mapfile -t helpers < <(sshd_find_helpers "$1")
  mkdir -p -- "$sshd_tree/etc" "$sshd_tree/root" \
    && sshd_install_programs "$1" "${helpers[@]}" \
    && sshd_install_user \
    && sshd_install_privsep_dir "$1" "${helpers[@]}" \
    && sshd_install_keys \
    && sshd_install_config
}

# sshd_is_kdump: a crash kernel's image has little memory, a dump to write, and nobody to wait for.
sshd_is_kdump() {
  [[ ${IN_KDUMP-} || " ${add_dracutmodules-} ${dracutmodules-} " == *' kdump '* || " ${add_dracutmodules-} " == *' kdumpbase '* ]]
}

# sshd_verdict: 0 if sshd may go in. The work is done once an image; what was found is kept beside dracut's own files.
sshd_verdict() {
  local state=${DRACUT_TMPDIR-}/dracut-sshd sshd_tree sshd_said='' daemon result answer
  sshd_is_kdump && return 1
  [[ ${DRACUT_TMPDIR-} ]] || state=$(mktemp -d) || return 1
  if [[ -e $state/verdict ]]; then
    [[ $(<"$state/verdict") == good ]]
    return
  fi
  mkdir -p -- "$state" || return 1
  sshd_tree=$state/tree
  result=refused
  if sshd_look; then
    daemon=$(sshd_find_daemon)
    if ! sshd_put_together "$daemon"; then
      sshd_refuse "sshd and its files could not be put together in $state." "What is said above tells why."
    else
      sshd_try "$daemon"
      case $? in
        0)
          result=good
          sshd_learn_options "$daemon" >"$state/options"
          answer=$(sshd_in_tree "$daemon" -T -C user=root,host=client,addr=203.0.113.7,laddr=198.18.0.22,lport=22 2>/dev/null) || answer=''
          sed -n 's/^authorizedkeysfile //p' <<<"$answer" >"$state/key-files"
          sed -n 's/^hostkey //p' <<<"$answer" >"$state/host-keys"
          sshd_judge_logins "$daemon"
          ;;
        1)
          sshd_refuse "sshd does not accept what would go into this image: ${sshd_said//$'\n'/; }" \
            "Mend it in /etc/dracut-sshd or /etc/ssh and build the image again."
          ;;
        *)
          result=good
          dwarn "dracut-sshd: sshd's configuration goes in UNTESTED, for sshd could not be run here: ${sshd_said//$'\n'/; }"
          ;;
      esac
    fi
  fi
  rm -rf -- "$sshd_tree"
  printf '%s\n' "$result" >"$state/verdict"
  [[ ${DRACUT_TMPDIR-} ]] || rm -rf -- "$state"
  [[ $result == good ]]
}
