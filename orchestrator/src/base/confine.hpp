// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/command.hpp"
#include "base/context.hpp"

/// Programs that read foreign bytes, below bubblewrap: they see /usr, an empty /tmp and what is named here, each at its
/// own place. (A build step has a world of its own: sandbox.hpp.)
namespace base {

struct Confinement {
  std::vector<std::filesystem::path> writable;  // folders
  std::vector<std::filesystem::path> readable;  // files and folders, beside /usr; what is not there is passed over
  std::vector<std::filesystem::path> devices;   // of /dev, beside null and the like; what is not there is passed over
  bool network = false;                         // this machine's; otherwise none at all
};

/// What is needed to run `command` so. Its environment, descriptors, cwd, logs and deadline stay. A program outside of
/// the system's folders is shown inside, with its folder. Pure: it only looks at which folders the host has.
[[nodiscard]] Command confined(const Command& command, const Confinement& confinement);

/// Whether bubblewrap can do that here, tried with a program that does nothing; if not, why. `path`: PATH.
[[nodiscard]] std::string why_not_confined(const Confinement& confinement, const std::string& path,
                                           const Context& context);

}  // namespace base
