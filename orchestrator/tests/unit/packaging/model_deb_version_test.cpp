// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "base/process.hpp"
#include "model/deb_version.hpp"

namespace {

struct Row {
  const char* a;
  int order;  // of a against b, as dpkg --compare-versions has it
  const char* b;
};

constexpr Row kTable[] = {
    {"1.0", 0, "1.0"},
    {"1.0", -1, "1.1"},
    {"1.9", -1, "1.10"},
    {"1.0", -1, "1.0.1"},
    {"01.0", 0, "1.00"},
    {"1.0", 0, "1.0-0"},
    {"1.0", 0, "1.0-00"},
    {"1.0~rc1", -1, "1.0"},
    {"1.0~~", -1, "1.0~"},
    {"1.0~", -1, "1.0~a"},
    {"1.0~1", -1, "1.0~2"},
    {"1.0-1", -1, "1.0-2"},
    {"1.0-1", -1, "1.0-1.1"},
    {"1.0-1~deb12+1", -1, "1.0-1"},
    {"1.0.0-1~deb12+1", -1, "1.0.0-1~deb13+1"},
    {"1.0.0-1~deb9+1", -1, "1.0.0-1~deb12+1"},
    {"1.0.0-1~ubuntu24.04+1", -1, "1.0.0-1~ubuntu26.04+1"},
    {"1.0.0-1~ubuntu26.04+1", -1, "1.0.0-1~ubuntu26.10+1"},
    {"1.0.0-1~deb12+1", -1, "1.0.0-1~ubuntu24.04+1"},
    {"1.0.0-1", -1, "1.0.0-1+b1"},
    {"1.0a", 1, "1.0"},
    {"1.0a", -1, "1.0b"},
    {"1.0A", -1, "1.0a"},
    {"1.0a", -1, "1.0+"},
    {"1.0+", -1, "1.0."},
    {"1.0+1", 1, "1.0"},
    {"1.0-a", 1, "1.0"},
    {"1.0-~1", -1, "1.0"},
    {"1-1-1", 1, "1-1"},
    {"1-1-1", -1, "1-2-1"},
    {"0.7.1-1", -1, "1.0.0-1~deb12+1"},
    {"1.2.3-00012345678901234567890123", 0, "1.2.3-12345678901234567890123"},
    {"1.2.3-12345678901234567890123", -1, "1.2.3-12345678901234567890124"},
    {"1.0.a.1", 1, "1.0.1"},
};

int sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

TEST(DebVersion, OrdersTheTableBothWaysRound) {
  for (const auto& [a, order, b] : kTable) {
    EXPECT_EQ(sign(model::compare_deb_versions(a, b)), order) << a << " against " << b;
    EXPECT_EQ(sign(model::compare_deb_versions(b, a)), -order) << b << " against " << a;
  }
}

TEST(DebVersion, TheRealDpkgOrdersTheTableInTheSameWay) {
  const std::string path = "/usr/bin:/bin";
  if (!base::find_program("dpkg", path)) GTEST_SKIP() << "dpkg is not installed (package: dpkg)";
  base::SystemRunner runner;
  const base::Cancel cancel;
  for (const auto& [a, order, b] : kTable) {
    base::Command command;
    command.argv = {"dpkg", "--compare-versions", a, order < 0 ? "lt" : order > 0 ? "gt" : "eq", b};
    command.env = {{"PATH", path}};
    EXPECT_EQ(runner.run(command, cancel).status, 0) << a << " against " << b;
  }
}

}  // namespace
