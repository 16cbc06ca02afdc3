// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/command.hpp"
#include "base/context.hpp"

/// Isolation of a build step by bubblewrap: no network, /usr read-only, a synthetic /etc, one writable folder at a
/// fixed path. The fixed path is what makes SRPMs and Arch packages reproducible: they record where they were built.
namespace base {

struct Sandbox {
  std::filesystem::path job;  // host folder, bound read-write to /build
  std::vector<std::pair<std::filesystem::path, std::string>>
      read_only;     // host path -> path inside (skipped if absent on the host)
  unsigned uid = 0;  // who the step believes to be; 1000 for makepkg, which refuses root
};

inline constexpr const char* kInside = "/build";

/// What is needed to run `command` inside; its cwd, log and stdout_to are host paths or, for cwd, a path inside (below
/// /build; a host path below `job` is translated, no cwd is /build). Pure: nothing runs; it only looks at which folders
/// the host has. The environment inside is exactly command.env plus HOME=/tmp/home. Writable inside are /build, /tmp,
/// /var/tmp and /run; all but /build is gone afterwards. /etc is made here (Command::data) but for what the loader,
/// alternatives and rpm's macros need; a `read_only` pair may cover a part of it. Error for a cwd outside of /build and
/// for a place inside that is no absolute path.
[[nodiscard]] Command wrap(const Command& command, const Sandbox& sandbox);

/// bwrap's arguments that show /usr, what belongs to it, and fresh /proc, /dev, /tmp, /var/tmp and /run.
[[nodiscard]] std::vector<std::string> system_binds();

/// The same command without isolation, for hosts that forbid user namespaces: paths below /build become the host
/// folder's. Pure.
[[nodiscard]] Command unwrapped(const Command& command, const Sandbox& sandbox);

/// Whether bubblewrap can make namespaces here: the real set of arguments is tried with a program that does nothing. If
/// not, the reason, for one warning: the build then runs in a process group only and is not isolated. Keep the answer:
/// every call tries again.
[[nodiscard]] std::string why_no_sandbox(const Context& context);

}  // namespace base
