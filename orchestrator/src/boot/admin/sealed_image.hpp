// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/context.hpp"

namespace admin {

/// The sealed key in the image that this machine boots next.
struct SealedImage {
  std::string image;                      // "": none was found
  std::string why;                        // why there is none, or why it could not be read
  std::optional<std::string> credential;  // nothing: the image has no sealed key
};

/// Throws for nothing that an image or the machine says.
[[nodiscard]] SealedImage credential_of_next_boot(const std::filesystem::path& root, const base::Context& context);

}  // namespace admin
