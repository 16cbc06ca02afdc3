// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/host_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace fleet {
namespace {

constexpr std::size_t kLongestName = 255;       // of a host, a user, a credential's file
constexpr std::size_t kLongestPath = 4096;      // PATH_MAX
constexpr std::size_t kLongestCommand = 32768;  // a quarter of what one argument may have (execve(2))
constexpr std::int64_t kLongestDeadline = 7 * 24 * 3600;
// ssh.c, valid_hostname() and valid_ruser(), has these: ProxyCommand and Match exec hand names to a shell.
constexpr std::string_view kNotInUser = "'`\"$;&<>|(){}";
constexpr std::string_view kNotInJump = "'`\"$;&<>|(){}\\";
constexpr std::string_view kNotInName = "'`\"$;&<>|(){}\\@/*?!,#";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_blank(char c) { return c == ' ' || is_control(c); }

std::optional<std::string> fault_of_word(std::string_view text, std::string_view not_in_it) {
  if (text.empty()) return "is empty";
  if (text.size() > kLongestName) return fmt::format("has {} bytes, more than {}", text.size(), kLongestName);
  if (text.front() == '-') return "begins with \"-\", as an option does";
  if (base::utf8_fault(text)) return "is not UTF-8";
  if (std::ranges::any_of(text, is_blank)) return "has a blank or a control character in it";
  const auto bad = text.find_first_of(not_in_it);
  if (bad != std::string_view::npos) return fmt::format("has \"{}\" in it", text[bad]);
  return std::nullopt;
}

const std::string& text_of(const Value& value, const std::string& expected) {
  if (value.kind != Value::Kind::text) throw fault(value, "it is " + kind_name(value), expected);
  return value.text;
}

/// A text of one line.
const std::string& line_of(const Value& value, const std::string& expected, std::size_t longest) {
  const auto& text = text_of(value, expected);
  if (text.size() > longest)
    throw fault(value, fmt::format("it has {} bytes", text.size()), fmt::format("at most {}", longest));
  if (std::ranges::any_of(text, is_control) || base::utf8_fault(text))
    throw fault(value, "it has a control character in it", expected);
  return text;
}

using FaultOf = std::optional<std::string> (*)(std::string_view);

/// "" is taken, too.
const std::string& word_of(const Value& value, FaultOf fault_of, const std::string& expected) {
  const auto& text = text_of(value, expected);
  if (text.empty()) return text;
  if (const auto why = fault_of(text))
    throw fault(value, fmt::format("\"{}\" {}", base::printable(text), *why), expected);
  return text;
}

std::optional<std::string> fault_of_jump(std::string_view text) { return fault_of_word(text, kNotInJump); }

std::optional<std::string> fault_of_credential(std::string_view text) {
  if (text == "." || text == "..") return "is a folder's name";
  // systemd's credential_name_valid(): a file's name of printable ASCII without a colon.
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return "has a character in it that is not ASCII";
  return fault_of_word(text, "/:");
}

std::string path_of(const Value& value, const Folders& folders, bool none) {
  std::string text = line_of(value, "a file's path", kLongestPath);
  if (text.empty() || (none && text == "none")) return text;
  if (text.starts_with("~/")) {
    if (folders.home.empty())
      throw fault(value, "HOME is not set, which \"~\" stands for", "a path that begins with \"/\"");
    return folders.home + text.substr(1);
  }
  if (text.front() == '~') throw fault(value, "another user's home is not looked up", "\"/…\" or \"~/…\"");
  return text.front() == '/' ? text : (folders.file / text).lexically_normal().string();
}

std::string command_of(const Value& value) {
  const std::string expected = "a command for /bin/sh";
  const auto& text = text_of(value, expected);
  if (text.size() > kLongestCommand)
    throw fault(value, fmt::format("it has {} bytes", text.size()), fmt::format("at most {}", kLongestCommand));
  const auto other = [](char c) { return is_control(c) && c != '\n' && c != '\t'; };
  if (std::ranges::any_of(text, other) || base::utf8_fault(text))
    throw fault(value, "it has a control character in it", expected);
  if (!text.empty() && base::trim(text).empty()) throw fault(value, "it is blank", expected);
  return text;
}

std::string port_of(const Value& value) {
  const std::string expected = "a port, 1 to 65535";
  std::int64_t number = value.number;
  if (value.kind == Value::Kind::text) {
    if (value.text.empty()) return "";
    const auto* const end = value.text.data() + value.text.size();
    const auto read = std::from_chars(value.text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end)
      throw fault(value, fmt::format("\"{}\" is not a number", base::printable(value.text)), expected);
  } else if (value.kind != Value::Kind::number) {
    throw fault(value, "it is " + kind_name(value), expected);
  }
  if (number < 1 || number > 65535) throw fault(value, fmt::format("it is {}", number), expected);
  return std::to_string(number);
}

std::chrono::seconds deadline_of(const Value& value) {
  const auto expected = fmt::format("whole seconds, 1 to {}", kLongestDeadline);
  if (value.kind != Value::Kind::number) throw fault(value, "it is " + kind_name(value), expected);
  if (value.number < 1 || value.number > kLongestDeadline)
    throw fault(value, fmt::format("it is {}", value.number), expected);
  return std::chrono::seconds(value.number);
}

bool truth_of(const Value& value) {
  if (value.kind != Value::Kind::boolean) throw fault(value, "it is " + kind_name(value), "true or false");
  return value.truth;
}

std::vector<std::string> addresses_of(const Value& value) {
  const std::string expected = "an address, or a list of addresses";
  auto out = texts_of(value, expected);
  for (const auto& each : out) {
    if (const auto why = fault_of_word(each, kNotInName))
      throw fault(value, fmt::format("\"{}\" {}", base::printable(each), *why), expected);
  }
  return out;
}

struct Key {
  std::string_view name;
  KeyKind kind;
  void (*set)(const Value& value, const Folders& folders, Host& host);
};

// Sorted as dracut-sshd-hosts(5) has them.
constexpr std::array kKeys{
    Key{"address", KeyKind::list, [](const Value& v, const Folders&, Host& h) { h.addresses = addresses_of(v); }},
    Key{"port", KeyKind::text, [](const Value& v, const Folders&, Host& h) { h.port = port_of(v); }},
    Key{"same-port", KeyKind::boolean, [](const Value& v, const Folders&, Host& h) { h.same_port = truth_of(v); }},
    Key{"alias", KeyKind::text,
        [](const Value& v, const Folders&, Host& h) {
          h.alias = word_of(v, fault_of_name, "the name of a line in known_hosts");
        }},
    Key{"jump", KeyKind::text,
        [](const Value& v, const Folders&, Host& h) {
          h.jump = word_of(v, fault_of_jump, "a value of ssh_config's ProxyJump");
        }},
    Key{"user", KeyKind::text,
        [](const Value& v, const Folders&, Host& h) { h.user = word_of(v, fault_of_user, "a user's name"); }},
    Key{"real-user", KeyKind::text,
        [](const Value& v, const Folders&, Host& h) { h.real_user = word_of(v, fault_of_user, "a user's name"); }},
    Key{"identity", KeyKind::text, [](const Value& v, const Folders& f, Host& h) { h.identity = path_of(v, f, true); }},
    Key{"known-hosts", KeyKind::text,
        [](const Value& v, const Folders& f, Host& h) { h.known_hosts = path_of(v, f, false); }},
    Key{"ssh-config", KeyKind::text,
        [](const Value& v, const Folders& f, Host& h) { h.ssh_config = path_of(v, f, true); }},
    Key{"accept-unsealed", KeyKind::boolean,
        [](const Value& v, const Folders&, Host& h) { h.accept_unsealed = truth_of(v); }},
    Key{"passphrase-command", KeyKind::text,
        [](const Value& v, const Folders&, Host& h) {
          h.passphrase_command = command_of(v);
          h.credential.clear();
        }},
    Key{"credential", KeyKind::text,
        [](const Value& v, const Folders&, Host& h) {
          h.credential = word_of(v, fault_of_credential, "the name of a systemd credential");
          h.passphrase_command.clear();
        }},
    Key{"answer", KeyKind::list,
        [](const Value& v, const Folders&, Host& h) {
          h.answer = texts_of(v, "a part of a prompt's message, or a list of such");
        }},
    Key{"deadline", KeyKind::number, [](const Value& v, const Folders&, Host& h) { h.deadline = deadline_of(v); }},
    Key{"wait-for", KeyKind::text, [](const Value& v, const Folders&, Host& h) { h.wait_for = command_of(v); }},
    Key{"reboot", KeyKind::text, [](const Value& v, const Folders&, Host& h) { h.reboot = command_of(v); }},
    Key{"watch", KeyKind::boolean, [](const Value& v, const Folders&, Host& h) { h.watch = truth_of(v); }},
};

}  // namespace

std::optional<KeyKind> kind_of_key(std::string_view key) {
  const auto* const found = std::ranges::find(kKeys, key, &Key::name);
  return found == kKeys.end() ? std::nullopt : std::optional(found->kind);
}

std::vector<std::string> key_names() {
  std::vector<std::string> out;
  for (const auto& key : kKeys) out.emplace_back(key.name);
  return out;
}

std::optional<std::string> fault_of_name(std::string_view name) { return fault_of_word(name, kNotInName); }

std::optional<std::string> fault_of_user(std::string_view user) {
  if (user.ends_with('\\')) return "ends with \"\\\"";
  return fault_of_word(user, kNotInUser);
}

std::vector<std::string> texts_of(const Value& value, const std::string& expected) {
  std::vector<std::string> out;
  const auto add = [&](const Value& one) {
    const auto& text = line_of(one, expected, kLongestName);
    if (text.empty()) throw fault(one, "it is empty", expected);
    out.push_back(text);
  };
  if (value.kind == Value::Kind::list) {
    for (const auto& one : value.items) add(one);
  } else {
    add(value);
  }
  return out;
}

void apply(const Value& table, const Folders& folders, Host& host, std::initializer_list<std::string_view> others) {
  if (table.kind != Value::Kind::table) throw fault(table, "it is " + kind_name(table), "a table");
  const auto* const command = table.find("passphrase-command");
  const auto* const credential = table.find("credential");
  if (command != nullptr && credential != nullptr)
    throw fault(*credential, "\"passphrase-command\" is in the same table", "one of the two");
  for (const auto& value : table.items) {
    if (std::ranges::find(others, value.key) != others.end()) continue;
    const auto* const key = std::ranges::find(kKeys, value.key, &Key::name);
    if (key == kKeys.end()) {
      auto names = key_names();
      names.insert(names.end(), others.begin(), others.end());
      const auto near = base::closest(value.key, names);
      throw fault(value, "unknown key", near ? fmt::format("\"{}\"", *near) : "one of dracut-sshd-hosts(5)");
    }
    key->set(value, folders, host);
  }
}

}  // namespace fleet
