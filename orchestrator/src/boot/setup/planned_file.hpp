// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace setup {

/// A file that setup writes.
struct PlannedFile {
  std::string path;  // absolute
  std::string content;
  unsigned mode = 0644;
  std::string purpose;  // for people: "the keys that may log in"
  bool secret = false;  // its content is never shown
};

}  // namespace setup
