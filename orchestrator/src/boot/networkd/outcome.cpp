// SPDX-License-Identifier: GPL-3.0-or-later
#include "networkd/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace networkd {
namespace {

constexpr int kDeepest = 8;  // a VLAN on a bridge on a bond is three

/// An interface, and the files that may be for it.
struct Node {
  Link link;
  Tri carried = Tri::yes;                                 // a packet can leave by it
  std::vector<std::pair<const NetworkFile*, Tri>> files;  // until the first that is
  std::string missed;                                     // why others are not
};

class World {
 public:
  World(const Configuration& configuration, const Environment& environment, const std::vector<Link>& links)
      : configuration_(configuration) {
    for (const auto& file : configuration.networks) {
      std::string why;
      auto holds = file.fault.empty() ? conditions_hold(file.match, environment, why) : Tri::no;
      if (holds == Tri::yes && !file.doubt.empty()) {
        holds = Tri::maybe;
        why = file.doubt;
      }
      holds_.emplace_back(holds, file.fault.empty() ? why : file.fault);
    }
    for (const auto& device : configuration.netdevs) {
      std::string why;
      if (device.fault.empty() && conditions_hold(device.match, environment, why) != Tri::no) made_.push_back(&device);
    }
    for (const auto& link : links) nodes_.push_back(node_of(link, Tri::yes));
    for (const auto* device : made_) {
      Link link;
      link.name = device->name;
      link.kind = device->kind;
      link.type = device->kind == "vlan" || device->kind == "bond" || device->kind == "bridge" ||
                          device->kind == "macvlan" || device->kind == "vxlan" || device->kind == "wireguard"
                      ? device->kind
                      : "ether";
      link.driver = "";
      link.path = "";
      link.permanent_address = "";  // the kernel keeps one for hardware alone
      link.alternative_names.emplace();
      nodes_.push_back(node_of(link, Tri::no));
    }
    carry();
  }

  [[nodiscard]] std::vector<Outcome> outcomes() const {
    std::vector<Outcome> out;
    for (const auto& node : nodes_) {
      Outcome outcome{node.link.name, node.link.kind, Tri::no, {}, false, {}, {}};
      for (const auto& [file, tri] : node.files) outcome.by.push_back(file);
      describe(node, outcome);
      out.push_back(std::move(outcome));
    }
    return out;
  }

 private:
  [[nodiscard]] Node node_of(const Link& link, Tri carried) const {
    Node out{link, carried, {}, {}};
    for (std::size_t index = 0; index < configuration_.networks.size(); ++index) {
      const auto& file = configuration_.networks[index];
      auto [tri, why] = holds_[index];
      std::string other;
      if (const auto fits = tri == Tri::no ? Tri::no : link_matches(file.match, link, other); fits < tri) {
        tri = fits;
        why = other;
      }
      if (tri == Tri::no) {
        // systemd's own files for containers and wireless interfaces explain nothing.
        const bool own = file.path.starts_with("/usr/lib/systemd/network/80-");
        if (!own && out.missed.size() < 1000)
          out.missed += fmt::format("{}{}: {}", out.missed.empty() ? "" : "; ", file.path, why);
        continue;
      }
      out.files.emplace_back(&file, tri);
      if (tri == Tri::yes) break;
    }
    return out;
  }

  [[nodiscard]] const NetdevFile* made(const std::string& name, std::string_view kind) const {
    const auto found = std::ranges::find_if(
        made_, [&](const NetdevFile* device) { return device->name == name && device->kind == kind; });
    return found == made_.end() ? nullptr : *found;
  }

  /// Over the files that may be for an interface: yes if all say yes and one is for it, no if all say no.
  template <typename Question>
  [[nodiscard]] static Tri over(const Node& node, const Question& question) {
    bool all = !node.files.empty() && node.files.back().second == Tri::yes;
    bool any = false;
    for (const auto& [file, tri] : node.files) {
      const auto here = question(*file);
      all = all && here == Tri::yes;
      any = any || here != Tri::no;
    }
    return all ? Tri::yes : any ? Tri::maybe : Tri::no;
  }

  static bool comes_up(const NetworkFile& file) { return !file.unmanaged && file.activation.empty(); }

  [[nodiscard]] bool is_port(const NetworkFile& file) const {
    return made(file.bond, "bond") != nullptr || made(file.bridge, "bridge") != nullptr;
  }

  /// Whether a file puts an interface below the device that is `upper`.
  [[nodiscard]] Tri puts_below(const NetworkFile& file, const Link& upper) const {
    if (!comes_up(file)) return Tri::no;
    if (upper.kind == "bond") return file.bond == upper.name ? Tri::yes : Tri::no;
    if (upper.kind == "bridge")
      return file.bridge == upper.name && made(file.bond, "bond") == nullptr ? Tri::yes : Tri::no;
    const bool stacked = std::ranges::find(file.stacked, std::pair{upper.kind, upper.name}) != file.stacked.end();
    return stacked ? Tri::yes : Tri::no;
  }

  /// Whether a packet can leave by an interface: it is hardware, or there is some below it.
  void carry() {
    for (int round = 0; round < kDeepest; ++round) {
      for (auto& upper : nodes_) {
        for (const auto& below : nodes_) {
          if (upper.carried >= below.carried) continue;
          const auto here = over(below, [&](const NetworkFile& file) { return puts_below(file, upper.link); });
          upper.carried = std::max(upper.carried, std::min(here, below.carried));
        }
      }
    }
    carry_tunnels();
  }

  /// A tunnel of WireGuard is carried by whatever has an address: which one the routes say.
  void carry_tunnels() {
    auto best = Tri::no;
    for (const auto& node : nodes_) {
      if (node.link.kind == "wireguard") continue;
      const auto has = over(node, [&](const NetworkFile& file) { return addressed(file); });
      best = std::max(best, std::min(has, node.carried));
    }
    for (auto& node : nodes_) {
      if (node.link.kind == "wireguard") node.carried = best;
    }
  }

  [[nodiscard]] Tri addressed(const NetworkFile& file) const {
    if (!comes_up(file) || is_port(file)) return Tri::no;
    if (!file.reachable_addresses().empty() || file.dhcp4 || (file.dhcp6 && file.link_local6)) return Tri::yes;
    if (!file.takes_advertisements()) return Tri::no;
    return file.accept_ra ? Tri::yes : Tri::maybe;
  }

  [[nodiscard]] std::string why_not(const NetworkFile& file) const {
    if (file.unmanaged) return "Unmanaged=yes";
    if (!file.activation.empty()) return "ActivationPolicy=" + file.activation;
    if (made(file.bond, "bond") != nullptr) return "it is a port of " + file.bond;
    if (made(file.bridge, "bridge") != nullptr) return "it is a port of " + file.bridge;
    std::string out = addressed(file) == Tri::maybe
                          ? "it asks for no address: only a router's advertisements can give it one"
                          : "it gives no address";
    for (const auto& value : file.ignored) out += fmt::format("; {} is not valid", value);
    for (const auto& [name, kind] : {std::pair{file.bond, "bond"}, std::pair{file.bridge, "bridge"}}) {
      if (!name.empty()) out += fmt::format("; no .netdev file makes the {} {}", kind, name);
    }
    for (const auto& [kind, name] : file.stacked) {
      if (made(name, kind) == nullptr) out += fmt::format("; no .netdev file makes the {} {}", kind, name);
    }
    return out;
  }

  void describe(const Node& node, Outcome& out) const {
    const auto has = over(node, [&](const NetworkFile& file) { return addressed(file); });
    const auto below = node.carried;
    out.reached = std::min(has, below);
    if (node.files.empty()) {
      out.why = node.missed.empty() ? "no .network file is for it" : node.missed;
      return;
    }
    const auto& last = *node.files.back().first;
    out.address = address_of_file(last);
    out.only_advertised =
        std::ranges::any_of(node.files, [&](const auto& each) { return addressed(*each.first) == Tri::maybe; });
    if (has == Tri::yes && below != Tri::yes) out.why = "no network interface carries it";
    if (has == Tri::yes) return;
    if (node.files.back().second == Tri::yes && node.files.size() == 1) {
      out.why = fmt::format("{}: {}", last.path, why_not(last));
      return;
    }
    std::vector<std::string> each;
    for (const auto& [file, tri] : node.files) {
      std::string unsure;
      if (tri == Tri::maybe && link_matches(file->match, node.link, unsure) == Tri::yes)
        unsure = unsure_condition(*file);
      each.push_back(
          fmt::format("{}{}{}", file->path, tri == Tri::maybe ? ": whether it is for it is not known: " : "", unsure) +
          (addressed(*file) == Tri::yes ? "" : ": " + why_not(*file)));
      if (each.size() == 6) break;
    }
    out.why = base::join(each, "; ");
  }

  [[nodiscard]] std::string unsure_condition(const NetworkFile& file) const {
    return holds_[static_cast<std::size_t>(&file - configuration_.networks.data())].second;
  }

  [[nodiscard]] static std::string address_of_file(const NetworkFile& file) {
    std::vector<std::string> parts;
    for (const auto& address : file.reachable_addresses()) parts.push_back(text_of(address.own));
    if (file.dhcp4 || file.dhcp6) parts.emplace_back(!file.dhcp6 ? "by DHCPv4" : !file.dhcp4 ? "by DHCPv6" : "by DHCP");
    if (parts.empty() && file.takes_advertisements()) parts.emplace_back("by router advertisement");
    auto out = base::join(parts, ", ");
    for (const auto& route : file.routes) {
      if (!route.destination && !out.empty() && out.size() < 500) out += " via " + route.gateway_text;
    }
    return out;
  }

  const Configuration& configuration_;
  std::vector<std::pair<Tri, std::string>> holds_;  // of each .network file
  std::vector<const NetdevFile*> made_;
  std::vector<Node> nodes_;
};

}  // namespace

std::vector<Outcome> outcomes_of(const Configuration& configuration, const Environment& environment,
                                 const std::vector<Link>& links) {
  return World(configuration, environment, links).outcomes();
}

}  // namespace networkd
