// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "inspect/check.hpp"

namespace inspect {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "usr/lib/dracut-sshd/sources";
constexpr const char* kModule = "/usr/lib/dracut/modules.d/46sshd";

/// As the module's digests.sh has it: the digest of its files' digests, by name.
std::string module_digest(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && !entry.is_symlink() && entry.path().filename() != "initrd.conf")
      names.push_back("./" + entry.path().lexically_relative(folder).string());
  }
  std::ranges::sort(names);
  std::string all;
  for (const auto& name : names) all += base::sha256_of_file(folder / name) + "  " + name + "\n";
  return base::sha256(all);
}

/// What became of a source: "", "changed", "gone" or "unreadable".
std::string state_of(const fs::path& root, const std::string& path, const std::string& digest) {
  if (!path.starts_with('/')) return {};  // a setting, not a file
  const auto file = root / path.substr(1);
  std::error_code ignored;
  try {
    if (path == kModule)
      return fs::is_directory(file, ignored) ? (module_digest(file) == digest ? "" : "changed") : "gone";
    if (!fs::exists(file, ignored))
      return ignored && ignored != std::errc::no_such_file_or_directory ? "unreadable" : "gone";
    return base::sha256_of_file(file) == digest ? "" : "changed";
  } catch (const std::exception&) {
    return "unreadable";
  }
}

}  // namespace

void check_current(const Facts& facts, Findings& out) {
  if (!facts.options.host) return;
  const auto record = facts.image.content(kRecord);
  if (!record) {
    if (facts.sshd.path.empty()) return;
    return out.push_back({"image.current", Severity::warning,
                          "what it was made from is not recorded in it: another version of the module made it",
                          "dracut-sshd-rebuild"});
  }
  std::vector<std::string> changed;
  std::vector<std::string> unreadable;
  std::size_t count = 0;
  for (const auto& line : base::lines(*record)) {
    if (line.size() < 67 || line.substr(64, 2) != "  ") continue;
    ++count;
    const auto path = line.substr(66);
    const auto state = state_of(*facts.options.host, path, line.substr(0, 64));
    if (state == "unreadable")
      unreadable.push_back(base::printable(path));
    else if (!state.empty())
      changed.push_back(base::printable(path) + " (" + state + ")");
  }
  // An older image lets somebody in all the same, with the keys that it has.
  if (!changed.empty())
    out.push_back(
        {"image.current", Severity::warning, "since then " + base::join(changed, ", "), "dracut-sshd-rebuild"});
  if (!unreadable.empty())
    out.push_back({"image.current", Severity::warning,
                   "cannot be compared, for they cannot be read: " + base::join(unreadable, ", "), "ask as root"});
  if (changed.empty() && unreadable.empty())
    out.push_back({"image.current", Severity::good, fmt::format("{} sources are what they were", count), ""});
}

}  // namespace inspect
