// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/host_source.hpp"

#include <chrono>
#include <system_error>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"

namespace detect {
namespace {

constexpr std::chrono::seconds kPatience{15};

}  // namespace

SystemCommands::SystemCommands(const base::Context& context) : context_(context) {}

Answer SystemCommands::run(const std::vector<std::string>& argv) {
  // Where there is no room, no /dev/null, or no right to start it, there is no answer either; the rest can be found out
  // all the same.
  try {
    return answer_of(argv);
  } catch (const base::Error&) {
    return {};
  }
}

Answer SystemCommands::answer_of(const std::vector<std::string>& argv) {
  Answer answer;
  const base::TempDir scratch(base::temp_parent(), "dracut-sshd-detect-");
  const auto out = scratch.path() / "out";
  base::Command command;
  command.argv = argv;
  command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}, {"HOME", "/nonexistent"}};
  command.log = scratch.path() / "log";
  command.stdout_to = out;
  command.deadline = kPatience;
  const auto outcome = context_.runner.run(command, context_.cancel);
  answer.status = outcome.status;
  answer.state = outcome.timed_out ? Answer::State::timed_out : Answer::State::ran;
  if (answer.state != Answer::State::ran) return answer;
  std::error_code failed;
  const auto size = std::filesystem::file_size(out, failed);
  if (!failed && size > kLongestAnswer) {
    answer.state = Answer::State::too_long;
    return answer;
  }
  answer.out = base::read_file(out, kLongestAnswer);
  return answer;
}

}  // namespace detect
