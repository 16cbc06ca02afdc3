// SPDX-License-Identifier: GPL-3.0-or-later
#include "submit/submitter.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "base/sandbox.hpp"
#include "base/text.hpp"

namespace pipeline {
namespace fs = std::filesystem;
using services::Answer;
using services::Call;
using services::Fault;
using services::Parcel;
using services::Reply;
using services::Standing;
namespace {

constexpr std::chrono::seconds kDeadline{900};  // of one call: an upload over a slow line
constexpr std::uint64_t kLargest = 64U << 20U;
constexpr auto kLongestPause = std::chrono::seconds(30);  // between two questions about a build: copr-cli's own
constexpr unsigned kPatience = 20;                        // questions until a build must have appeared

/// A trouble that may pass.
struct Passing {
  services::Trouble trouble;
  std::string program;
};

std::string whole(const fs::path& file) { return fs::exists(file) ? base::read_file(file, kLargest) : std::string(); }

bool has_receipt(const Parcel& parcel, const fs::path& folder) {
  if (parcel.receipt.empty() || !fs::is_directory(folder)) return false;
  return std::ranges::any_of(fs::directory_iterator(folder), [&](const auto& entry) {
    const auto name = entry.path().filename().string();
    return name.starts_with(parcel.receipt) && name.ends_with(".upload") && entry.file_size() > 0;
  });
}

}  // namespace

Clerk::Clerk(const services::Service& service, base::Runner& runner, const base::Cancel& cancel, base::Console& console,
             Setting setting)
    : service_(service),
      runner_(runner),
      cancel_(cancel),
      console_(console),
      setting_(std::move(setting)),
      talk_(base::temp_parent(), "orchestrator-submit.") {}

void Clerk::tell(const Parcel& parcel, const std::string& text) {
  console_.line(fmt::format("{}: {}: {}", service_.name(), parcel.what, text));
}

Reply Clerk::run(const Call& call, const fs::path& folder) {
  cancel_.throw_if_requested();
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
  const auto outcome = runner_.run(command, cancel_);
  return {outcome.status, whole(talk_.path() / "out"), whole(talk_.path() / "talk"), outcome.timed_out};
}

std::vector<Reply> Clerk::run(const Parcel& parcel, const Calls& calls, const fs::path& folder) {
  std::vector<Reply> replies;
  for (const auto& call : calls) {
    replies.push_back(run(call, folder));
    if (replies.back().status == 0 || call.may_fail) continue;
    const auto trouble = services::trouble(replies.back());
    if (trouble.fault == Fault::passing) throw Passing{trouble, call.argv.front()};
    const auto error = base::Error(fmt::format("{}: {}: {}", parcel.what, call.argv.front(), trouble.why))
                           .with_hint(service_.remedy(parcel, trouble.fault));
    if (trouble.fault == Fault::denied) throw Denied(error);
    throw base::Error(error);
  }
  return replies;
}

template <typename Action>
auto Clerk::patiently(const Parcel& parcel, const Action& action) {
  for (unsigned failed = 0;; ++failed) {
    try {
      return action();
    } catch (const Passing& passing) {
      if (failed + 1 >= setting_.tries)
        throw base::Error(fmt::format("{}: {}: {}", parcel.what, passing.program, passing.trouble.why))
            .with_hint(fmt::format("tried {} times; the same command goes on from here when the service is well again",
                                   setting_.tries));
      const auto wait = services::pause(failed, setting_.chance(), passing.trouble.retry_after);
      tell(parcel, fmt::format("{}; trying again in {:.1f} s ({} of {})", passing.trouble.why,
                               std::chrono::duration<double>(wait).count(), failed + 2, setting_.tries));
      setting_.sleep(wait);
    }
  }
}

Answer Clerk::ask(const Parcel& parcel, const fs::path& folder) {
  const auto replies = run(parcel, parcel.ask, folder);
  auto answer = service_.answer(parcel, replies);
  if (!answer.say.empty()) console_.warn(fmt::format("{}: {}: {}", service_.name(), parcel.what, answer.say));
  return answer;
}

Answer Clerk::watch(const Parcel& parcel, const fs::path& folder, Answer answer, bool sent) {
  std::map<std::string, std::string> told;
  unsigned absent = 0;
  for (unsigned asked = 0;; ++asked) {
    for (const auto& [place, state] : answer.states) {
      if (told[place] == state) continue;
      tell(parcel, fmt::format("{}: {}", place, state));
      told[place] = state;
    }
    const bool settled = answer.standing == Standing::there || answer.standing == Standing::failed;
    if (settled || (answer.standing == Standing::absent && (!sent || ++absent > kPatience))) return answer;
    const auto wait = services::pause(asked, setting_.chance(), {});
    setting_.sleep(std::min<std::chrono::milliseconds>(wait, kLongestPause));
    answer = patiently(parcel, [&] { return ask(parcel, folder); });
  }
}

void Clerk::send(const Parcel& parcel, const fs::path& folder, const Packing& packing, bool without_shared) {
  if (parcel.sign) packing.signed_(without_shared);
  if (!parcel.check.empty()) {
    const auto why = service_.refusal(parcel, run(parcel, parcel.check, folder), folder);
    if (!why.empty())
      throw base::Error(fmt::format("{}: {}", parcel.what, why)).with_hint(service_.remedy(parcel, Fault::final));
  }
  tell(parcel, fmt::format("handing over to {}", parcel.to));
  (void)run(parcel, parcel.send, folder);
  shared_sent_ = true;
}

Handover Clerk::once(const Parcel& parcel, const fs::path& folder, const Packing& packing) {
  if (has_receipt(parcel, folder)) {
    shared_sent_ = true;
    return {Handed::unchanged, "the client's log says that it was uploaded", {}};
  }
  base::remove_tree(folder);
  base::make_dirs(folder);
  packing.plain();
  auto answer = ask(parcel, folder);
  if (answer.standing == Standing::under_way) {
    if (!setting_.wait) return {Handed::under_way, "it is there, and being built", answer.states};
    tell(parcel, "it is there, and being built");
    answer = watch(parcel, folder, answer, false);
    if (answer.standing == Standing::failed) return {Handed::failed, "the build failed", answer.states};
  }
  shared_sent_ = shared_sent_ || answer.shared_there;
  if (answer.standing == Standing::there) return {Handed::unchanged, "it is there already", answer.states};
  send(parcel, folder, packing, shared_sent_);
  if (!parcel.builds || !setting_.wait) return {Handed::submitted, "", {}};
  answer = watch(parcel, folder, patiently(parcel, [&] { return ask(parcel, folder); }), true);
  if (answer.standing == Standing::there) return {Handed::submitted, "", answer.states};
  return {Handed::failed, answer.standing == Standing::failed ? "the build failed" : "the service shows no build of it",
          answer.states};
}

Handover Clerk::hand_over(const Parcel& parcel, const fs::path& folder, const Packing& packing) {
  return patiently(parcel, [&] { return once(parcel, folder, packing); });
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

void sleep_for(std::chrono::milliseconds time, const base::Cancel& cancel) {
  pollfd waiting{cancel.fd(), POLLIN, 0};
  (void)::poll(&waiting, 1, static_cast<int>(time.count()));
  cancel.throw_if_requested();
}

}  // namespace pipeline
