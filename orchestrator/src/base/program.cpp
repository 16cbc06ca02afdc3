// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/program.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

extern char** environ;

namespace base {
namespace {

std::map<std::string, std::string> whole_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) out.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

}  // namespace

void tell(const Error& error, Console& console) {
  console.clear_status();
  // By the console, which escapes: an error may name what an image, a file or a host has chosen.
  console.line(fmt::format("error: {}", error.what()));
  if (!error.hint().empty()) console.line(fmt::format("  hint: {}", error.hint()));
}

int written(int status, int failed) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good()) return status;
  fmt::print(stderr, "error: cannot write to standard output\n");
  return failed;
}

int run_program(const std::function<int(const Context&, Cancel&)>& work, int failed) {
  SystemRunner runner;
  SystemClock clock;
  Cancel cancel;
  const auto environment = whole_environment();
  int interrupted = 0;
  int status = 0;
  {
    const SignalScope signals(cancel);
    StderrConsole console;
    try {
      status = work({runner, cancel, console, environment, clock}, cancel);
    } catch (const Interrupted& stop) {
      interrupted = stop.signal();
    }
  }
  if (interrupted == 0) return written(status, failed);
  ::signal(interrupted, SIG_DFL);
  ::raise(interrupted);
  return 128 + interrupted;
}

}  // namespace base
