// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/unlock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "admin/unlock_table.hpp"
#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "fleet/event_line.hpp"
#include "fleet/fleet_machine.hpp"
#include "fleet/inventory.hpp"
#include "fleet/notify.hpp"
#include "fleet/outcomes.hpp"
#include "fleet/passphrases.hpp"
#include "fleet/preflight.hpp"
#include "fleet/rolling.hpp"
#include "fleet/selection.hpp"
#include "remote/prompt.hpp"

namespace admin {
namespace {

constexpr std::chrono::seconds kCommandPatience{120};  // for a passphrase's command that may have to ask somebody

/// What the command line says counts more than the inventory.
fleet::Host with(const UnlockArguments& arguments, fleet::Host host) {
  const auto take = [](std::string& field, const std::string& value) {
    if (!value.empty()) field = value;
  };
  take(host.alias, arguments.alias);
  take(host.user, arguments.user);
  if (host.real_user.empty()) host.real_user = arguments.user;
  take(host.port, arguments.port);
  take(host.identity, arguments.identity);
  take(host.known_hosts, arguments.known_hosts);
  take(host.ssh_config, arguments.config);
  host.accept_unsealed = host.accept_unsealed || arguments.accept_unsealed;
  host.same_port = host.same_port || arguments.same_port;
  if (arguments.deadline) host.deadline = std::chrono::seconds(*arguments.deadline);
  return host;
}

std::vector<fleet::Host> hosts_of(const UnlockArguments& arguments, const base::Context& context) {
  const std::vector<std::filesystem::path> files(arguments.inventory.begin(), arguments.inventory.end());
  const auto read = fleet::read_inventory(files, context.environment);
  for (const auto& file : read.unreadable)
    context.console.line("note: " + base::printable(file.string()) + " cannot be read, and does not count");
  auto out = fleet::select(read.inventory, arguments.hosts, arguments.all);
  if (!arguments.alias.empty() && out.size() > 1) throw base::Error("--alias is for one host", base::Exit::usage);
  for (auto& host : out) host = with(arguments, std::move(host));
  return out;
}

/// A source behind which the live table makes room for whatever asks at the terminal.
class BesideTable final : public remote::PassphraseSource {
 public:
  BesideTable(std::unique_ptr<remote::PassphraseSource> source, UnlockTable* table)
      : source_(std::move(source)), table_(table) {}
  [[nodiscard]] bool by_question() const override { return source_->by_question(); }
  [[nodiscard]] remote::Secret passphrase(const remote::Question* question, const base::Cancel& cancel) override {
    if (table_ == nullptr || !by_question()) return source_->passphrase(question, cancel);
    struct Pause {
      explicit Pause(UnlockTable& table) : table_(table) { table_.pause(); }
      ~Pause() { table_.resume(); }
      Pause(const Pause&) = delete;
      Pause& operator=(const Pause&) = delete;
      UnlockTable& table_;
    } const pause(*table_);
    return source_->passphrase(question, cancel);
  }

 private:
  std::unique_ptr<remote::PassphraseSource> source_;
  UnlockTable* table_;
};

/// Of one run of the verb.
class Unlocking {
 public:
  Unlocking(const UnlockArguments& arguments, const base::Context& context, base::Cancel& cancel)
      : arguments_(arguments), context_(context), cancel_(cancel), hosts_(hosts_of(arguments, context)) {}

  int check() {
    remote::forbid_core_dumps();
    std::vector<std::vector<fleet::Preflight>> found(hosts_.size());
    (void)fleet::roll(hosts_.size(), {arguments_.at_once, 0}, [&](std::size_t index) {
      const auto source = own_source(hosts_[index]);
      found[index] = fleet::preflight(target_of(index), source.get(), context_);
      return true;
    });
    std::vector<std::vector<std::string>> rows;
    bool well = true;
    for (std::size_t index = 0; index < hosts_.size(); ++index) {
      for (const auto& each : found[index]) {
        well = well && each.result != fleet::Preflight::Result::bad;
        rows.push_back({base::printable(hosts_[index].name), each.name, fleet::name_of(each.result), each.detail});
        if (arguments_.json) print_line(fleet::preflight_line(fleet::wall_clock(), hosts_[index].name, each));
      }
    }
    if (!arguments_.json) fmt::print("{}", base::table({"host", "check", "result", ""}, rows));
    return well ? fleet::kAllOpen : fleet::kSomeFailed;
  }

  int run() {
    read_passphrase();
    if (!arguments_.json && UnlockTable::usable(context_.environment) && hosts_.size() > 1) {
      std::vector<std::string> names;
      for (const auto& host : hosts_) names.push_back(base::printable(host.name));
      table_.emplace(names, context_.clock);
    }
    results_.resize(hosts_.size());
    for (auto& each : results_) each.outcome = remote::Outcome::skipped;
    const auto begun = fleet::roll(hosts_.size(), {arguments_.at_once, arguments_.most_failures},
                                   [this](std::size_t index) { return unlock_one(index); });
    table_.reset();
    for (std::size_t index = 0; index < hosts_.size(); ++index) {
      if (!begun[index]) tell_result(index);
    }
    const int status = fleet::exit_status(results_, arguments_.detailed_status);
    if (arguments_.json)
      print_line(fleet::end_line(fleet::wall_clock(), results_, status));
    else
      print_table();
    return status;
  }

 private:
  remote::Target target_of(std::size_t index) const {
    auto out = fleet::target_of(hosts_[index]);
    out.trust_new = arguments_.trust_new;
    return out;
  }

  /// Null: the passphrase that was typed. A PIN is never what an inventory names.
  std::unique_ptr<remote::PassphraseSource> own_source(const fleet::Host& host) const {
    if (arguments_.descriptor >= 0) return nullptr;
    if (!arguments_.command.empty())
      return std::make_unique<fleet::PassphraseCommand>(arguments_.command, host.name, kCommandPatience);
    return arguments_.pin ? nullptr : fleet::source_of(host, kCommandPatience, context_);
  }

  void read_passphrase() {
    remote::forbid_core_dumps();
    std::vector<std::string> without;
    for (const auto& host : hosts_) {
      if (!own_source(host)) without.push_back(host.name);
    }
    if (without.empty()) return;
    if (arguments_.descriptor >= 0) {
      typed_ = remote::from_descriptor(arguments_.descriptor, cancel_);
    } else {
      const auto* const what = arguments_.pin ? "PIN" : "Passphrase";
      typed_ =
          remote::from_terminal(without.size() == 1 ? fmt::format("{} for {}: ", what, base::printable(without.front()))
                                                    : fmt::format("{} for {} machines: ", what, without.size()),
                                cancel_);
    }
    if (!typed_.locked())
      context_.console.line("note: RLIMIT_MEMLOCK does not allow keeping the passphrase out of swap");
  }

  remote::Wait wait_of(const fleet::Host& host) const {
    remote::Wait wait;
    wait.for_system = !arguments_.no_wait;
    wait.pin = arguments_.pin;
    wait.after_reboot = arguments_.after_reboot;
    wait.reboot = arguments_.reboot;
    wait.ready = arguments_.ready;
    return fleet::wait_of(host, wait);
  }

  bool unlock_one(std::size_t index) {
    const auto& host = hosts_[index];
    const auto begin = context_.clock.now();
    if (table_) table_->begin(index);
    try {
      auto own = own_source(host);
      if (!own) own = std::make_unique<fleet::TypedPassphrase>(typed_);
      BesideTable source(std::move(own), table_ ? &*table_ : nullptr);
      results_[index] =
          remote::unlock(target_of(index), source, wait_of(host), context_,
                         [&](const remote::Event& event) { tell_event(index, context_.clock.now() - begin, event); });
    } catch (const base::Error& error) {
      results_[index] = {remote::Outcome::local_fault, base::printable(error.what(), 300),
                         context_.clock.now() - begin};
    }
    tell_result(index);
    return fleet::is_well(results_[index].outcome);
  }

  void tell_event(std::size_t index, double seconds, const remote::Event& event) {
    if (table_) table_->change(index, event);
    if (arguments_.json) print_line(fleet::state_line(fleet::wall_clock(), hosts_[index].name, seconds, event));
    if (!table_)
      context_.console.line(fmt::format("{} [{:.0f} s] {}", base::printable(hosts_[index].name), seconds, event.text));
  }

  void tell_result(std::size_t index) {
    const auto& result = results_[index];
    const auto line = fleet::result_line(fleet::wall_clock(), hosts_[index].name, result);
    if (table_) table_->finish(index, result);
    if (arguments_.json) print_line(line);
    if (!arguments_.notify.empty())
      fleet::notify(arguments_.notify, line,
                    {{"HOST", hosts_[index].name},
                     {"OUTCOME", remote::id_of(result.outcome)},
                     {"DETAIL", result.detail},
                     {"SECONDS", fmt::format("{:.0f}", result.seconds)}},
                    context_);
  }

  void print_line(const std::string& line) {
    const std::lock_guard lock(output_);
    fmt::print("{}\n", line);
    (void)std::fflush(stdout);
  }

  void print_table() const {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t index = 0; index < hosts_.size(); ++index)
      rows.push_back({base::printable(hosts_[index].name), remote::name_of(results_[index].outcome),
                      base::human_time(results_[index].seconds), results_[index].detail});
    fmt::print("{}", base::table({"host", "outcome", "time", ""}, rows, {2}));
  }

  const UnlockArguments& arguments_;
  base::Context context_;
  base::Cancel& cancel_;
  std::vector<fleet::Host> hosts_;
  remote::Secret typed_;
  std::vector<remote::Unlocked> results_;
  std::optional<UnlockTable> table_;
  std::mutex output_;
};

}  // namespace

int unlock(const UnlockArguments& arguments, const base::Context& context, base::Cancel& cancel) {
  const auto path = context.environment.find("PATH");
  if (!base::find_program("ssh", path == context.environment.end() ? "/usr/bin:/bin" : path->second))
    throw base::Error("ssh is not installed", base::Exit::missing_tool).with_hint("install OpenSSH's client");
  Unlocking work(arguments, context, cancel);
  return arguments.check ? work.check() : work.run();
}

}  // namespace admin
