// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "base/error.hpp"
#include "base/streamed.hpp"

namespace base {
namespace {

Command shell(const std::string& script) {
  Command out;
  out.argv = {"/bin/sh", "-c", script};
  out.env = {{"PATH", "/usr/bin:/bin"}};
  return out;
}

struct Streams {
  std::string out, err;
  [[nodiscard]] TakeBytes to_out() {
    return [this](std::string_view bytes) { out += bytes; };
  }
  [[nodiscard]] TakeBytes to_err() {
    return [this](std::string_view bytes) { err += bytes; };
  }
};

TEST(Streamed, HandsOnBothStreamsAndTheStatus) {
  const Cancel cancel;
  Streams said;
  EXPECT_EQ(run_streamed(shell("echo out; echo err >&2; exit 7"), said.to_out(), said.to_err(), cancel), 7);
  EXPECT_EQ(said.out, "out\n");
  EXPECT_EQ(said.err, "err\n");
  EXPECT_EQ(run_streamed(shell("kill -KILL $$"), nullptr, nullptr, cancel), 128 + SIGKILL);
}

TEST(Streamed, WhatATakerThrowsEndsTheChild) {
  const Cancel cancel;
  std::size_t taken = 0;
  const auto limited = [&](std::string_view bytes) {
    taken += bytes.size();
    if (taken > 100000) throw Error("too long");
  };
  EXPECT_THROW((void)run_streamed(shell("yes"), limited, nullptr, cancel), Error);
  taken = 0;
  EXPECT_THROW((void)run_at_terminal(shell("yes"), limited, cancel), Error);
}

TEST(Streamed, AskedToStopItEndsTheGroup) {
  Cancel cancel;
  const auto stop = [&](std::string_view) { cancel.request(SIGINT); };
  EXPECT_THROW((void)run_streamed(shell("echo ready; sleep 1000 & wait"), stop, nullptr, cancel), Interrupted);
}

TEST(AtTerminal, TakesOutputAndGivesInput) {
  const Cancel cancel;
  Streams said;
  auto command = shell("read -r line; echo \"$line!\"; exit 3");
  command.data[0] = "hello\n";
  EXPECT_EQ(run_at_terminal(command, said.to_out(), cancel), 3);
  EXPECT_EQ(said.out, "hello!\n");
  command.argv = {"no-such-program-of-anybody"};
  EXPECT_THROW((void)run_at_terminal(command, said.to_out(), cancel), Error);
}

TEST(AtTerminal, StaysInTheCallersProcessGroup) {
  const Cancel cancel;
  Streams said;
  EXPECT_EQ(
      run_at_terminal(shell("ps -o pgid= -p $$ 2>/dev/null || cut -d ' ' -f 5 /proc/$$/stat"), said.to_out(), cancel),
      0);
  EXPECT_EQ(std::stoi(said.out), getpgrp());
}

TEST(AtTerminal, AskedToStopItAsksTheChild) {
  Cancel cancel;
  const auto stop = [&](std::string_view) { cancel.request(SIGTERM); };
  EXPECT_THROW((void)run_at_terminal(shell("echo ready; exec sleep 1000"), stop, cancel), Interrupted);
}

}  // namespace
}  // namespace base
