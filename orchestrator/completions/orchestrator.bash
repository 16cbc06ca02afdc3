# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Completion of orchestrator(1) for bash. It needs no other completion: source it, or put it where bash-completion looks.

# _orchestrator_ask KEY...: values out of `orchestrator list --json`, joined by ":"; nothing when it has nothing to say.
_orchestrator_ask() {
  local -a project=()
  local i
  for ((i = 1; i < ${#words[@]} - 1; i++)); do
    [[ ${words[i]} != --project ]] || project=(--project "${words[i + 1]}")
    [[ ${words[i]} != --project=* ]] || project=("${words[i]}")
  done
  # The program as it was typed: it may be one of a build folder's.
  local program=${words[0]/#\~\//$HOME/}
  "$program" list --json "${project[@]}" 2>/dev/null </dev/null | awk -v keys="$*" '
    BEGIN { count = split(keys, key, " ") }
    match($0, /^ *"[a-z]+": "[^"]*"/) { split($0, part, "\""); value[part[2]] = part[4] }
    /^ *"packages": \[/ { in_packages = keys == "packages"; next }
    in_packages && match($0, /^ *"[^"]*"/) { split($0, part, "\""); if (!(part[2] in seen)) print part[2]; seen[part[2]] = 1 }
    /^ *\]/ { in_packages = 0 }
    /^ *}/ && keys != "packages" {
      line = value[key[1]]
      for (i = 2; i <= count; i++) line = line ":" value[key[i]]
      if (!(line in seen)) print line
      seen[line] = 1
    }'
}

_orchestrator() {
  # bash splits words at ":" and "=", which names of releases and --option=value do not want; words are those between blanks.
  local -a words=()
  local line=${COMP_LINE:0:COMP_POINT}
  read -r -a words <<<"$line"
  [[ $line != *[[:blank:]] ]] || words+=('')
  COMPREPLY=()
  ((${#words[@]} > 1)) || return 0

  local last=$((${#words[@]} - 1))
  local current=${words[last]} previous=${words[last - 1]} verb='' word
  for word in "${words[@]:1:last-1}"; do
    case $word in
      list | show | check | schema | diff | build | matrix | key | publish | submit | verify) verb=$word && break ;;
    esac
  done
  if [[ $current == --*=* ]]; then
    previous=${current%%=*}
    current=${current#*=}
  fi

  local choices='' files=''
  case $verb:$previous in
    [a-z]*:--distro) choices=$(_orchestrator_ask distribution && _orchestrator_ask distribution release) ;;
    matrix:--output) choices='table json github gitlab tests' ;;
    build:--format) choices=$(_orchestrator_ask format) ;;
    submit:--to) choices='copr= obs= ppa=ppa: aur guru=' ;;
    submit:--sign | submit:--revision | submit:--archive | submit:--tries) return 0 ;;
    [a-z]*:--package) choices=$(_orchestrator_ask packages) ;;
    [a-z]*:--project | submit:--out | build:--out | *:--tools | publish:--to | publish:--from) files=-d ;;
    [a-z]*:--source | verify:--key | submit:--config | matrix:--reach) files=-f ;;
    build:--jobs | build:-j | matrix:--changed-since | matrix:--arch | matrix:--runner | *:--packager | key:--user | key:--expires | verify:--newer-than | publish:--sign | publish:--url | publish:--keep) return 0 ;;
    *)
      case $verb in
        '') choices='list show check schema diff build matrix key publish submit verify --help --version' ;;
        list) choices='--help --project --json' ;;
        show) choices='--help --project --distro --all --json' ;;
        check)
          choices='--help --project --json'
          [[ $current == -* ]] || files=-f
          ;;
        schema) choices='--help --merged --man' ;;
        diff) choices='--help --project --distro --all --package --source' ;;
        key)
          choices='list new extend export --help'
          case " ${words[*]} " in
            *' list '*) choices='--help --json' ;;
            *' new '*) choices='--help --user --expires --no-passphrase' ;;
            *' extend '*) choices='--expires --help' ;;
            *' export '*) choices=--help ;;
          esac
          ;;
        matrix) choices='--help --project --distro --all --json --output --changed-since --reach --nightly --without-nightly --arch --runner' ;;
        publish)
          choices='--help --project --distro --all --package --json --source --packager --to --sign --next --valid-for --url --from --keep --dry-run --allow-placeholders --tools'
          ;;
        submit)
          choices='--help --to --project --distro --all --package --json --source --packager --config --sign --revision --archive --out --tools --tries --no-wait --dry-run'
          ;;
        verify)
          choices='--help --json --key --newer-than --project --packager --tools'
          [[ $current == -* ]] || files=-f
          ;;
        build)
          choices='--help --project --distro --all --package --json --source --packager --format --out --jobs --tools --keep-work --dry-run'
          ;;
      esac
      [[ -z $verb || $verb == key || $current == -* || $files ]] || return 0
      [[ -z $files ]] || choices=''
      ;;
  esac

  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$files" -- "$current")
    return 0
  fi
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  # readline replaces what stands behind the last ":" or "=" only.
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("${COMPREPLY[@]#"${current%:*}:"}")
  fi
}

complete -F _orchestrator orchestrator
