// SPDX-License-Identifier: GPL-3.0-or-later
#include "submit/submitter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/sandbox.hpp"
#include "base/text.hpp"

namespace submit {
namespace fs = std::filesystem;
using services::Answer;
using services::Call;
using services::Failure;
using services::RemoteState;
using services::Reply;
using services::Submission;
namespace {

constexpr std::chrono::seconds kDeadline{900};  // of one call: an upload over a slow line
constexpr std::uint64_t kLargest = 64U << 20U;
constexpr auto kLongestPause = std::chrono::seconds(30);  // between two questions about a build: copr-cli's own
constexpr unsigned kPatience = 20;                        // questions until a build must have appeared

/// A transient failure.
struct Transient {
  services::ClassifiedFailure failure;
  std::string program;
};

std::string whole(const fs::path& file) { return fs::exists(file) ? base::read_file(file, kLargest) : std::string(); }

bool has_receipt(const Submission& submission, const fs::path& folder) {
  if (submission.receipt.empty() || !fs::is_directory(folder)) return false;
  return std::ranges::any_of(fs::directory_iterator(folder), [&](const auto& entry) {
    const auto name = entry.path().filename().string();
    return name.starts_with(submission.receipt) && name.ends_with(".upload") && entry.file_size() > 0;
  });
}

}  // namespace

Submitter::Submitter(const services::Service& service, const base::Context& context, Setting setting)
    : service_(service),
      context_(context),
      setting_(std::move(setting)),
      talk_(base::temp_parent(), "orchestrator-submit.") {}

void Submitter::tell(const Submission& submission, const std::string& text) {
  context_.console.line(fmt::format("{}: {}: {}", service_.name(), submission.what, text));
}

Reply Submitter::run(const Call& call, const fs::path& folder) {
  context_.cancel.throw_if_requested();
  base::Command command;
  command.argv = call.argv;
  command.stdout_to = talk_.path() / "out";
  command.log = talk_.path() / "talk";
  command.deadline = kDeadline;
  fs::remove(command.log);
  fs::remove(command.stdout_to);
  if (call.isolated) {
    command.env = {{"PATH", setting_.environment.at("PATH")}, {"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}};
    command.cwd = fs::path(base::kInside) / call.cwd;
    const base::Sandbox sandbox{folder, {}, 1000};
    command = setting_.isolated ? base::wrap(command, sandbox) : base::unwrapped(command, sandbox);
  } else {
    command.env = setting_.environment;
    command.cwd = folder / call.cwd;
    base::make_dirs(command.cwd);
  }
  const auto outcome = context_.runner.run(command, context_.cancel);
  return {outcome.status, whole(talk_.path() / "out"), whole(talk_.path() / "talk"), outcome.timed_out};
}

std::vector<Reply> Submitter::run(const Submission& submission, const Calls& calls, const fs::path& folder) {
  std::vector<Reply> replies;
  for (const auto& call : calls) {
    replies.push_back(run(call, folder));
    if (replies.back().status == 0 || call.may_fail) continue;
    const auto failure = services::classify_failure(replies.back());
    if (failure.kind == Failure::transient) throw Transient{failure, call.argv.front()};
    const auto error = base::Error(fmt::format("{}: {}: {}", submission.what, call.argv.front(), failure.why))
                           .with_hint(service_.remedy(submission, failure.kind));
    if (failure.kind == Failure::auth) throw Denied(error);
    throw base::Error(error);
  }
  return replies;
}

template <typename Action>
auto Submitter::patiently(const Submission& submission, const Action& action) {
  for (unsigned failed = 0;; ++failed) {
    try {
      return action();
    } catch (const Transient& passing) {
      if (failed + 1 >= setting_.tries)
        throw base::Error(fmt::format("{}: {}: {}", submission.what, passing.program, passing.failure.why))
            .with_hint(
                fmt::format("tried {} times; run the same command again when the service works", setting_.tries));
      const auto wait = services::pause(failed, setting_.chance(), passing.failure.retry_after);
      tell(submission, fmt::format("{}; trying again in {:.1f} s ({} of {})", passing.failure.why,
                                   std::chrono::duration<double>(wait).count(), failed + 2, setting_.tries));
      context_.clock.sleep(wait, context_.cancel);
    }
  }
}

Answer Submitter::ask(const Submission& submission, const fs::path& folder) {
  const auto replies = run(submission, submission.ask, folder);
  auto answer = service_.answer(submission, replies);
  if (!answer.say.empty())
    context_.console.warn(fmt::format("{}: {}: {}", service_.name(), submission.what, answer.say));
  return answer;
}

Answer Submitter::watch(const Submission& submission, const fs::path& folder, Answer answer, bool sent) {
  std::map<std::string, std::string> told;
  unsigned absent = 0;
  for (unsigned asked = 0;; ++asked) {
    for (const auto& [place, state] : answer.states) {
      if (told[place] == state) continue;
      tell(submission, fmt::format("{}: {}", place, state));
      told[place] = state;
    }
    const bool settled = answer.standing == RemoteState::there || answer.standing == RemoteState::failed;
    if (settled || (answer.standing == RemoteState::absent && (!sent || ++absent > kPatience))) return answer;
    const auto wait = services::pause(asked, setting_.chance(), {});
    context_.clock.sleep(std::min<std::chrono::milliseconds>(wait, kLongestPause), context_.cancel);
    answer = patiently(submission, [&] { return ask(submission, folder); });
  }
}

void Submitter::send(const Submission& submission, const fs::path& folder, const Packing& packing,
                     bool without_shared) {
  if (submission.sign) packing.signed_(without_shared);
  if (!submission.check.empty()) {
    const auto why = service_.refusal(submission, run(submission, submission.check, folder), folder);
    if (!why.empty())
      throw base::Error(fmt::format("{}: {}", submission.what, why))
          .with_hint(service_.remedy(submission, Failure::permanent));
  }
  tell(submission, fmt::format("handing over to {}", submission.to));
  (void)run(submission, submission.send, folder);
  shared_there_.insert(submission.name);
}

SubmitResult Submitter::once(const Submission& submission, const fs::path& folder, const Packing& packing) {
  if (has_receipt(submission, folder)) {
    shared_there_.insert(submission.name);
    return {Handed::unchanged, "the client's log says that it was uploaded", {}};
  }
  base::remove_tree(folder);
  base::make_dirs(folder);
  packing.plain();
  auto answer = ask(submission, folder);
  if (answer.standing == RemoteState::under_way) {
    if (!setting_.wait) return {Handed::under_way, "it is there, and being built", answer.states};
    tell(submission, "it is there, and being built");
    answer = watch(submission, folder, answer, false);
    if (answer.standing == RemoteState::failed) return {Handed::failed, "the build failed", answer.states};
  }
  if (answer.shared_there) shared_there_.insert(submission.name);
  if (answer.standing == RemoteState::there) return {Handed::unchanged, "it is there already", answer.states};
  send(submission, folder, packing, shared_there_.contains(submission.name));
  if (!submission.builds || !setting_.wait) return {Handed::submitted, "", {}};
  answer = watch(submission, folder, patiently(submission, [&] { return ask(submission, folder); }), true);
  if (answer.standing == RemoteState::there) return {Handed::submitted, "", answer.states};
  return {Handed::failed,
          answer.standing == RemoteState::failed ? "the build failed" : "the service shows no build of it",
          answer.states};
}

SubmitResult Submitter::hand_over(const Submission& submission, const fs::path& folder, const Packing& packing) {
  return patiently(submission, [&] { return once(submission, folder, packing); });
}

std::map<std::string, std::string> client_environment(const std::map<std::string, std::string>& whole,
                                                      const std::string& path_list) {
  static constexpr std::array<std::string_view, 26> kPassedOn{"HOME",
                                                              "USER",
                                                              "LOGNAME",
                                                              "GNUPGHOME",
                                                              "GPG_TTY",
                                                              "TERM",
                                                              "SSH_AUTH_SOCK",
                                                              "SSH_AGENT_PID",
                                                              "GIT_SSH",
                                                              "GIT_SSH_COMMAND",
                                                              "KRB5CCNAME",
                                                              "KRB5_CONFIG",
                                                              "SSL_CERT_FILE",
                                                              "SSL_CERT_DIR",
                                                              "REQUESTS_CA_BUNDLE",
                                                              "CURL_CA_BUNDLE",
                                                              "http_proxy",
                                                              "https_proxy",
                                                              "ftp_proxy",
                                                              "no_proxy",
                                                              "HTTPS_PROXY",
                                                              "NO_PROXY",
                                                              "XDG_CONFIG_HOME",
                                                              "XDG_RUNTIME_DIR",
                                                              "XDG_CACHE_HOME",
                                                              "DBUS_SESSION_BUS_ADDRESS"};
  std::map<std::string, std::string> out{{"PATH", path_list}, {"LC_ALL", "C.UTF-8"}, {"GIT_TERMINAL_PROMPT", "0"}};
  for (const auto name : kPassedOn) {
    if (const auto found = whole.find(std::string(name)); found != whole.end()) out.insert(*found);
  }
  return out;
}

}  // namespace submit
