// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/nics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "inspect/boot_words.hpp"

namespace inspect {
namespace {

constexpr std::size_t kLongest = 64U << 10U;
constexpr std::size_t kMost = 256;

/// Below drivers/net, and no hardware: they make interfaces out of others, or out of nothing; libraries of drivers.
constexpr std::array<std::string_view, 34> kNoHardware{
    "bareudp", "bonding",      "dummy",  "failover", "fou",      "geneve",  "gtp",  "ifb",        "ipvlan",
    "ipvtap",  "loopback",     "macsec", "macvlan",  "macvtap",  "mhi_net", "mii",  "mdio",       "netconsole",
    "netkit",  "net_failover", "nlmon",  "ovpn",     "pfcp",     "rionet",  "slhc", "sungem_phy", "tap",
    "team",    "tun",          "veth",   "vrf",      "vsockmon", "vxlan",   "amt"};
constexpr std::array<std::string_view, 15> kOtherFolders{
    "/phy/",  "/mdio/",    "/wireless/", "/ppp/", "/slip/", "/can/",        "/wwan/",    "/wireguard/",
    "/team/", "/bonding/", "/ipvlan/",   "/pcs/", "/dsa/",  "/ieee802154/", "/hamradio/"};

/// The name of a NIC's driver, by the path of its module; "" for others.
std::string driver_in(std::string_view path) {
  const auto folder = path.find("/drivers/net/");
  const auto end = path.find(".ko");
  if (folder == std::string_view::npos || end == std::string_view::npos) return {};
  const auto below = path.substr(folder + 12);
  if (std::ranges::any_of(kOtherFolders, [&](std::string_view other) { return below.starts_with(other); })) return {};
  std::string name(path.substr(path.rfind('/') + 1));
  name = name.substr(0, name.find(".ko"));
  std::ranges::replace(name, '-', '_');
  return std::ranges::find(kNoHardware, name) == kNoHardware.end() ? name : "";
}

}  // namespace

Nics read_nic_record(std::string_view text) {
  Nics out;
  const auto broken = [&](const std::string& why) {
    Nics nothing;
    nothing.fault = fmt::format("/{}: {}", kNicRecord, why);
    return nothing;
  };
  if (text.size() > kLongest || base::utf8_fault(text)) return broken("it is too long, or not UTF-8");
  bool version = false;
  for (const auto& line : base::lines(text)) {
    if (std::ranges::any_of(line, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }))
      return broken("a control character");
    const auto fields = base::split(line, '\t');
    if (fields.size() >= 2 && fields[0] == "version") {
      if (fields[1] != "1") return broken("version " + base::printable(fields[1]) + " is not known here");
      version = true;
    }
    if (fields.empty() || fields[0] != "nic") continue;
    if (fields.size() < 4 || fields[1].empty() || fields[2].empty()) return broken("expected nic NAME DRIVER BUS-ID");
    if (out.all.size() == kMost) return broken(fmt::format("more than {} interfaces", kMost));
    host::Nic nic{fields[1], fields[2] == "-" ? "" : fields[2], {}, {}};
    std::ranges::replace(nic.driver, '-', '_');
    nic.module = nic.driver;
    const auto field = [&](std::size_t index) {
      return index < fields.size() && fields[index] != "-" ? fields[index] : std::string();
    };
    nic.address = nic.permanent_address = field(4);
    nic.path = field(5);
    if (!nic.path.empty() || !field(6).empty()) nic.alternative_names = base::split(field(6), ',');
    out.all.push_back(std::move(nic));
  }
  if (!version) return broken("it says no version");
  if (!out.all.empty()) out.source = "recorded when the image was built";
  return out;
}

Nics nics_of(const Facts& facts) {
  if (facts.options.host) {
    Nics out{host::nics(*facts.options.host), "this machine's", {}};
    if (!out.all.empty()) return out;
  }
  const auto text = facts.image.content(kNicRecord);
  return text ? read_nic_record(*text) : Nics{};
}

bool is_driven(const Facts& facts, const host::Nic& nic) {
  return nic.module.empty() || (facts.has_driver(nic.module) && word_that_blocks(facts, nic.module).empty());
}

std::set<std::string> nic_drivers(const Facts& facts) {
  std::set<std::string> out;
  const auto take = [&](std::string_view path) {
    if (auto name = driver_in(path); !name.empty()) out.insert(std::move(name));
  };
  facts.image.each([&](const std::string& path, const initramfs::Node& node) {
    if (node.is_file()) take(path);
  });
  for (const auto& kernel : facts.kernels) {
    for (const auto* top : {"usr/lib/modules/", "lib/modules/"}) {
      for (const auto& line : base::lines(facts.image.content(top + kernel.text() + "/modules.builtin").value_or("")))
        take("/" + line);
    }
  }
  return out;
}

}  // namespace inspect
