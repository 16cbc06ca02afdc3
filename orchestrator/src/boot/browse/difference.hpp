// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "initramfs/image.hpp"

/// Two images, file by file. Both were read with digests.
namespace browse {

struct Change {
  enum class Kind { came, went, changed };
  Kind kind = Kind::changed;
  std::string path;
  std::int64_t bytes = 0;  // how much more there is now
  std::string what;        // of a change: "contents", "mode 0600 -> 0644", "target a -> b"
};

struct Difference {
  std::vector<Change> changes;                // the heaviest first
  std::map<std::string, std::int64_t> areas;  // bytes more, by the kind of thing
  std::vector<std::string> modules_came;      // dracut's
  std::vector<std::string> modules_went;
  std::int64_t bytes = 0;
};

[[nodiscard]] Difference compare(const initramfs::Image& before, const initramfs::Image& after);

}  // namespace browse
