// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/console.hpp"
#include "base/process.hpp"

/// One verb a file. Each prints its result on stdout, its talk on the console, and returns the exit status.
namespace admin {

inline constexpr int kCannotTell = 4;

struct Context {
  base::Runner& runner;
  base::Cancel& cancel;
  base::Console& console;
};

struct InspectArguments {
  std::string image;  // a path, "-", or "": this machine's next boot
  std::string kernel;
  std::string cmdline;
  std::string root = "/";
  bool host = false;
  bool json = false;
  bool quiet = false;
  bool list = false;
  bool tree = false;
  bool devices = false;
  std::string cat;
  std::string extract;
  std::string other;
  std::string html;
  std::string explain;
  bool explains = false;
};

int inspect(const InspectArguments& arguments, const Context& context);

}  // namespace admin
