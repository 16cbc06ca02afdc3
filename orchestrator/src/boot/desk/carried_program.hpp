// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/fd.hpp"

namespace desk {

/// A program that runs on another machine as it is: one static file.
struct CarriedProgram {
  base::Fd file;  // open for reading
  std::filesystem::path path;
};

/// The program to carry to a host of this machine (`uname -m`): `named`, or if that is empty this program itself.
/// base::Error, with what to type, if it is no ELF file, needs a loader or libraries, or is of another architecture.
[[nodiscard]] CarriedProgram program_for(const std::string& machine, const std::filesystem::path& named,
                                         const std::string& host);

/// Why the file does not run on such a machine, as the end of a sentence about it; "" if it does. For unit tests.
[[nodiscard]] std::string why_not_carried(const std::filesystem::path& path, const std::string& machine);

}  // namespace desk
