// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/context.hpp"
#include "remote/calls.hpp"
#include "remote/event.hpp"
#include "remote/passphrase_source.hpp"
#include "remote/questions.hpp"
#include "remote/wait.hpp"

namespace remote {

/// What came of one attempt to answer the prompts of a machine that has let us in.
struct SendResult {
  enum class End {
    unseen,         // ssh was shown no key that known_hosts has for it: nothing was sent
    cut,            // the connection ended before an outcome came
    opened,         // every disk that was asked for is open
    refused,        // one was refused
    nothing,        // nothing is asked for
    no_outcome,     // none within the patience of unlock
    no_passphrase,  // there was none to send: nothing was sent
  };
  End end = End::unseen;
  std::string detail;  // printable
};

/// Gets the passphrases and sends them: one to every disk, or to each prompt the one that is for it.
class Sender {
 public:
  /// `could_be`: whether a call may have reached the initramfs, by the key that it was shown. `left`: the seconds until
  /// the machine's deadline.
  Sender(const Calls& calls, PassphraseSource& source, const Wait& wait, const base::Context& context, const Tell& tell,
         std::function<bool(const Call&)> could_be, std::function<double()> left)
      : calls_(calls),
        source_(source),
        wait_(wait),
        context_(context),
        tell_(tell),
        could_be_(std::move(could_be)),
        left_(std::move(left)) {}

  [[nodiscard]] SendResult send(const Target& target);

 private:
  [[nodiscard]] SendResult send_to_all(const Target& target);
  [[nodiscard]] SendResult send_to_each(const Target& target);
  /// Nothing: the initramfs cannot list its prompts to us.
  [[nodiscard]] std::optional<std::vector<Question>> waiting(const Target& target, std::optional<SendResult>& end);
  [[nodiscard]] SendResult answer(const Target& target, const Question* question, const std::string& command);
  [[nodiscard]] bool is_new(const Question& question) const;
  const Calls& calls_;
  PassphraseSource& source_;
  const Wait& wait_;
  base::Context context_;
  const Tell& tell_;
  std::function<bool(const Call&)> could_be_;
  std::function<double()> left_;
  std::map<std::string, int> answered_;  // Id, unit and message of a question -> how often
};

}  // namespace remote
