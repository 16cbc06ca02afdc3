// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace build {

/// An exclusive lock on a file (flock(2)), held for the object's life. base::Error when another process holds it. The
/// kernel lets go of it however the process ends.
class Lock {
 public:
  explicit Lock(const std::filesystem::path& file);
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int fd_;
};

}  // namespace build
