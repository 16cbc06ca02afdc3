// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fleet/event_line.hpp"

namespace fleet {
namespace {

TEST(EventLine, HasTheFieldsThatTheManualNames) {
  EXPECT_EQ(state_line(1764512345.5, "db1", 12.3456, {remote::State::going_down, "the real system is going down"}),
            R"({"time":"2025-11-30T14:19:05.500Z","event":"state","host":"db1","state":"going-down","seconds":12.346,)"
            R"("text":"the real system is going down"})");
  EXPECT_EQ(result_line(0, "db1", {remote::Outcome::wrong_key, "it shows another key", 600}),
            R"({"time":"1970-01-01T00:00:00.000Z","event":"result","host":"db1","outcome":"wrong-host-key",)"
            R"("seconds":600.0,"detail":"it shows another key"})");
  EXPECT_EQ(end_line(0, {{remote::Outcome::unlocked, "", 1}, {remote::Outcome::unlocked, "", 2}}, 0),
            R"({"time":"1970-01-01T00:00:00.000Z","event":"end","hosts":2,"outcomes":{"unlocked":2},"exit":0})");
  EXPECT_EQ(preflight_line(0, "db1", {"passphrase", Preflight::Result::bad, "none"}),
            R"({"time":"1970-01-01T00:00:00.000Z","event":"check","host":"db1","check":"passphrase",)"
            R"("result":"failed","detail":"none"})");
}

TEST(EventLine, IsOneLineOfAsciiWhateverAHostIsCalled) {
  const auto line = result_line(0,
                                "d\xff"
                                "b\n\x1b[2J",
                                {remote::Outcome::unlocked, "\xc3\xa9\n", 0});
  EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos);
  EXPECT_TRUE(std::ranges::all_of(line, [](char byte) { return byte >= ' ' && byte <= '~'; }));
  EXPECT_TRUE(nlohmann::json::accept(line));
}

}  // namespace
}  // namespace fleet
