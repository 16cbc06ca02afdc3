// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/host_source.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/process.hpp"
#include "base/text.hpp"

namespace detect {

SystemCommands::SystemCommands(const base::Context& context, std::chrono::seconds patience)
    : context_(context), patience_(patience) {}

Answer SystemCommands::run(const std::vector<std::string>& argv) {
  Answer answer;
  if (mute_.contains(argv.front())) {
    answer.state = Answer::State::timed_out;
    return answer;
  }
  base::Command command;
  command.argv = argv;
  command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}, {"HOME", "/nonexistent"}};
  command.capture = kLongestAnswer;
  command.deadline = patience_;
  try {
    auto outcome = context_.runner.run(command, context_.cancel);
    answer.status = outcome.status;
    answer.state = outcome.timed_out  ? Answer::State::timed_out
                   : outcome.too_long ? Answer::State::too_long
                                      : Answer::State::ran;
    if (answer.state != Answer::State::ran)
      context_.console.warn(
          fmt::format("{}: it {}; what it would tell is left out", base::printable(base::shell_quote(argv), 200),
                      outcome.timed_out ? fmt::format("did not end within {} s", patience_.count())
                                        : fmt::format("prints more than {}", base::human_size(kLongestAnswer))));
    if (outcome.timed_out) mute_.insert(argv.front());
    if (answer.state == Answer::State::ran) answer.out = std::move(outcome.out);
  } catch (const base::Error&) {
    // Where there is no /dev/null, or no right to start it, there is no answer either; the rest can be found out all
    // the same.
  }
  return answer;
}

}  // namespace detect
