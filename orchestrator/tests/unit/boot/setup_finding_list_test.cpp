// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "base/files.hpp"
#include "setup/finding_list.hpp"

namespace {

/// Every "host.NAME" in the room's sources but for the list itself.
std::set<std::string> ids_in_sources() {
  std::set<std::string> out;
  const std::filesystem::path folder = PROJECT_ROOT "/orchestrator/src/boot/setup";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("findings") || !name.ends_with(".cpp")) continue;
    const auto text = base::read_file(entry.path(), 1U << 20U);
    for (std::size_t at = text.find("\"host."); at != std::string::npos; at = text.find("\"host.", at + 1))
      out.insert(text.substr(at + 1, text.find('"', at + 1) - at - 1));
  }
  return out;
}

TEST(HostChecks, AreWhatFindingsAreCalled) {
  std::set<std::string> listed;
  for (const auto& check : setup::host_checks()) {
    EXPECT_TRUE(listed.emplace(check.id).second) << check.id << " is there twice";
    EXPECT_FALSE(check.statement.empty());
    EXPECT_TRUE(check.why.ends_with('.')) << check.id;
    EXPECT_EQ(inspect::check_of(check.id), nullptr) << check.id;
    EXPECT_EQ(setup::host_check_of(check.id)->why, check.why);
  }
  EXPECT_EQ(listed, ids_in_sources());
  EXPECT_EQ(setup::host_check_of("host.none"), nullptr);
}

}  // namespace
