// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/command_use.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "inspect/exec_check.hpp"

namespace inspect {
namespace {

using Kind = openssh::CommandUse::Kind;

constexpr std::string_view kUnlock[] = {"unlock", "cryptroot-unlock", "systemd-tty-ask-password-agent",
                                        "dracut-sshd-unlock"};
constexpr std::string_view kShells[] = {"sh",   "bash", "dash", "ash",  "busybox", "ksh",
                                        "mksh", "zsh",  "fish", "tmux", "screen"};
// What ends, prints, or serves files, and does nothing else.
constexpr std::string_view kUseless[] = {"echo",
                                         "printf",
                                         "false",
                                         "true",
                                         "exit",
                                         "nologin",
                                         "sleep",
                                         "cat",
                                         ":",
                                         "date",
                                         "uptime",
                                         "borg",
                                         "rrsync",
                                         "rsync",
                                         "sftp-server",
                                         "git-shell",
                                         "svnserve",
                                         "internal-sftp",
                                         "scp",
                                         "restic",
                                         "rdiff-backup",
                                         "return",
                                         "wait",
                                         "pwd",
                                         "id",
                                         "whoami",
                                         "who",
                                         "hostname",
                                         "uname",
                                         "test",
                                         "[",
                                         "git-upload-pack",
                                         "git-receive-pack"};
// They run what stands behind them.
constexpr std::string_view kBefore[] = {"exec", "command", "eval", "nice", "nohup", "time",
                                        "then", "do",      "else", "{",    "(",     "!"};
constexpr std::string_view kReserved[] = {"if",  "fi", "done",   "for",   "while", "case", "esac", "}",     ")",
                                          "set", "cd", "export", "unset", "umask", "trap", "read", "shift", "local"};

bool is_one_of(std::string_view word, const auto& all) { return std::ranges::find(all, word) != std::end(all); }

std::string_view last_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// A command line of a shell in simple commands, each in words: as far as quotes, separators and comments go.
std::vector<std::vector<std::string>> simple_commands(std::string_view text) {
  std::vector<std::vector<std::string>> out(1);
  std::string word;
  bool in_word = false;
  char quote = 0;
  const auto end_word = [&] {
    if (in_word) out.back().push_back(std::move(word));
    word.clear();
    in_word = false;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && quote != '\'' && at + 1 < text.size()) {
      word += text[++at];
      in_word = true;
    } else if (quote != 0) {
      c == quote ? void(quote = 0) : void(word += c);
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == '#' && !in_word) {
      at = std::min(text.find('\n', at), text.size()) - 1;
    } else if (c == ';' || c == '&' || c == '|' || c == '\n') {
      end_word();
      if (!out.back().empty()) out.emplace_back();
    } else if (c == ' ' || c == '\t') {
      end_word();
    } else {
      word += c;
      in_word = true;
    }
  }
  end_word();
  if (out.back().empty()) out.pop_back();
  return out;
}

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 &&
         word.substr(0, equals).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
             std::string_view::npos;
}

/// Where a name leads; nothing if no such program is in the image, or it cannot run.
bool can_start(const Facts& facts, std::string_view name) {
  std::string path(name);
  if (path.find('/') == std::string::npos) path = facts.program(name);
  return !path.empty() && why_exec_fails(facts, path.substr(path.starts_with('/') ? 1 : 0)).empty();
}

/// By the first word that is a program; nothing for a line of the shell's own.
std::optional<openssh::CommandUse> use_of_words(const Facts& facts, std::vector<std::string> words) {
  while (!words.empty() &&
         (is_assignment(words.front()) || is_one_of(words.front(), kBefore) || last_name(words.front()) == "env"))
    words.erase(words.begin());
  if (words.empty() || is_one_of(words.front(), kReserved)) return std::nullopt;
  const auto& first = words.front();
  const auto name = last_name(first);
  if (first.find("SSH_ORIGINAL_COMMAND") != std::string::npos) return openssh::CommandUse{};
  // The shell's own: they are there wherever it is.
  if (first != name || !is_one_of(name, kUseless)) {
    if (first.find('$') != std::string::npos || first.find('`') != std::string::npos)
      return openssh::CommandUse{Kind::unknown, "runs what a variable holds: what that is cannot be told"};
    if (!can_start(facts, first)) return openssh::CommandUse{Kind::useless, "is not in the image, or cannot run there"};
  }
  if (is_one_of(name, kUseless) || is_no_shell(name))
    return openssh::CommandUse{Kind::useless, "unlocks nothing, and gives no shell"};
  if (is_one_of(name, kUnlock)) return openssh::CommandUse{};
  if (is_one_of(name, kShells)) {
    if (words.size() < 3 || words[1] != "-c") return openssh::CommandUse{};
    return use_of_command(facts, words[2]);
  }
  return openssh::CommandUse{Kind::unknown, "is in the image; whether it unlocks cannot be told"};
}

}  // namespace

openssh::CommandUse use_of_command(const Facts& facts, std::string_view command) {
  constexpr std::size_t kLongest = 4096;
  if (command.size() > kLongest) return {Kind::unknown, "is too long to be read here"};
  if (base::trim(command).starts_with("internal-sftp")) return {Kind::useless, "transfers files, and gives no shell"};
  std::optional<openssh::CommandUse> worst;
  for (const auto& words : simple_commands(command)) {
    const auto use = use_of_words(facts, words);
    if (!use) continue;
    if (use->kind == Kind::useful) return *use;
    if (!worst || (worst->kind == Kind::useless && use->kind == Kind::unknown)) worst = use;
  }
  return worst.value_or(openssh::CommandUse{Kind::useless, "does nothing"});
}

bool is_no_shell(std::string_view path) {
  constexpr std::string_view kNames[] = {"nologin", "false",     "true", "sync",   "shutdown",
                                         "halt",    "git-shell", "rssh", "scponly"};
  return is_one_of(last_name(path), kNames);
}

}  // namespace inspect
