// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "initramfs/inner.hpp"
#include "initramfs/source.hpp"
#include "inspect/facts.hpp"

/// The system on the scratch disk: a shell script in the place of init, and the image's own shell to run it. It says on
/// the console that it is there, and what the initramfs has left behind; then it switches the machine off.
namespace rehearsal {

/// What it begins each of its lines with; the token comes behind, so that no other output can be taken for it.
[[nodiscard]] std::string marker_line(const std::string& token, const std::string& text);

/// What a console has shown, without the lines of the kernel ("[   85.107178] sysrq: Power Off"), which come at any
/// time, also in the midst of somebody else's.
[[nodiscard]] std::string without_kernel(std::string_view console);

/// Writes its files below `folder`, which is made.
void write_marker(const std::filesystem::path& folder, const std::string& token, const inspect::Facts& facts,
                  initramfs::Source& source, const initramfs::Inner& inner);

}  // namespace rehearsal
