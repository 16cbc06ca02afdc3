// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/console.hpp"
#include "base/text.hpp"

namespace {

using namespace base;
using testing::HasSubstr;
using testing::Not;

/// stderr on a terminal of 20 columns while it lives.
class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)), stderr_(::dup(2)) {
    EXPECT_EQ(::grantpt(master_), 0);
    EXPECT_EQ(::unlockpt(master_), 0);
    const int slave = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    EXPECT_GE(slave, 0);
    winsize size{};
    size.ws_col = 20;
    EXPECT_EQ(::ioctl(slave, TIOCSWINSZ, &size), 0);
    ::dup2(slave, 2);
    ::close(slave);
  }
  ~Terminal() {
    restore();
    ::close(master_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// All that was written so far. The kernel hands it over in its own time, so a mark is sent behind it and waited for.
  std::string seen() {
    EXPECT_EQ(::write(2, "\x01", 1), 1);
    std::string text;
    while (!text.ends_with('\x01')) {
      pollfd ready{master_, POLLIN, 0};
      if (::poll(&ready, 1, 5000) != 1) return text + " (and no mark)";
      char buffer[4096];
      const ssize_t count = ::read(master_, buffer, sizeof buffer);
      if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    }
    text.pop_back();
    return replace_all(text, "\r\n", "\n");
  }

 private:
  void restore() {
    ::dup2(stderr_, 2);
    ::close(stderr_);
  }
  int master_, stderr_;
};

class ConsoleTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
  }
};

TEST_F(ConsoleTest, WritesPlainLinesWhereStderrIsNoTerminal) {
  testing::internal::CaptureStderr();
  {
    StderrConsole console;
    console.status("building");
    console.line("one");
    console.warn("two");
    console.line("a\nb\n");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "one\nwarning: two\na\nb\n");
}

TEST_F(ConsoleTest, DoesNotLetTextSteerTheTerminal) {
  testing::internal::CaptureStderr();
  StderrConsole().line("a\x1b]0;x\a\tb");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a\\x1b]0;x\\x07    b\n");
}

TEST_F(ConsoleTest, ReplacesTheStatusLineCutToTheWidthAndDrawsItAgainBelowALine) {
  Terminal terminal;
  StderrConsole console;
  console.status(
      "\xC3\xA9"
      "23456789012345678901234567890");
  EXPECT_EQ(terminal.seen(),
            "\r\x1b[K\xC3\xA9"
            "234567890123456789");  // 19 of 20 columns
  console.status("short");
  EXPECT_EQ(terminal.seen(), "\r\x1b[Kshort");
  console.line("stays");
  EXPECT_EQ(terminal.seen(), "\r\x1b[Kstays\nshort");
  console.clear_status();
  EXPECT_EQ(terminal.seen(), "\r\x1b[K");
  console.line("plain");
  EXPECT_EQ(terminal.seen(), "plain\n");
}

TEST_F(ConsoleTest, TakesTheStatusLineAwayAtItsEnd) {
  Terminal terminal;
  {
    StderrConsole console;
    console.status("x");
  }
  EXPECT_EQ(terminal.seen(), "\r\x1b[Kx\r\x1b[K");
}

TEST_F(ConsoleTest, UsesColoursOnATerminalUnlessToldOtherwise) {
  Terminal terminal;
  StderrConsole().warn("x");
  EXPECT_EQ(terminal.seen(), "\x1b[33mwarning:\x1b[0m x\n");
  ::setenv("NO_COLOR", "1", 1);
  StderrConsole().warn("x");
  EXPECT_EQ(terminal.seen(), "warning: x\n");
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  StderrConsole dumb;
  dumb.status("building");
  dumb.warn("x");
  EXPECT_EQ(terminal.seen(), "warning: x\n");
}

TEST_F(ConsoleTest, KeepsTheLinesOfSeveralThreadsWhole) {
  testing::internal::CaptureStderr();
  {
    StderrConsole console;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 50; ++j) console.line("0123456789");
      });
    }
    for (auto& thread : threads) thread.join();
  }
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += "0123456789\n";
  EXPECT_EQ(testing::internal::GetCapturedStderr(), expected);
}

TEST(Table, PadsColumnsByCodePointsAndLeavesNoBlanksAtTheEnd) {
  EXPECT_EQ(table({"NAME", "SIZE", "NOTE"}, {{"\xC3\xA9", "12", ""}, {"longer", "3", "x"}}, {1}),
            "NAME    SIZE  NOTE\n"
            "\xC3\xA9         12\n"
            "longer     3  x\n");
}

TEST(Table, TakesRowsOfAnyLength) {
  EXPECT_EQ(table({"A"}, {}), "A\n");
  EXPECT_EQ(table({"A"}, {{"1", "2"}, {}}), "A\n1  2\n\n");
}

}  // namespace
