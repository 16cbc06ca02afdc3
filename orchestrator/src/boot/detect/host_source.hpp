// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/context.hpp"

/// What `dracut-sshd doctor` and `setup` find out about the machine they run on. Nothing is changed. Everything that is
/// read is untrusted: files and programs may lie, be missing, hang, or print something that is not UTF-8. What could
/// not be found out is said in a `faults` list, as sentences for people, and never throws.
namespace detect {

/// What a program printed.
struct Answer {
  enum class State {
    ran,        // it ended by itself: `status` counts
    absent,     // it is not installed, or could not be started
    timed_out,  // it was killed
    too_long,   // it printed more than is read
  };
  State state = State::absent;
  int status = 0;
  std::string out;  // its standard output, bytes as they came
  [[nodiscard]] bool ok() const { return state == State::ran && status == 0; }
};

/// Runs a program of the system with a fixed environment (C locale) and without standard input. Tests have recorded
/// answers in its place.
class Commands {
 public:
  virtual ~Commands() = default;
  [[nodiscard]] virtual Answer run(const std::vector<std::string>& argv) = 0;
};

inline constexpr std::size_t kLongestAnswer = 4U << 20U;  // bytes

/// A program that does not end in time is not asked again; of that, and of one that prints too much, the console hears
/// once.
class SystemCommands final : public Commands {
 public:
  explicit SystemCommands(const base::Context& context, std::chrono::seconds patience = std::chrono::seconds(15));
  [[nodiscard]] Answer run(const std::vector<std::string>& argv) override;

 private:
  base::Context context_;
  std::chrono::seconds patience_;
  std::set<std::string> mute_;  // programs that did not end in time
};

struct Source {
  std::filesystem::path root;  // "/", or in tests a folder that looks like one
  Commands& commands;
  const std::map<std::string, std::string>& environment;  // SSH_CONNECTION, SUDO_USER, SSH_AUTH_SOCK
};

}  // namespace detect
