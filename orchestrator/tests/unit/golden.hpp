// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/files.hpp"

/// Texts that were looked at and accepted: tests/golden/NAME. With ACCEPT_GOLDEN=1 they are rewritten, and the test
/// reports SKIPPED, so that an accepting run never looks green.
namespace golden {

inline std::filesystem::path folder() { return std::filesystem::path(PROJECT_ROOT) / "orchestrator/tests/golden"; }

inline bool accepting() {
  const char* value = std::getenv("ACCEPT_GOLDEN");
  return value != nullptr && std::string(value) == "1";
}

/// The first line in which two texts differ, for a message that can be read without a tool.
inline std::string first_difference(const std::string& expected, const std::string& actual) {
  std::istringstream a(expected);
  std::istringstream b(actual);
  std::string left;
  std::string right;
  for (int number = 1;; ++number) {
    const bool more_left = static_cast<bool>(std::getline(a, left));
    const bool more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) return "only their last line ends differently";
    if (more_left != more_right || left != right) {
      return "line " + std::to_string(number) + ":\n  golden: " + (more_left ? left : "(end)") +
             "\n  now:    " + (more_right ? right : "(end)");
    }
  }
}

/// Call it as the last thing of a test: an accepting run ends there.
inline void compare(const std::string& name, const std::string& actual) {
  const auto file = folder() / name;
  if (accepting()) {
    base::make_dirs(file.parent_path());
    base::write_file(file, actual);
    GTEST_SKIP() << "accepted as " << file.string();
  }
  ASSERT_TRUE(std::filesystem::exists(file))
      << file << " is missing; look at the text, then run with ACCEPT_GOLDEN=1:\n"
      << actual;
  const auto expected = base::read_file(file, 4U << 20U);
  EXPECT_TRUE(expected == actual) << file << " differs at " << first_difference(expected, actual)
                                  << "\nIf that is meant, run with ACCEPT_GOLDEN=1 and look at the difference.";
}

}  // namespace golden
