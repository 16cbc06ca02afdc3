// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "remote/secret.hpp"
#include "remote/ssh_settings.hpp"
#include "remote/unlock.hpp"
#include "watch/engine.hpp"
#include "watch/journal.hpp"
#include "watch/metrics.hpp"
#include "watch/resolver.hpp"

namespace admin {
namespace {

constexpr std::uint64_t kLongestList = 1U << 22U;
constexpr std::chrono::seconds kUnlockDeadline{45};  // the watcher comes back
constexpr std::chrono::seconds kApproveDeadline{3600};
constexpr std::chrono::seconds kNotifyDeadline{60};
constexpr std::size_t kMostNotifications = 512;  // that wait

double epoch() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::vector<std::string> hosts_of(const WatchArguments& arguments) {
  auto words = arguments.hosts;
  if (!arguments.list.empty()) {
    for (const auto& line : base::lines(base::read_file(arguments.list, kLongestList))) {
      const std::string word(base::trim(line));
      if (!word.empty() && !word.starts_with('#')) words.push_back(word);
    }
  }
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& word : words) {
    if (word.empty() || word.starts_with('-') || word.find_first_of("@/ \t") != std::string::npos)
      throw base::Error(fmt::format("\"{}\" is not a host", base::printable(word)), base::Exit::usage);
    if (seen.insert(word).second) out.push_back(word);
  }
  if (out.empty()) throw base::Error("no host to watch", base::Exit::usage).with_hint("name hosts, or --hosts FILE");
  return out;
}

/// One descriptor a host, and some for the children.
void allow_descriptors(std::size_t hosts, base::Console& console) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = hosts + 256;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
    console.warn(
        fmt::format("{} hosts need {} open files; LimitNOFILE= or ulimit -n allows {}", hosts, wanted, limit.rlim_cur));
}

/// What the verb gives its engine.
class Work {
 public:
  Work(const WatchArguments& arguments, std::vector<std::string> hosts, const base::Context& context)
      : arguments_(arguments),
        hosts_(std::move(hosts)),
        context_(context),
        under_systemd_(context.environment.contains("JOURNAL_STREAM")),
        notifiers_(arguments.notify.empty() ? 0 : 2) {
    const base::TempDir scratch(base::temp_parent(), "dracut-sshd-watch.");
    lacks_ = remote::SshQuestions(scratch.path(), context).lacking();
  }

  watch::Jobs jobs() {
    watch::Jobs out;
    out.prepare = [this](std::size_t host) { return remote::prepare(target(host), context_); };
    out.resolve = [this](const std::string& name) { return watch::resolve(name, context_); };
    out.look_at_keys = [this](const auto& questions) {
      return remote::shown_keys(questions, std::chrono::seconds(4), context_);
    };
    if (!arguments_.approve.empty()) out.approve = [this](std::size_t host) { return approve(host); };
    out.unlock = [this](std::size_t host, bool approved, const watch::Tell& tell) {
      return unlock(host, approved, tell);
    };
    out.is_signed = [this](const remote::Prepared& prepared, const watch::Beacon& beacon) {
      return watch::is_signed_by(beacon, prepared.initramfs, context_) ||
             watch::is_signed_by(beacon, prepared.unsealed, context_);
    };
    out.changed = [this](const watch::Change& change) { changed(change); };
    if (!arguments_.metrics.empty()) out.tick = [this](const auto& hosts) { write_metrics(hosts); };
    return out;
  }

 private:
  [[nodiscard]] remote::Target target(std::size_t host) const {
    remote::Target out;
    out.host = hosts_[host];
    if (!arguments_.user.empty()) out.user = arguments_.user;
    out.port = arguments_.port;
    out.identity = arguments_.identity;
    out.known_hosts = arguments_.known_hosts;
    out.config = arguments_.config;
    out.lacks = lacks_;
    return out;
  }

  std::optional<std::string> approve(std::size_t host) {
    base::Command command;
    command.argv = {"/bin/sh", "-c", arguments_.approve};
    command.env = context_.environment;
    command.env["HOST"] = hosts_[host];
    command.deadline = kApproveDeadline;
    const auto outcome = context_.runner.run(command, context_.cancel);
    if (outcome.timed_out) return "nobody has approved it in time";
    if (outcome.status == 0) return std::nullopt;
    return fmt::format("not approved (status {})", outcome.status);
  }

  remote::Unlocked unlock(std::size_t host, bool approved, const watch::Tell& tell) {
    if (!arguments_.approve.empty() && !approved) {
      // As after a refusal, nothing is sent in this boot.
      if (const auto why = approve(host)) return {remote::Outcome::refused, *why, 0};
    }
    const auto passphrase = remote::from_command(
        "export HOST=" + base::shell_quote(hosts_[host]) + "; " + arguments_.command, context_.cancel);
    remote::Wait wait;
    wait.deadline = kUnlockDeadline;
    wait.for_system = false;
    return remote::unlock(target(host), passphrase, wait, context_, [&](const std::string& text) {
      if (text.starts_with("in the initramfs")) tell(watch::State::unlocking, text);
    });
  }

  void changed(const watch::Change& change) {
    if (arguments_.json) {
      const nlohmann::ordered_json line{{"time", epoch()},
                                        {"event", "state"},
                                        {"host", change.name},
                                        {"from", watch::name_of(change.from)},
                                        {"to", watch::name_of(change.to)},
                                        {"seconds", change.waited},
                                        {"text", change.text}};
      fmt::print("{}\n", line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
      std::fflush(stdout);
    }
    const auto is_logged =
        under_systemd_ && watch::send_to_journal(watch::journal_entry(watch::journal_fields(change)));
    if (!is_logged && !arguments_.json)
      context_.console.line(fmt::format("{}: {}{}", base::printable(change.name), watch::name_of(change.to),
                                        change.text.empty() ? "" : ": " + change.text));
    if (!arguments_.notify.empty()) notify(change);
  }

  void notify(const watch::Change& change) {
    if (waiting_ >= kMostNotifications) {
      context_.console.warn("--notify is slower than what happens: an event was left out");
      return;
    }
    ++waiting_;
    notifiers_.add([this, change] {
      base::Command command;
      command.argv = {"/bin/sh", "-c", arguments_.notify};
      command.env = context_.environment;
      command.env["HOST"] = change.name;
      command.env["STATE"] = watch::name_of(change.to);
      command.env["STATE_BEFORE"] = watch::name_of(change.from);
      command.env["TEXT"] = change.text;
      command.deadline = kNotifyDeadline;
      try {
        const auto outcome = context_.runner.run(command, context_.cancel);
        if (outcome.status != 0) context_.console.warn(fmt::format("--notify ended with {}", outcome.status));
      } catch (const base::Error& error) {
        context_.console.warn(error.what());
      }
      --waiting_;
    });
  }

  void write_metrics(const std::vector<watch::HostStatus>& hosts) {
    try {
      watch::write_metrics(arguments_.metrics, hosts, context_.clock.now(), epoch());
      metrics_failed_ = false;
    } catch (const base::Error& error) {
      if (!std::exchange(metrics_failed_, true)) context_.console.warn(error.what());
    }
  }

  const WatchArguments& arguments_;
  std::vector<std::string> hosts_;
  base::Context context_;
  std::set<std::string> lacks_;
  bool under_systemd_;
  bool metrics_failed_ = false;
  std::atomic<std::size_t> waiting_ = 0;
  watch::Pool notifiers_;
};

}  // namespace

int watch_hosts(const WatchArguments& arguments, const base::Context& context) {
  remote::forbid_core_dumps();
  const auto hosts = hosts_of(arguments);
  if (arguments.command.empty())
    throw base::Error("nothing says where the passphrases come from", base::Exit::usage)
        .with_hint("--passphrase-command COMMAND, which gets HOST in its environment");
  allow_descriptors(hosts.size(), context.console);
  base::Fd beacons;
  if (!arguments.listen.empty()) beacons = watch::beacon_socket(arguments.listen);
  watch::EngineOptions options;
  options.pace.interval = arguments.interval;
  options.pace.hold = arguments.hold;
  options.parallel = arguments.parallel;
  options.beacons = beacons.get();
  options.seed = std::random_device()();
  Work work(arguments, hosts, context);
  watch::Engine engine(hosts, options, work.jobs(), context);
  engine.run();
}

}  // namespace admin
