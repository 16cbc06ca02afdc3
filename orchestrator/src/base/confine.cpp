// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/confine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/error.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"

namespace base {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::array kSystem{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

void add(Words& argv, const Words& more) { argv.insert(argv.end(), more.begin(), more.end()); }

/// The folder of a program that lies elsewhere; "" if the system's folders have it.
fs::path folder_of_program(const Command& command) {
  const auto path = command.env.find("PATH");
  const fs::path named = command.argv.empty() ? "" : command.argv[0];
  const auto found = named.has_parent_path()     ? std::optional(named)
                     : path == command.env.end() ? std::nullopt
                                                 : find_program(named.string(), path->second);
  if (!found || !found->is_absolute()) return {};
  const auto folder = found->parent_path().lexically_normal();
  const auto top = "/" + (folder.begin() == folder.end() ? "" : std::next(folder.begin())->string());
  return std::ranges::find(kSystem, top) == kSystem.end() ? folder : fs::path();
}

}  // namespace

Command confined(const Command& command, const Confinement& confinement) {
  Command out = command;
  out.argv = {"bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"};
  if (confinement.network) out.argv.emplace_back("--share-net");
  add(out.argv, system_binds());
  // What programs of /usr reach through /etc.
  for (const auto* path : {"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"})
    add(out.argv, {"--ro-bind-try", path, path});
  for (const auto& each : confinement.devices) add(out.argv, {"--dev-bind-try", each.string(), each.string()});
  auto readable = confinement.readable;
  if (const auto folder = folder_of_program(command); !folder.empty()) readable.push_back(folder);
  for (const auto& each : readable) add(out.argv, {"--ro-bind-try", each.string(), each.string()});
  for (const auto& each : confinement.writable) add(out.argv, {"--bind", each.string(), each.string()});
  add(out.argv, {"--remount-ro", "/", "--chdir", command.cwd.empty() ? "/" : command.cwd.string(), "--"});
  add(out.argv, command.argv);
  return out;
}

std::string why_not_confined(const Confinement& confinement, const std::string& path, const Context& context) {
  Command trial;
  trial.argv = {"true"};
  trial.env = {{"PATH", path}, {"LC_ALL", "C"}};
  trial.deadline = std::chrono::seconds(20);
  trial.dies_with_parent = true;
  try {
    const auto outcome = context.runner.run(confined(trial, confinement), context.cancel);
    if (outcome.timed_out) return "bubblewrap does not answer";
    if (outcome.status == 0) return "";
    const auto said = lines(outcome.tail);
    return said.empty() ? fmt::format("bubblewrap ended with status {}", outcome.status) : said.back();
  } catch (const Error& error) {
    if (error.exit() == Exit::missing_tool) return "bubblewrap is not installed (package: bubblewrap)";
    return error.what();
  }
}

}  // namespace base
