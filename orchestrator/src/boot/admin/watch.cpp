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
#include "fleet/event_line.hpp"
#include "fleet/fleet_machine.hpp"
#include "fleet/inventory.hpp"
#include "fleet/notify.hpp"
#include "fleet/selection.hpp"
#include "remote/secret.hpp"
#include "remote/ssh_settings.hpp"
#include "remote/unlock.hpp"
#include "watch/engine.hpp"
#include "watch/journal.hpp"
#include "watch/metrics.hpp"
#include "watch/resolver.hpp"

namespace admin {
namespace {

constexpr std::chrono::seconds kUnlockDeadline{45};  // the watcher comes back
constexpr std::chrono::seconds kApproveDeadline{3600};
constexpr std::chrono::seconds kPassphraseDeadline{30};
constexpr std::size_t kMostNotifications = 512;  // that wait

/// What the command line says counts more than the inventory.
fleet::Host with(const WatchArguments& arguments, fleet::Host host) {
  const auto take = [](std::string& field, const std::string& value) {
    if (!value.empty()) field = value;
  };
  take(host.user, arguments.user);
  take(host.port, arguments.port);
  take(host.identity, arguments.identity);
  take(host.known_hosts, arguments.known_hosts);
  take(host.ssh_config, arguments.config);
  if (!arguments.command.empty()) {
    host.passphrase_command = arguments.command;
    host.credential.clear();
  }
  return host;
}

std::vector<fleet::Host> hosts_of(const WatchArguments& arguments, const base::Context& context) {
  const std::vector<std::filesystem::path> files(arguments.inventory.begin(), arguments.inventory.end());
  const auto read = fleet::read_inventory(files, context.environment);
  for (const auto& file : read.unreadable)
    context.console.warn(base::printable(file.string()) + " cannot be read, and does not count");
  std::vector<fleet::Host> out;
  for (auto& host : fleet::select(read.inventory, arguments.hosts, arguments.hosts.empty())) {
    if (arguments.hosts.empty() && !host.watch) continue;
    out.push_back(with(arguments, std::move(host)));
    if (out.back().passphrase_command.empty() && out.back().credential.empty())
      throw base::Error(
          fmt::format("{}: nothing says where its passphrase comes from", base::printable(out.back().name)),
          base::Exit::usage)
          .with_hint("set passphrase-command or credential in the inventory, or --passphrase-command");
  }
  if (out.empty()) throw base::Error("no host to watch", base::Exit::usage).with_hint("see dracut-sshd-hosts(5)");
  return out;
}

std::vector<std::string> names_of(const std::vector<fleet::Host>& hosts) {
  std::vector<std::string> out;
  for (const auto& host : hosts) out.push_back(host.name);
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
  Work(const WatchArguments& arguments, std::vector<fleet::Host> hosts, const base::Context& context)
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
    out.unlock = [this](const watch::UnlockJob& job, const watch::Tell& tell) { return unlock(job, tell); };
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
    auto out = fleet::target_of(hosts_[host]);
    out.lacks = lacks_;
    return out;
  }

  std::optional<std::string> approve(std::size_t host) {
    const auto& name = hosts_[host].name;
    const nlohmann::ordered_json line{{"event", "approve"}, {"host", name}};
    if (fleet::approved(arguments_.approve, line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace),
                        {{"HOST", name}}, kApproveDeadline, context_))
      return std::nullopt;
    return "not approved";
  }

  remote::Unlocked unlock(const watch::UnlockJob& job, const watch::Tell& tell) {
    if (!arguments_.approve.empty() && !job.approved) {
      // As after a refusal, nothing is sent in this boot.
      if (const auto why = approve(job.host)) return {remote::Outcome::refused, *why, 0};
    }
    const auto& host = hosts_[job.host];
    const auto source = fleet::source_of(host, kPassphraseDeadline, context_, fleet::Together::yes);
    auto wait = fleet::wait_of(host, {});
    wait.deadline = kUnlockDeadline;
    wait.for_system = false;
    wait.straight = job.shown;
    const auto hear = [&](const remote::Event& event) {
      if (event.state == remote::State::initramfs) tell(watch::State::waiting, event.text);
      if (event.state == remote::State::sending) tell(watch::State::unlocking, event.text);
    };
    if (job.prepared) return remote::unlock(job.prepared->machine, *source, wait, context_, hear);
    return remote::unlock(target(job.host), *source, wait, context_, hear);
  }

  static std::string line_of(const watch::Change& change) {
    return fleet::change_line(fleet::wall_clock(), change.name, watch::name_of(change.from), watch::name_of(change.to),
                              change.waited, change.text);
  }

  void changed(const watch::Change& change) {
    if (arguments_.json) {
      fmt::print("{}\n", line_of(change));
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
      fleet::notify(arguments_.notify, line_of(change),
                    {{"HOST", change.name},
                     {"STATE", watch::name_of(change.to)},
                     {"STATE_BEFORE", watch::name_of(change.from)},
                     {"TEXT", change.text}},
                    context_);
      --waiting_;
    });
  }

  void write_metrics(const std::vector<watch::HostStatus>& hosts) {
    try {
      watch::write_metrics(arguments_.metrics, hosts, context_.clock.now(), fleet::wall_clock());
      metrics_failed_ = false;
    } catch (const base::Error& error) {
      if (!std::exchange(metrics_failed_, true)) context_.console.warn(error.what());
    }
  }

  const WatchArguments& arguments_;
  std::vector<fleet::Host> hosts_;
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
  const auto hosts = hosts_of(arguments, context);
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
  watch::Engine engine(names_of(hosts), options, work.jobs(), context);
  engine.run();
}

}  // namespace admin
