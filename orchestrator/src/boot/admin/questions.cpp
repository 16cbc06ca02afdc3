// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/questions.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/error.hpp"
#include "base/text.hpp"

namespace admin {
namespace {

constexpr std::size_t kLongestAnswer = 4096;

/// A line without its end; the terminal edits it. At the end of the input what is there so far.
std::string line_of_input(const base::Cancel& cancel) {
  std::string out;
  while (out.size() < kLongestAnswer) {
    std::array<pollfd, 2> waits{{{STDIN_FILENO, POLLIN, 0}, {cancel.fd(), POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) {
        cancel.throw_if_requested();
        continue;
      }
      throw base::system_error("waiting for an answer");
    }
    cancel.throw_if_requested();
    char byte = 0;
    const auto got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw base::system_error("reading an answer");
    if (got == 0 || byte == '\n') break;
    out += byte;
  }
  return out;
}

}  // namespace

bool somebody_is_there() { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }

std::string asked(const std::string& question, const std::string& otherwise, const base::Cancel& cancel) {
  std::fputs(base::printable_text(fmt::format("{} [{}] ", question, otherwise)).c_str(), stderr);
  std::fflush(stderr);
  const auto answer = std::string(base::trim(line_of_input(cancel)));
  return answer.empty() ? otherwise : answer;
}

bool asked_yes(const std::string& question, bool otherwise, const base::Cancel& cancel) {
  for (;;) {
    const auto answer = asked(question, otherwise ? "Y/n" : "y/N", cancel);
    if (answer == "Y/n" || answer == "y" || answer == "Y" || answer == "yes") return true;
    if (answer == "y/N" || answer == "n" || answer == "N" || answer == "no") return false;
    std::fputs("Please answer y or n.\n", stderr);
  }
}

}  // namespace admin
