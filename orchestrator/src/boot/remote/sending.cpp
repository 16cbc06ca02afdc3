// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/sending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"

namespace remote {
namespace {

// The exit statuses of unlock (dracut-sshd-unlock(8)), and the shell's for what it does not find.
constexpr int kOpen = 0;
constexpr int kRefused = 1;
constexpr int kNothing = 2;
constexpr int kNoOutcome = 3;
constexpr int kNotFound = 127;

constexpr std::chrono::seconds kPatience{240};  // more than the 60 and 120 s of unlock itself
constexpr std::chrono::seconds kListPatience{30};
constexpr std::chrono::milliseconds kPause{1000};  // between two looks at the prompts
constexpr double kFirstWait = 90;                  // for a prompt: a TPM or a token may be tried first
constexpr double kNextWait = 4;                    // for a further one
constexpr int kMostAnswers = 2;                    // to one question, where a connection was cut
constexpr std::size_t kMostQuestions = 64;         // of one machine: more disks than any has

std::string key_of(const Question& question) { return question.unit + '\n' + question.id + '\n' + question.message; }

/// What is shown of a question.
std::string name_of(const Question& question) {
  return question.message.empty() ? question.id : base::printable(question.message, 200);
}

}  // namespace

SendResult Sender::send(const Target& target) {
  return source_.by_question() && !wait_.pin ? send_to_each(target) : send_to_all(target);
}

SendResult Sender::send_to_all(const Target& target) {
  tell_({State::sending, wait_.pin ? "in the initramfs; sending the PIN" : "in the initramfs; sending the passphrase"});
  return answer(target, nullptr, wait_.pin ? "unlock --pin --wait 60" : "unlock --wait 60");
}

SendResult Sender::answer(const Target& target, const Question* question, const std::string& command) {
  Secret secret;
  try {
    secret = source_.passphrase(question, context_.cancel);
  } catch (const base::Error& error) {
    return {SendResult::End::no_passphrase, error.what()};
  }
  const auto call = calls_.ask(target, System::initramfs, command, kPatience, &secret);
  if (!call.ran) {
    if (!could_be_(call)) return {};
    // The boot went on and cut us off; or somebody tripped over a cable.
    const auto words = last_line(call.outcome);
    tell_({State::sending,
           "the connection ended before an outcome came" + (words.empty() ? "" : " (unverified: " + words + ")")});
    return {SendResult::End::cut, ""};
  }
  for (const auto& line : told_lines(call.outcome)) tell_({State::sending, "it says: " + line});
  const auto detail = last_line(call.outcome);
  switch (call.outcome.status) {
    case kOpen:
      return {SendResult::End::opened, detail};
    case kRefused:
      return {SendResult::End::refused, detail};
    case kNothing:
      return {SendResult::End::nothing, detail};
    case kNoOutcome:
      return {SendResult::End::no_outcome, detail};
    case kNotFound:
      return {SendResult::End::refused, "there is no unlock in that initramfs: " + detail};
    default:
      return {SendResult::End::refused, fmt::format("unlock ended with {}: {}", call.outcome.status, detail)};
  }
}

std::optional<std::vector<Question>> Sender::waiting(const Target& target, std::optional<SendResult>& end) {
  const auto call = calls_.read(target, System::initramfs, "unlock --list --json", kListPatience);
  if (!call.ran) {
    end = SendResult{could_be_(call) ? SendResult::End::cut : SendResult::End::unseen, ""};
    return std::nullopt;
  }
  if (call.outcome.status != kOpen && call.outcome.status != kNothing) return std::nullopt;
  try {
    return questions_of(call.outcome.out);
  } catch (const base::Error&) {
    return std::nullopt;  // as from a key that may do nothing but unlock
  }
}

bool Sender::is_new(const Question& question) const {
  const auto found = answered_.find(key_of(question));
  return found == answered_.end() || found->second < kMostAnswers;
}

SendResult Sender::send_to_each(const Target& target) {
  auto until = context_.clock.now() + std::min(answered_.empty() ? kFirstWait : kNextWait, left_());
  bool any_opened = false;
  std::string others;
  while (true) {
    std::optional<SendResult> end;
    const auto all = waiting(target, end);
    if (any_opened && !all) return {SendResult::End::opened, ""};  // the boot goes on
    if (end) return *end;
    if (!all) {
      tell_({State::initramfs, "its prompts cannot be told apart: one passphrase for all"});
      return send_to_all(target);
    }
    const auto questions = to_answer(*all, wait_.answer);
    const auto next = std::ranges::find_if(questions, [this](const Question& each) { return is_new(each); });
    if (next != questions.end()) {
      if (answered_.size() >= kMostQuestions) return {SendResult::End::refused, "it asks for more than 64 passphrases"};
      tell_({State::sending, "it asks: " + name_of(*next)});
      ++answered_[key_of(*next)];
      auto result = answer(target, &*next, answer_command(*next));
      if (result.end != SendResult::End::opened && result.end != SendResult::End::nothing) return result;
      // One that is gone was answered by systemd's own memory of another disk's passphrase, or at the console.
      ++answered_[key_of(*next)];
      any_opened = true;
      until = context_.clock.now() + std::min(kNextWait, left_());
      continue;
    }
    if (!all->empty() && questions.empty()) others = name_of(all->front());
    if (context_.clock.now() >= until) break;
    context_.clock.sleep(kPause, context_.cancel);
  }
  if (any_opened) return {SendResult::End::opened, ""};
  return {SendResult::End::nothing,
          others.empty() ? "" : "what it asks for is no disk's passphrase, nor named by \"answer\": " + others};
}

}  // namespace remote
