// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/check_networkd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "inspect/gather_networkd.hpp"

namespace inspect {
namespace {

using networkd::NetworkFile;
using networkd::Outcome;
using networkd::Tri;

constexpr std::size_t kShown = 6;
constexpr std::string_view kId = "network.configuration";
constexpr std::string_view kRemedy =
    "put a file into /etc/dracut-sshd/network (see dracut-sshd(7), NETWORK), or say ip=dhcp on the kernel's command "
    "line";

std::string name_of(const Outcome& outcome) { return outcome.link.empty() ? "a wired interface" : outcome.link; }

bool is_admins(const std::string& path) { return path.starts_with("/etc/"); }

/// The last in order, for whatever no other file is for: dracut 106 and later writes it, and this module where it has
/// none (46sshd/networkd.sh).
bool is_default(const std::string& path) { return path.ends_with("/zzzz-dracut-default.network"); }

class Judge {
 public:
  Judge(const Facts& facts, Findings& out)
      : facts_(facts),
        out_(out),
        all_(gather_networkd(facts)),
        outcomes_(networkd::outcomes_of(all_.configuration, all_.environment, all_.links)) {}

  void judge() {
    const auto best = std::ranges::max_element(outcomes_, {}, &Outcome::reached);
    const auto reached = best == outcomes_.end() ? Tri::no : best->reached;
    tell_words(reached);
    tell_files(reached);
    tell_devices();
    const bool routed = tell_routes();
    if (all_.too_many)
      return say(Severity::unknown, "there are more files for systemd-networkd than this program reads", "");
    if (reached == Tri::yes && routed) return say(Severity::good, reached_text(), "");
    if (reached == Tri::yes) return;
    if (reached == Tri::no && facts_.options.cmdline_known)
      return say(Severity::error, "no network interface gets an address: " + reasons(), std::string(kRemedy));
    if (reached == Tri::no)
      return say(Severity::unknown,
                 "nothing in it tells systemd-networkd to get an address; the kernel's command line may, which is not "
                 "known here: " +
                     reasons(),
                 "name it: --cmdline \"$(cat /proc/cmdline)\"; or " + std::string(kRemedy));
    say(Severity::unknown,
        "whether a network interface gets an address depends on what is not known here: " + reasons(),
        std::ranges::any_of(outcomes_, &Outcome::only_advertised)
            ? "write DHCP=yes or an Address=; if a router's advertisements give the address, IPv6AcceptRA=yes says so"
        : all_.links_known ? "name the interface in /etc/dracut-sshd/network, with DHCP=yes or an Address="
                           : "inspect it on its machine, or with --host --root FOLDER");
  }

 private:
  void say(Severity severity, const std::string& message, const std::string& remedy) {
    out_.push_back({std::string(kId), severity, message, remedy});
  }

  /// ip= and the like, of which nothing comes.
  void tell_words(Tri reached) {
    const auto severity = reached == Tri::yes ? Severity::warning : Severity::error;
    if (!all_.word_fault.empty())
      say(severity,
          fmt::format("systemd-network-generator cannot read \"{}\" on the kernel's command line, and makes nothing of "
                      "any such word",
                      base::printable(all_.word_fault)),
          "write it as dracut.cmdline(7) says: ip=INTERFACE:dhcp, one word for each family");
    if (!all_.word_unread.empty())
      say(Severity::warning, "nothing acts on " + base::printable(all_.word_unread, 300),
          "write a file into /etc/dracut-sshd/network instead (see dracut-sshd(7), NETWORK)");
  }

  [[nodiscard]] bool is_used(const NetworkFile& file) const {
    return std::ranges::any_of(
        outcomes_, [&](const Outcome& outcome) { return std::ranges::find(outcome.by, &file) != outcome.by.end(); });
  }

  /// Files that do nothing, or less than is written in them.
  void tell_files(Tri reached) {
    for (const auto& file : all_.configuration.networks) {
      if (!file.fault.empty())
        say(Severity::warning,
            fmt::format("{}: systemd-networkd ignores it: {}", base::printable(file.path, 300), file.fault),
            "write it as systemd.network(5) says, with mode 0644");
      if (!file.fault.empty() || !is_admins(file.path)) continue;
      if (!is_used(file)) {
        const bool meant = reached == Tri::yes && is_default(file.path);
        if (reached != Tri::no && all_.links_known && !meant && !is_for_another_boot(file)) tell_unused(file);
        continue;
      }
      for (const auto& value : file.ignored)
        say(Severity::warning,
            fmt::format("{}: systemd-networkd ignores {}", base::printable(file.path, 300), base::printable(value)),
            "write it as systemd.network(5) says");
      tell_missing_devices(file);
    }
  }

  [[nodiscard]] bool is_for_another_boot(const NetworkFile& file) const {
    std::string why;
    return networkd::conditions_hold(file.match, all_.environment, why) != Tri::yes;
  }

  void tell_unused(const NetworkFile& file) {
    std::vector<std::string> wanted;
    for (const auto& [key, values] : file.match.patterns)
      wanted.push_back(fmt::format("{}={}", key, base::join(values, " ")));
    for (const auto& [key, values] : file.match.addresses)
      wanted.push_back(fmt::format("{}={}", key, base::join({values.begin(), values.end()}, " ")));
    if (wanted.empty() && file.match.conditions.empty())
      return say(Severity::warning,
                 base::printable(file.path, 300) + ": it has no valid setting in [Match], and is for no interface",
                 "write Name= or MACAddress= below [Match]");
    std::vector<std::string> there;
    for (const auto& link : all_.links)
      there.push_back(link.address ? fmt::format("{} ({})", link.name, *link.address) : link.name);
    say(Severity::warning,
        fmt::format("{}: it is for {}, and another file comes first, or no interface is like that; this machine has {}",
                    base::printable(file.path, 300), base::printable(base::join(wanted, ", "), 200),
                    base::printable(base::join(there, ", "), 200)),
        "name this machine's network interface in /etc/dracut-sshd/network, and type dracut-sshd-rebuild");
  }

  void tell_missing_devices(const NetworkFile& file) {
    std::vector<std::pair<std::string, std::string>> wanted = file.stacked;
    if (!file.bond.empty()) wanted.emplace_back("bond", file.bond);
    if (!file.bridge.empty()) wanted.emplace_back("bridge", file.bridge);
    for (const auto& [kind, name] : wanted) {
      const bool there =
          std::ranges::any_of(all_.configuration.netdevs, [&, kind = kind, name = name](const auto& device) {
            return device.fault.empty() && device.kind == kind && device.name == name;
          });
      if (!there)
        say(Severity::warning,
            fmt::format("{}: no .netdev file in the image makes the {} {}", base::printable(file.path, 300), kind,
                        base::printable(name)),
            fmt::format("put its .netdev file into /etc/dracut-sshd/network: [NetDev] Name={} Kind={}",
                        base::printable(name), kind));
    }
  }

  void tell_devices() {
    for (const auto& device : all_.configuration.netdevs) {
      if (!device.fault.empty())
        say(Severity::warning,
            fmt::format("{}: systemd-networkd makes no device of it: {}", base::printable(device.path, 300),
                        base::printable(device.fault, 300)),
            device.key_file.empty()
                ? "write it as systemd.netdev(5) says"
                : "let install_items+= of dracut.conf take the file along, readable for systemd-network");
    }
  }

  /// False if all that is reached is without its route.
  bool tell_routes() {
    bool routed = false;
    bool any = false;
    std::vector<std::pair<const NetworkFile*, const networkd::Route*>> bad;
    for (const auto& outcome : outcomes_) {
      if (outcome.reached != Tri::yes) continue;
      any = true;
      const networkd::Route* route = nullptr;
      const NetworkFile* of = nullptr;
      for (const auto* file : outcome.by) {
        if (route == nullptr && (route = networkd::unreachable_route(*file)) != nullptr) of = file;
      }
      if (route == nullptr || other_family_is_routed(*of, *route)) routed = true;
      if (route != nullptr &&
          std::ranges::find(bad, of, &std::pair<const NetworkFile*, const networkd::Route*>::first) == bad.end())
        bad.emplace_back(of, route);
    }
    for (const auto& [file, route] : bad)
      say(routed ? Severity::warning : Severity::error,
          fmt::format(
              "{}: Gateway={} is on none of the networks of its addresses: systemd-networkd sets no route to it",
              base::printable(file->path, 300), base::printable(route->gateway_text)),
          fmt::format("write it as [Route], and below that Gateway={} and GatewayOnLink=yes",
                      base::printable(route->gateway_text)));
    return routed || !any;
  }

  /// It can be reached from elsewhere by IPv6 alone, say, while IPv4 has no route.
  static bool other_family_is_routed(const NetworkFile& file, const networkd::Route& bad) {
    const bool v6 = !bad.gateway->v6;
    if (v6 ? file.dhcp6 || file.takes_advertisements() : file.dhcp4)
      return v6 ? file.dhcp6 || file.accept_ra.value_or(false) : true;
    const bool address =
        std::ranges::any_of(file.reachable_addresses(), [&](const auto& each) { return each.own.v6 == v6; });
    return address && std::ranges::any_of(file.routes, [&](const auto& route) {
             return route.gateway && route.gateway->v6 == v6 && !route.destination;
           });
  }

  [[nodiscard]] std::string reached_text() const {
    std::vector<std::string> texts;
    for (const auto& outcome : outcomes_) {
      if (outcome.reached != Tri::yes || texts.size() == kShown) continue;
      texts.push_back(fmt::format("{}: {} ({})", name_of(outcome), outcome.address, outcome.by.back()->path));
    }
    return base::join(texts, "; ");
  }

  [[nodiscard]] std::string reasons() const {
    std::vector<std::string> texts;
    for (const auto& outcome : outcomes_) {
      if (outcome.reached == Tri::yes || texts.size() == kShown || outcome.why.empty()) continue;
      texts.push_back(name_of(outcome) + ": " + base::printable(outcome.why, 800));
    }
    return base::join(texts, "; ");
  }

  const Facts& facts_;
  Findings& out_;
  NetworkdFacts all_;
  std::vector<Outcome> outcomes_;
};

}  // namespace

void check_networkd(const Facts& facts, Findings& out) { Judge(facts, out).judge(); }

}  // namespace inspect
