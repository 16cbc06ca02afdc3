// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "inspect/facts.hpp"
#include "rehearsal/overlay.hpp"

namespace rehearsal {

/// Kernel modules of the system at `root` that the image shall have, too, with all that they need, and the indexes that
/// depmod(8) makes of these and of the image's own. `scratch` is a folder for depmod to work in. base::Error if the
/// system has no such kernel, or no such module.
void add_drivers(Overlay& overlay, const std::vector<std::string>& names, const inspect::Facts& facts,
                 initramfs::Source& source, const initramfs::Inner& inner, const std::filesystem::path& root,
                 const std::filesystem::path& scratch, const base::Context& context);

/// Which files of a kernel's modules.dep (modules.dep(5)) these names need, themselves among them, by their paths
/// there; a name that is nowhere is base::Error. What is built into the kernel (modules.builtin) needs nothing.
[[nodiscard]] std::vector<std::string> needed_modules(const std::vector<std::string>& names,
                                                      std::string_view dependencies, std::string_view builtin);

}  // namespace rehearsal
