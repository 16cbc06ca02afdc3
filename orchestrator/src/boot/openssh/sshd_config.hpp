// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "openssh/criterion.hpp"
#include "openssh/keyword.hpp"
#include "openssh/version.hpp"

/// sshd_config(5): files taken apart as sshd does (servconf.c), with what sshd would say of them. Nothing is opened:
/// who calls has the files.
namespace openssh {

struct Finding {
  std::string origin;  // "file:line"
  std::string message;
  bool fatal = true;      // sshd does not start; otherwise it only warns
  std::string keyword{};  // or value, in lower case, that is not known, or newer than the version, or a patch's
  bool later = false;     // a later version or a patch brought it: this sshd may know it all the same
};

[[nodiscard]] std::string to_string(const Finding& finding);  // "file:line: message"

/// What a pattern of Include stands for, in glob(3)'s order. No content: it is there and cannot be read, at which sshd
/// ends. An empty list: nothing fits, which sshd does not mind. The pattern is absolute, or begins with '~' (sshd does
/// not expand that).
using Included = std::vector<std::pair<std::string, std::optional<std::string>>>;
using Resolver = std::function<Included(const std::string& pattern)>;

struct Directive {
  const Keyword* keyword = nullptr;  // never null here: unknown ones are findings
  std::string spelled;
  std::vector<std::string> arguments;
  std::string rest;
  std::string origin;      // "file:line"
  int block = -1;          // index into Config::blocks; -1: outside of every Match
  bool commented = false;  // a '#' ends its arguments
};

struct MatchBlock {
  std::string origin;
  std::string text;  // what stands behind "Match", for people
  std::vector<Criterion> criteria;
  int parent = -1;  // the block whose Include led here: it must match as well
};

struct Config {
  std::vector<Directive> directives;  // in the order in which sshd meets them; without Match and Include
  std::vector<MatchBlock> blocks;
  std::vector<Finding> findings;
  bool cut = false;  // a limit of this reader or of sshd ended it; the findings say which
};

/// Limits on what one configuration may be: sshd has the first, the others keep a hostile image from growing on us.
inline constexpr int kIncludeDepth = 16;
inline constexpr std::size_t kConfigLines = 50'000;
inline constexpr std::size_t kConfigLineLength = 64 * 1024;
inline constexpr std::size_t kConfigFiles = 256;
inline constexpr std::size_t kConfigBytes = std::size_t{8} << 20;
inline constexpr std::size_t kFindings = 200;

[[nodiscard]] Config parse_sshd_config(std::string_view text, const std::string& file, const Resolver& resolve);

/// The lines at which an sshd of this version ends and one of another version or with a patch does not: keywords,
/// values and Match criteria that are newer, or a patch's; comments behind arguments, which came with 8.7; what is said
/// twice, or without an argument, and was once allowed, or is by now.
[[nodiscard]] std::vector<Finding> unknown_to(const Config& config, const Version& version);

}  // namespace openssh
