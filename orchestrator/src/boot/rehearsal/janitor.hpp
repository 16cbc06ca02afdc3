// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>

#include "base/background.hpp"
#include "base/fd.hpp"

namespace rehearsal {

/// Removes a folder when this program is gone without having done so itself, as after SIGKILL: a child that waits for
/// the end of a pipe.
class Janitor {
 public:
  explicit Janitor(const std::filesystem::path& folder);
  ~Janitor();
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

 private:
  base::Fd pipe_;  // whose other end the child reads
  std::unique_ptr<base::Background> child_;
};

}  // namespace rehearsal
