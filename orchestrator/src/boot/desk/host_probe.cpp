// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/host_probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace desk {
namespace {

constexpr std::string_view kProbeMark = "dracut-sshd-desk ";
constexpr std::size_t kLongestPath = 1024;

bool consists_of(std::string_view text, std::string_view bytes) {
  return !text.empty() && text.find_first_not_of(bytes) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kMachine = "abcdefghijklmnopqrstuvwxyz0123456789_";

base::Error broken(const std::string& key, const std::string& value) {
  return base::Error(
      fmt::format("the host says of its {}: \"{}\"; expected something else", key, base::printable(value)));
}

std::optional<std::vector<unsigned>> numbers(std::string_view version) {
  std::vector<unsigned> out;
  for (const auto& part : base::split(version, '.')) {
    unsigned value = 0;
    const auto* const end = part.data() + part.size();
    const auto read = std::from_chars(part.data(), end, value);
    if (part.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    out.push_back(value);
  }
  return out.empty() ? std::nullopt : std::optional(out);
}

RootBy root_by(const std::string& uid, const std::string& sudo) {
  if (uid == "0") return RootBy::login;
  if (sudo == "free") return RootBy::sudo;
  return sudo == "asks" ? RootBy::asks : RootBy::none;
}

}  // namespace

const std::string& probe_script() {
  static const std::string script = R"sh(PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
say() { echo "dracut-sshd-desk $*"; }
echo
say machine "$(uname -m)"
uid=$(id -u)
say uid "$uid"
say session "$SSH_CONNECTION"
if program=$(command -v dracut-sshd); then
  say program "$program"
  say version "$("$program" --version </dev/null 2>/dev/null)"
fi
if [ "$uid" = 0 ]; then say sudo none
elif ! command -v sudo >/dev/null; then say sudo none
elif sudo -n true </dev/null >/dev/null 2>&1; then say sudo free
else say sudo asks
fi
)sh";
  return script;
}

HostProbe parse_probe(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const auto& line : base::lines(text)) {
    const auto words = base::trim(line);
    if (!words.starts_with(kProbeMark)) continue;
    const auto rest = words.substr(kProbeMark.size());
    const auto key = rest.substr(0, rest.find(' '));
    values.emplace(key, base::trim(rest.substr(key.size())));
  }
  HostProbe out;
  out.machine = values["machine"];
  if (!consists_of(out.machine, kMachine) || out.machine.size() > 32) throw broken("machine", out.machine);
  const auto& uid = values["uid"];
  if (!consists_of(uid, kDigits) || uid.size() > 10) throw broken("user", uid);
  out.root = root_by(uid, values["sudo"]);
  // "ADDRESS PORT ADDRESS PORT" (ssh(1), ENVIRONMENT), the client's first
  const auto session = base::split(values["session"], ' ');
  if (session.size() == 4 && consists_of(session[3], kDigits) && session[3].size() <= 5) out.server_port = session[3];
  const auto& program = values["program"];
  if (program.empty()) return out;
  // `command -v` prints an alias's or a function's name otherwise.
  if (!program.starts_with('/') || program.size() > kLongestPath || base::printable(program, kLongestPath) != program)
    throw broken("dracut-sshd", program);
  out.program = program;
  constexpr std::string_view kName = "dracut-sshd ";
  const auto& version = values["version"];
  if (version.starts_with(kName) && numbers(version.substr(kName.size()))) out.version = version.substr(kName.size());
  return out;
}

bool is_as_new(std::string_view found, std::string_view wanted) {
  const auto left = numbers(found);
  const auto right = numbers(wanted);
  return left && right && !std::ranges::lexicographical_compare(*left, *right);
}

}  // namespace desk
