# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's, sshd_tree is that of files.sh.)
#
# What a build says of each authorized key: who may log in, and who gets in and can do nothing.

# sshd_tell_of_key WHERE NUMBER DESCRIPTION COMMAND FILE: what this key can do, by what came of it when it was tried (login-trial.sh).
sshd_tell_of_key() {
  local program outcome address reason good='' bad='' first='' why='' what="$1, key $2"
  while IFS=$'\t' read -r outcome address reason; do
    case $outcome in
      shell | unlock | forced) good+=" $address" first=${first:-good} ;;
      denied) bad+=" $address" first=${first:-bad} why=$reason ;;
      nothing) why=$reason ;;
    esac
  done < <(sshd_trial_of "$5" "$2")
  if [[ $good && $bad ]]; then
    if [[ $first == good ]]; then what+=", but not from$bad"; else what+=", only from$good"; fi
  fi
  if [[ $4 ]] && sshd_does_nothing "$4"; then
    sshd_warn "key $2 in $1 gets neither a shell nor unlocks anything, for it can only run \"$4\": $3"
  elif [[ $why && ! $good ]]; then
    sshd_warn "key $2 in $1 does NOT log in, as it was tried ($why): $3"
  elif [[ -z $4 ]]; then
    sshd_tell "may log in ($what): $3"
  elif program=$(sshd_missing_program "$4"); then
    sshd_warn "key $2 in $1 gets neither a shell nor unlocks anything, for it can only run \"$4\", and $program is not in this image: $3"
  else
    sshd_tell "may log in ($what), and only run \"$4\": $3"
  fi
}

# sshd_tell_of_keys: who may log in, of all files that the image's sshd reads. Called when everything else is in the image.
sshd_tell_of_keys() {
  local path file source number described command found=''
  while IFS= read -r path; do
    file=$sshd_tree$(sshd_resolve "$sshd_tree" "$path")
    [[ -f $file && -r $file ]] || continue
    source=$path
    if [[ $path == /root/.ssh/authorized_keys ]]; then source=$(sshd_find_authorized_key_path) || continue; fi
    while IFS=$'\t' read -r number described command; do
      found=yes
      sshd_tell_of_key "$source" "$number" "$described" "$command" "$path"
    done < <(sshd_each_key "$file")
  done < <(sshd_effective_key_files)
  while IFS= read -r path; do
    found=yes
    while IFS= read -r described; do sshd_tell "may log in with a certificate of ($path): $described"; done \
      < <(sshd_describe_keys "$(sshd_host_file "$path")")
  done < <(sshd_named_keys trustedusercakeys)
  [[ $found ]] || sshd_warn "no file that this image's sshd reads holds an authorized key: nobody can log in. What AuthorizedKeysFile names" \
    "(%u is root, %h is /root) comes along only where the system has it."
}
