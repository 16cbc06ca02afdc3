// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>

#include "vm/architecture.hpp"

namespace vm {

/// A UEFI firmware for virtual machines with Secure Boot (OVMF), as distributions install it.
struct Firmware {
  std::filesystem::path code;
  std::filesystem::path variables;  // an empty store that belongs to it
};

/// The first that is below `root`; nothing where none is, or none is known for this architecture.
[[nodiscard]] std::optional<Firmware> secure_firmware(const Architecture& architecture,
                                                      const std::filesystem::path& root = "/");

}  // namespace vm
