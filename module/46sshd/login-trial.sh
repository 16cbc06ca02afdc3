# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (sshd_tree is module-setup.sh's, state is sshd_verdict's.)
#
# Would the keys that go into an image log in? That is not guessed from words of a configuration: in the private folder of the verdict, which
# holds what the image will hold, sshd is started, and a throw-away key of the same kind, with the options of the real one, logs in and
# runs a command. That happens in a network namespace of its own, which no network reaches, from an address that nothing was said of
# and from those that Match blocks and from= name. Where no such namespace can be had, sshd is asked on a pipe (sshd -i), and without
# addresses. First a configuration that lets everyone in is tried: if that fails, the surroundings are to blame, and
# the answer is "untested". No key of the administrator's is used, and nothing outside the folder is written.
#
# The answers are a record, in the image too, a line each, fields separated by one tab:
#   version 1 | login OUTCOME FILE NUMBER ADDRESS REASON
# OUTCOME is shell, unlock (the key is tied to a command of this module), forced (to another one), nothing (a command that neither unlocks
# nor is a shell), denied, or untested.

sshd_trial_limit=16    # different keys that are tried
sshd_trial_seconds=120 # for all of them

# sshd_trial_inside FOLDER ADDRESS SSHD ARGUMENT...: called in the namespaces. Starts sshd in FOLDER/tree, logs in as FOLDER/key says, and puts
# what ssh and sshd said into FOLDER/said and FOLDER/log.
sshd_trial_inside() {
  local folder=$1 from=$2 daemon=$3 to=198.18.0.22 length=32 line
  shift 3
  case $from in *:*) to=2001:2::22 length=128 ;; esac
  ip link set lo up && ip address add "$to/$length" dev lo && ip address add "$from/$length" dev lo || return 9
  if [[ $length == 128 ]]; then ip -6 address change "$from/128" dev lo nodad; fi
  chroot "$folder/tree" "$daemon" -D -e "$@" -p 22 -o AddressFamily=any -o "ListenAddress=$to" -o LogLevel=VERBOSE -o PidFile=none \
    >"$folder/log" 2>&1 </dev/null &
  for _ in {1..60}; do
    if { exec 3<>"/dev/tcp/$to/22" && IFS= read -r -t 2 line <&3 && [[ $line == SSH-* ]]; } 2>/dev/null; then break; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.1
  done
  exec 3<&- || :
  sshd_trial_client "$folder" -b "$from" "root@$to"
}

# sshd_trial_client FOLDER ARGUMENT...: ssh, without any of the administrator's own files.
sshd_trial_client() {
  local folder=$1
  shift
  env -i PATH="$PATH" HOME="$folder" timeout -k 2 20 ssh -F /dev/null -i "$folder/key" -o BatchMode=yes -o IdentitiesOnly=yes \
    -o IdentityAgent=none -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=no \
    -o ConnectTimeout=10 -o LogLevel=VERBOSE "$@" "$(<"$folder/command")" >"$folder/said" 2>"$folder/said.err" </dev/null
}

# sshd_trial_login ADDRESS SSHD ARGUMENT...: one login, to $folder; false where it did not even come to one.
sshd_trial_login() {
  local from=$1 daemon=$2 inside
  : >"$folder/said"
  : >"$folder/said.err"
  : >"$folder/log"
  if [[ $trial_network ]]; then
    inside=$(declare -f sshd_trial_inside sshd_trial_client)
    timeout -k 5 40 unshare --net --pid --fork --kill-child bash -c "$inside"$'\n''sshd_trial_inside "$@"' - "$folder" "$@" >/dev/null 2>&1 </dev/null
  else
    shift 2
    { printf '#!/bin/bash\nexec chroot %q %q -i -e' "$folder/tree" "$daemon" && printf ' %q' "$@" -o LogLevel=VERBOSE \
      && printf ' 2>>%q\n' "$folder/log"; } >"$folder/proxy"
    chmod 0700 "$folder/proxy"
    sshd_trial_client "$folder" -o "ProxyCommand=$folder/proxy" root@initramfs
  fi
  return 0
}

# sshd_trial_outcome: what came of it, into $outcome and $reason.
sshd_trial_outcome() {
  reason=''
  if grep -qxF "$token-shell" "$folder/said"; then
    outcome=shell
  elif grep -qxF "$token-unlock" "$folder/said"; then
    outcome=unlock
  elif grep -q '^Authenticated to ' "$folder/said.err"; then
    outcome=forced
  elif [[ ! -s $folder/said.err ]]; then
    outcome=untested reason='it took too long'
  elif grep -qE 'Connection (refused|timed out)|Network is unreachable|Cannot assign' "$folder/said.err" && ! grep -qaE '^fatal|bad addr' "$folder/log"; then
    outcome=untested reason='sshd did not listen here'
  else
    outcome=denied
    reason=$(grep -aE 'not allowed|PAM|not in Pubkey|refused|REFUSED|bad owner|permitted host|expired|revoked|fatal|rror:|nvalid|Partial publickey' "$folder/log" \
      | tail -n 1)
    case $reason in Partial*) reason='a key alone is not enough for AuthenticationMethods' ;; esac
    [[ $reason ]] || reason=$(grep -aE 'denied|closed|reset' "$folder/said.err" | tail -n 1)
    reason=${reason%$'\r'}
    reason=${reason//[![:print:]]/?}
    reason=${reason:0:200}
  fi
}

# sshd_trial_control SSHD: does a login come to an end here at all? Sets $trial_network.
sshd_trial_control() {
  local outcome reason
  ssh-keygen -q -t ed25519 -N '' -C trial -f "$folder/key" && ssh-keygen -q -t ed25519 -N '' -C trial -f "$folder/tree/trial_host_key" || return 1
  cp "$folder/key.pub" "$folder/tree/trial_keys" && chmod 0600 "$folder/tree/trial_keys" || return 1
  printf '%s\n' 'HostKey /trial_host_key' 'AuthorizedKeysFile /trial_keys' 'PermitRootLogin yes' 'PubkeyAuthentication yes' 'UsePAM no' \
    'StrictModes no' >"$folder/tree/trial_config" || return 1
  for trial_network in yes ''; do
    [[ ! $trial_network ]] || type -P ip >/dev/null || continue
    sshd_trial_login 203.0.113.7 "$1" -f /trial_config
    sshd_trial_outcome
    if [[ $outcome == shell ]]; then return 0; fi
  done
  return 1
}

# sshd_trial_tree: what a login needs beside what sshd needs to start: root, a shell, the commands of this module.
sshd_trial_tree() {
  local name file
  grep -qs '^root:' "$sshd_tree/etc/passwd" || printf 'root:x:0:0:root:/root:/bin/sh\n' >>"$sshd_tree/etc/passwd"
  grep -qs '^root:' "$sshd_tree/etc/group" || printf 'root:x:0:\n' >>"$sshd_tree/etc/group"
  # As fix-accounts leaves it at boot.
  (umask 077 && printf 'root:*:::::::\n' >"$sshd_tree/etc/shadow")
  chmod 0644 "$sshd_tree/etc/passwd" "$sshd_tree/etc/group"
  sshd_install_programs /bin/sh >/dev/null 2>&1 || return 1
  # Before glibc 2.34 who is who is looked up by a library that is not linked.
  for file in "${dracutsysrootdir-}"/{usr/,}lib{64,,/*-linux-gnu*}/libnss_files.so.2; do
    if [[ -e $file ]]; then sshd_install_programs "${file#"${dracutsysrootdir-}"}" >/dev/null 2>&1; fi
  done
  [[ -e $sshd_tree/bin || -L $sshd_tree/bin ]] || ln -s usr/bin "$sshd_tree/bin"
  [[ -x $sshd_tree/bin/sh ]] || return 1
  for name in unlock cryptroot-unlock resume-boot boot-state; do
    printf '#!/bin/sh\necho %s-unlock\n' "$token" | sshd_put 0755 - "/usr/bin/$name" || return 1
    [[ -e $sshd_tree/bin/$name ]] || printf '#!/bin/sh\necho %s-unlock\n' "$token" | sshd_put 0755 - "/bin/$name" || return 1
  done
  printf 'echo %s-shell\n' "$token" >"$folder/command"
}

# sshd_trial_key DESCRIPTION: makes a throw-away key of the same kind, FOLDER/key, once a kind; fails where there can be none.
sshd_trial_key() {
  local bits=${1%% *} type=${1##*(}
  type=${type%)} type=${type,,}
  type=${type%-cert}
  [[ $bits =~ ^[0-9]+$ && $type =~ ^(rsa|ed25519|ecdsa)$ ]] || return 1
  if [[ $type == rsa && $bits -gt 4096 ]]; then bits=4096; fi
  if [[ ! -e $folder/$type-$bits ]]; then
    timeout 60 ssh-keygen -q -t "$type" -b "$bits" -N '' -C trial -f "$folder/$type-$bits" >/dev/null 2>&1 </dev/null || return 1
  fi
  rm -f "$folder/key" "$folder/key.pub" "$folder/key-cert.pub"
  cp "$folder/$type-$bits" "$folder/key" && cp "$folder/$type-$bits.pub" "$folder/key.pub" && chmod 0600 "$folder/key"
}

# sshd_trial_certify OPTIONS: the throw-away key becomes a CA's, with a certificate of it for another one.
sshd_trial_certify() {
  local names=root file word
  [[ ! ${1,,} =~ principals=\"([^\",]+) ]] || names+=,${BASH_REMATCH[1]}
  while IFS= read -r file; do
    while read -r word _; do [[ $word =~ ^[A-Za-z0-9@._+-]+$ ]] && names+=,$word; done <"$file"
  done < <(
    compgen -G "$sshd_tree/etc/ssh/*principals*/root"
    compgen -G "$sshd_tree/etc/ssh/*principals"
  )
  mv "$folder/key" "$folder/ca" && mv "$folder/key.pub" "$folder/ca.pub" \
    && { [[ -e $folder/plain ]] || ssh-keygen -q -t ed25519 -N '' -C trial -f "$folder/plain"; } \
    && cp "$folder/plain" "$folder/key" && cp "$folder/plain.pub" "$folder/key.pub" \
    && ssh-keygen -q -s "$folder/ca" -I trial -n "$names" "$folder/key.pub" >/dev/null 2>&1
}

# sshd_trial_addresses: prints the addresses to come from: one of which nothing was said, one of each pattern of a Match block and of the
# option from= that stands on standard input.
sshd_trial_addresses() {
  local word one=203.0.113.7
  local -a patterns
  mapfile -t patterns < <({
    cat
    sed -nE 's/^[[:space:]]*Match[[:space:]](.*[[:space:]])?Address[[:space:]=]+"?([^"[:space:]]+).*/\2/Ip' "$sshd_tree"/etc/ssh/sshd_config \
      "$sshd_tree"/etc/ssh/sshd_config.d/*.conf 2>/dev/null
  } | tr ',' '\n' | sort -u)
  if [[ " ${patterns[*]}" == *' 203.0.113.'* ]]; then one=198.51.100.7; fi
  printf '%s\n' "$one"
  for word in "${patterns[@]}"; do
    [[ $word =~ ^[0-9A-Fa-f.:*?/]+$ && $word == *[.:]* ]] || continue
    word=${word//[*?]/1}
    # The first address of a range is in it.
    word=${word%/*}
    case $word in 0.0.0.0 | :: | 127.*) continue ;; esac
    printf '%s\n' "$word"
  done | head -n 8
}

# sshd_trial_key_line OPTIONS PATH: one login from each address with a key of these options in this file; adds to $answers.
sshd_trial_key_line() {
  local options=$1 path=$2 address addresses option word asked='' instead=()
  mapfile -t addresses < <(while IFS= read -r option; do if [[ ${option,,} == from=* ]]; then option=${option#*=} && printf '%s\n' "${option//\"/}"; fi; done \
    <<<"$options" | sshd_trial_addresses)
  if [[ ! $trial_network ]]; then
    # sshd on a pipe knows no address, and a list of them lets nobody in.
    asked=$(grep -i '^from=' <<<"$options")
    # What a command does here no namespace holds: none of the administrator's is run.
    options=$(grep -vi '^from=' <<<"$options" | sed 's/^[Cc][Oo][Mm][Mm][Aa][Nn][Dd]=.*/command="exit 0"/')
    if grep -qsiE '^[[:space:]]*ForceCommand' "$sshd_tree"/etc/ssh/sshd_config{,.d/*.conf}; then instead=(-o 'ForceCommand=exit 0'); fi
    [[ ${#addresses[@]} -eq 1 ]] || asked+=Match
    addresses=(-)
  fi
  options=${options//$'\n'/,}
  printf '%s%s\n' "${options:+$options }" "$(<"$folder/${trial_ca:-key}.pub")" | sshd_put 0600 - "$path" || return 1
  for address in "${addresses[@]}"; do
    if ((SECONDS - began > sshd_trial_seconds)); then
      outcome=untested reason='there was no time left'
    else
      sshd_trial_login "$address" "$daemon" ${instead[@]+"${instead[@]}"} ${arguments[@]+"${arguments[@]}"}
      sshd_trial_outcome
      if [[ $outcome == denied && $asked ]]; then
        outcome=untested reason='it depends on an address, and none could be had here'
      elif [[ $outcome == forced && ! ,${options,,} =~ ,command= ]]; then
        sshd_trial_forced "$address"
      elif [[ $outcome == forced ]] && word=$(sshd_forced_command "$line") && sshd_does_nothing "$word"; then
        outcome=nothing reason="it can only run ${word//[![:print:]]/?}"
        reason=${reason:0:100}
      fi
    fi
    answers+="$outcome"$'\t'"$address"$'\t'"${reason:--}"$'\n'
  done
}

# sshd_trial_forced ADDRESS: ForceCommand= of the configuration took the place of the command.
sshd_trial_forced() {
  local address=$1 words
  [[ $address != - ]] || address=203.0.113.7
  words=$(sshd_in_tree "$daemon" -T "${arguments[@]}" -C "user=root,host=client,addr=$address,laddr=198.18.0.22,lport=22" 2>/dev/null \
    | sed -n 's/^forcecommand //p')
  reason="ForceCommand $words"
  if [[ ${words%% *} == internal-sftp ]] || sshd_does_nothing "$words"; then outcome=nothing; fi
}

# sshd_trial SSHD: prints the record.
sshd_trial() {
  local daemon=$1 folder=$state/trial token=trial-$RANDOM$RANDOM$RANDOM trial_network='' trial_ca outcome reason tried=0 began=$SECONDS
  local path of_ca file number line options described answers answer arguments
  local -A known=()
  printf 'version\t1\n'
  mkdir -p "$folder" && chmod 0700 "$folder" && ln -s "$sshd_tree" "$folder/tree" || return 1
  if ! type -P ssh >/dev/null || ! type -P ssh-keygen >/dev/null || ! type -P timeout >/dev/null; then
    printf 'login\tuntested\t-\t-\t-\tssh and ssh-keygen, which would log in, are not installed\n'
    return 0
  fi
  if ! sshd_trial_tree || ! sshd_trial_control "$daemon"; then
    printf 'login\tuntested\t-\t-\t-\tno login comes to an end where this image is built\n'
    return 0
  fi
  # Which kinds of addresses there are is another matter.
  mapfile -t arguments < <(sshd_arguments | grep -vixE -- '-[46]|-oAddressFamily.*')
  while IFS=$'\t' read -r path of_ca; do
    file=$sshd_tree$(sshd_resolve "$sshd_tree" "$path")
    [[ -f $file ]] || continue
    cp -- "$file" "$folder/real" || continue
    number=0
    while IFS= read -r line || [[ $line ]]; do
      line=${line%$'\r'}
      [[ ! $line =~ ^[[:space:]]*(#|$) ]] || continue
      described=$(sshd_describe_line "$line")
      [[ $described ]] || continue
      number=$((number + 1))
      options=$(sshd_options "$line")
      answers=${known["$path ${described%% *} ${described##* } $options"]-}
      if [[ ! $answers ]]; then
        tried=$((tried + 1))
        if [[ $tried -gt $sshd_trial_limit ]]; then
          answers=$'untested\t-\tthere are too many keys\n'
        elif ! sshd_trial_key "$described"; then
          answers=$'untested\t-\tno key of this kind can be made here\n'
        else
          trial_ca=''
          if [[ $'\n'${options,,}$'\n' == *$'\n'cert-authority$'\n'* || $of_ca ]]; then
            trial_ca=ca
            sshd_trial_certify "$options" || answers=$'untested\t-\tno certificate can be made here\n'
          fi
          [[ $answers ]] || sshd_trial_key_line "$options" "$path"
          # Whom a certificate has to name may stand where it is not looked for.
          if [[ $trial_ca ]] && grep -qsiE '^[[:space:]]*AuthorizedPrincipals' "$sshd_tree"/etc/ssh/sshd_config{,.d/*.conf}; then
            answers=${answers//denied$'\t'/untested$'\t'}
          fi
        fi
        known["$path ${described%% *} ${described##* } $options"]=$answers
      fi
      while IFS=$'\t' read -r outcome answer reason; do
        [[ ! $outcome ]] || printf 'login\t%s\t%s\t%s\t%s\t%s\n' "$outcome" "$path" "$number" "$answer" "$reason"
      done <<<"$answers"
    done <"$folder/real"
    sshd_put 0600 "$folder/real" "$path"
  done < <(
    sshd_effective_key_files
    sshd_named_keys trustedusercakeys | sed $'s/$/\tca/'
  )
  rm -rf -- "$folder"
}

# sshd_trial_answer RECORD: what a record says on the whole: yes, no or untested.
sshd_trial_answer() {
  local word outcome rest answer=''
  while IFS=$'\t' read -r word outcome rest; do
    [[ $word == login ]] || continue
    case $outcome in
      shell | unlock | forced) echo yes && return ;;
      denied | nothing) answer=${answer:-no} ;;
      *) answer=untested ;;
    esac
  done <<<"$1"
  echo "${answer:-untested}"
}

# sshd_trial_reason RECORD OUTCOME: prints the first reason for this outcome.
sshd_trial_reason() { sed -nE $'s/^login\t'"$2"$'\t[^\t]*\t[^\t]*\t[^\t]*\t([^\t]{2,})$/\\1/p' <<<"$1" | head -n 1; }

# sshd_trial_of FILE NUMBER: prints "OUTCOME<TAB>ADDRESS<TAB>REASON" for a key, of the record of this build.
sshd_trial_of() {
  local word outcome path number rest
  while IFS=$'\t' read -r word outcome path number rest; do
    if [[ $word == login && $path == "$1" && $number == "$2" ]]; then printf '%s\t%s\n' "$outcome" "$rest"; fi
  done 2>/dev/null <"${DRACUT_TMPDIR-}/dracut-sshd/login"
}
