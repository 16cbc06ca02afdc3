// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/addresses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/text.hpp"
#include "host/host.hpp"
#include "host/small_file.hpp"
#include "inspect/unit.hpp"
#include "openssh/effective.hpp"

namespace rehearsal {
namespace {

std::string text_of(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 255U, address >> 8U & 255U, address & 255U);
}

std::optional<unsigned> number(std::string_view text) {
  unsigned out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// "10.0.0.5/24".
std::optional<StaticAddress> with_prefix(std::string_view text) {
  const auto slash = text.find('/');
  // networkd chooses by itself where 0.0.0.0 stands.
  if (ipv4_of(text.substr(0, slash)).value_or(0) == 0) return std::nullopt;
  StaticAddress out{std::string(text.substr(0, slash)), 32, {}};
  if (slash != std::string_view::npos) {
    const auto prefix = number(text.substr(slash + 1));
    if (!prefix || *prefix > 32) return std::nullopt;
    out.prefix = *prefix;
  }
  return out;
}

/// ip=ADDRESS:PEER:GATEWAY:MASK:NAME:CARD:METHOD.
std::optional<StaticAddress> of_cmdline(const inspect::Facts& facts) {
  const auto ip = facts.cmdline_value("ip");
  if (!ip) return std::nullopt;
  const auto fields = base::split(*ip, ':');
  if (fields.size() < 4 || !ipv4_of(fields[0])) return std::nullopt;
  StaticAddress out{fields[0], 24, ipv4_of(fields[2]) ? fields[2] : ""};
  if (const auto mask = ipv4_of(fields[3]))
    out.prefix = static_cast<unsigned>(std::popcount(*mask));
  else if (const auto prefix = number(fields[3]); prefix && *prefix <= 32)
    out.prefix = *prefix;
  return out;
}

std::optional<StaticAddress> of_networkd(std::string_view text) {
  inspect::Unit file;
  file.read(text);
  std::vector<std::string> addresses = file.all("Network", "Address");
  for (auto& one : file.all("Address", "Address")) addresses.push_back(std::move(one));
  std::vector<std::string> gateways = file.all("Network", "Gateway");
  for (auto& one : file.all("Route", "Gateway")) gateways.push_back(std::move(one));
  for (const auto& one : addresses) {
    auto out = with_prefix(one);
    if (!out) continue;
    const auto gateway =
        std::ranges::find_if(gateways, [](const std::string& each) { return ipv4_of(each).has_value(); });
    if (gateway != gateways.end()) out->gateway = *gateway;
    return out;
  }
  return std::nullopt;
}

/// keyfile: [ipv4] address1=10.0.0.5/24,10.0.0.1 or with gateway= of its own.
std::optional<StaticAddress> of_networkmanager(std::string_view text) {
  inspect::Unit file;
  file.read(text);
  for (const auto* key : {"address1", "addresses", "address"}) {
    const auto value = file.last("ipv4", key);
    const auto comma = value.find(',');
    auto out = with_prefix(base::trim(std::string_view(value).substr(0, comma)));
    if (!out) continue;
    const auto gateway = comma == std::string::npos ? file.last("ipv4", "gateway") : value.substr(comma + 1);
    if (ipv4_of(gateway)) out->gateway = gateway;
    return out;
  }
  return std::nullopt;
}

/// The nic of this machine that leads to the world, else its first.
std::optional<host::Nic> own_nic(const std::filesystem::path& root) {
  const auto nics = host::nics(root);
  if (nics.empty()) return std::nullopt;
  for (const auto& line : base::lines(host::read_small(root / "proc/net/route").value_or(""))) {
    const auto fields = base::split(line, '\t');
    if (fields.size() < 2 || fields[1] != "00000000") continue;
    const auto found = std::ranges::find(nics, fields[0], &host::Nic::name);
    if (found != nics.end()) return *found;
  }
  return nics.front();
}

}  // namespace

std::optional<std::uint32_t> ipv4_of(std::string_view text) {
  const auto parts = base::split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  std::uint32_t out = 0;
  for (const auto& part : parts) {
    const auto value = number(part);
    if (!value || *value > 255 || part.size() > 3) return std::nullopt;
    out = out << 8U | *value;
  }
  return out;
}

std::optional<StaticAddress> static_address(const inspect::Facts& facts) {
  if (auto out = of_cmdline(facts)) return out;
  if (facts.cmdline_value("ip")) return std::nullopt;
  for (const auto* folder : {"etc/systemd/network", "usr/lib/systemd/network"}) {
    for (const auto& name : facts.image.list(folder)) {
      // systemd's own are for containers and the like.
      if (!name.ends_with(".network") || (name.starts_with("80-") && std::string_view(folder).starts_with("usr")))
        continue;
      if (auto out = of_networkd(facts.image.content(std::string(folder) + "/" + name).value_or(""))) return out;
    }
  }
  for (const auto* folder : {"etc/NetworkManager/system-connections", "usr/lib/NetworkManager/system-connections"}) {
    for (const auto& name : facts.image.list(folder)) {
      if (auto out = of_networkmanager(facts.image.content(std::string(folder) + "/" + name).value_or(""))) return out;
    }
  }
  return std::nullopt;
}

bool lay_network(vm::UserNetwork& network, const StaticAddress& address) {
  const auto own = ipv4_of(address.address);
  if (!own) return false;
  // qemu wants a network with room for its own addresses; the guest does not see the mask.
  unsigned prefix = std::min(address.prefix, 28U);
  const auto mask = [](unsigned bits) { return bits == 0 ? 0U : ~0U << (32U - bits); };
  const auto gateway = ipv4_of(address.gateway);
  while (gateway && prefix > 8 && (*gateway & mask(prefix)) != (*own & mask(prefix))) --prefix;
  const auto base = *own & mask(prefix);
  if (gateway && (*gateway & mask(prefix)) != base) return false;
  // The first that is neither the guest's nor the network's own.
  const auto next = [&](std::uint32_t from, std::uint32_t not_this) {
    while (from == *own || from == not_this) ++from;
    return from;
  };
  const auto host = gateway && *gateway != *own ? *gateway : next(base + 1, 0);
  network.subnet = fmt::format("{}/{}", text_of(base), prefix);
  network.gateway = text_of(host);
  network.address = address.address;
  network.name_server = text_of(next(base + 1, host));
  return true;
}

void give_address(const inspect::Facts& facts, Plan& plan) {
  if (const auto port = number(openssh::argument_of(facts.effective.values, "port", "22")))
    plan.network.guest_port = *port;
  for (std::size_t index = 0; index + 1 < facts.sshd.arguments.size(); ++index) {
    if (facts.sshd.arguments[index] != "-p") continue;
    if (const auto port = number(facts.sshd.arguments[index + 1])) plan.network.guest_port = *port;
  }
  if (const auto address = static_address(facts)) {
    if (lay_network(plan.network, *address))
      plan.changes.push_back(
          fmt::format("the virtual network is laid around {}/{}", address->address, address->prefix));
    else
      plan.cannot.push_back(fmt::format("the address {} and its gateway {} fit into no virtual network",
                                        address->address, address->gateway));
  }
  if (!facts.options.host) return;
  const auto nic = own_nic(*facts.options.host);
  if (!nic) return;
  const std::string mac(
      base::trim(host::read_small(*facts.options.host / "sys/class/net" / nic->name / "address").value_or("")));
  if (mac.size() != 17) return;
  plan.network.mac = mac;
  plan.nic_name = nic->name;
}

}  // namespace rehearsal
