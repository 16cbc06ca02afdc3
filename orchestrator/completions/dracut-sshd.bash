# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Completion of dracut-sshd(1) for bash. It needs no other completion: source it, or put it where bash-completion looks.

# _dracut_sshd_checks PROGRAM: the names of its checks, asked of itself.
_dracut_sshd_checks() { "$1" inspect explain 2>/dev/null </dev/null | awk 'NR > 1 { print $1 }'; }

_dracut_sshd() {
  local current=$2 previous=$3 program=${COMP_WORDS[0]/#\~\//$HOME/} choices=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'setup doctor inspect rehearse unlock watch seal --help --version' -- "$current")
    return 0
  fi
  if [[ ${COMP_WORDS[1]} == doctor ]]; then
    if [[ $previous == explain ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$("$program" doctor explain 2>/dev/null | sed -n 's/ .*//; /^host/p')" -- "$current")
    else
      mapfile -t COMPREPLY < <(compgen -W 'explain --json --quiet --help' -- "$current")
    fi
    return 0
  fi
  if [[ ${COMP_WORDS[1]} == seal ]]; then
    case $previous in
      --public-key) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      --pcrs | --public-key-pcrs | --tpm-device) ;;
      *)
        choices='--status --reseal --remove --pcrs --public-key --public-key-pcrs --tpm-device --no-unsealed-key --no-recovery-key --new-key --no-rebuild --dry-run --json --help'
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
        ;;
    esac
    return 0
  fi
  if [[ ${COMP_WORDS[1]} == setup ]]; then
    case $previous in
      --key | --html | --program | --identity | -i | --ssh-config | -F) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      --port | --ssh-port) ;;
      *)
        if [[ $current == -* ]]; then
          choices='--yes --dry-run --remove --check --key --unlock-only --no-host-key --seal --port --no-network --no-install --replace-generator --no-rehearse --sshfp --html --program --ssh-config --identity --ssh-port --write-config --json --help'
          mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
        else
          mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
        fi
        ;;
    esac
    return 0
  fi
  if [[ ${COMP_WORDS[1]} == watch ]]; then
    case $previous in
      --known-hosts | --identity | -i | --ssh-config | -F | --inventory | --metrics) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      --user) mapfile -t COMPREPLY < <(compgen -u -- "$current") ;;
      --passphrase-command | --approve | --notify | --listen | --interval | --hold | --parallel | --port | -p) ;;
      *)
        if [[ $current == -* ]]; then
          choices='--inventory --passphrase-command --approve --notify --listen --metrics --interval --hold --parallel --user --port --known-hosts --identity --ssh-config --json --help'
          mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
        else
          mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
        fi
        ;;
    esac
    return 0
  fi
  if [[ ${COMP_WORDS[1]} == unlock ]]; then
    case $previous in
      --known-hosts | --identity | -i | --ssh-config | -F | --inventory) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      --user) mapfile -t COMPREPLY < <(compgen -u -- "$current") ;;
      --passphrase-* | --alias | --port | -p | --deadline | --wait-for | --serial | --max-failures | --notify) ;;
      *)
        if [[ $current == -* ]]; then
          choices='--alias --known-hosts --trust-new-host-key --accept-unsealed --user --port --same-port --identity --ssh-config --passphrase-fd --passphrase-command --pin --deadline --no-wait --wait-for --after-reboot --reboot --check --all --inventory --serial --max-failures --notify --detailed-exit-status --json --help'
          mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
        else
          mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
        fi
        ;;
    esac
    return 0
  fi
  if [[ ${COMP_WORDS[1]} == rehearse ]]; then
    case $previous in
      --root | --report) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
      --release) mapfile -t COMPREPLY < <(compgen -W "$(compgen -G '/usr/lib/modules/*' | sed 's|.*/||')" -- "$current") ;;
      --disk) mapfile -t COMPREPLY < <(compgen -W 'luks= fs=' -- "$current") ;;
      --cmdline | --memory | --patience) ;;
      --image | --kernel | --key | --secure-boot-keys) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      *)
        choices='--image --kernel --release --cmdline --root --key --secure-boot-keys --no-firmware --as-is --disk --break --wrong-passphrase --interactive --console --report --memory --patience --emulate --json --help'
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
        ;;
    esac
    return 0
  fi
  case $previous in
    explain) choices=$(_dracut_sshd_checks "$program") ;;
    --kernel) choices=$(compgen -G '/usr/lib/modules/*' | sed 's|.*/||') ;;
    --root)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return 0
      ;;
    --cmdline | --from) return 0 ;;
  esac
  if [[ ! $choices && $current == -* && $previous != --html ]]; then
    case ${COMP_WORDS[2]} in
      list | diff) choices='--kernel --root --json --help' ;;
      tree) choices='--kernel --root --html --json --help' ;;
      extract) choices='--devices --help' ;;
      explain) choices='--json --help' ;;
      cat) choices='--help' ;;
      *) choices='--kernel --cmdline --host --root --from --try --json --quiet --help' ;;
    esac
  fi
  if ((COMP_CWORD == 2)) && [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(
      compgen -W 'list tree cat extract diff explain' -- "$current"
      compgen -f -- "$current"
    )
    return 0
  fi
  if [[ $choices ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}

complete -o filenames -F _dracut_sshd dracut-sshd
