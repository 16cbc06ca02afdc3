// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace detect {

enum class LinkKind { nic, vlan, bond, bridge, team, other };

/// A network interface, as ip-link(8) (-json -details) and sysfs show it.
struct Link {
  std::string name;
  LinkKind kind = LinkKind::other;
  std::string kind_name;           // the kernel's word, IFLA_INFO_KIND: "veth", "wireguard"; "": hardware
  bool wireless = false;           // hardware of cfg80211
  std::string permanent_mac;       // what its maker gave it, lower case; "": not known, or a device of software
  std::string mac;                 // what it has now
  bool shared_mac = false;         // another NIC has the same permanent one: an SR-IOV function below a NIC of Hyper-V
  std::string driver;              // a NIC's kernel module; "": not known
  std::string path;                // ID_PATH of udev, where the hardware is; "": not known
  std::uint32_t mtu = 0;           // bytes; 0: not known
  std::vector<std::string> lower;  // a bond's, team's or bridge's ports; the device that a VLAN is on
  int vlan_id = 0;                 // IEEE 802.1Q; 0: no VLAN
  std::string vlan_protocol;       // "802.1Q", "802.1ad"
  std::string bond_mode;           // "802.3ad"
  std::string bond_primary;        // "": none
  std::string lacp_rate;           // "slow", "fast"; "": not known
  std::string hash_policy;         // of bonds: xmit_hash_policy
  std::string fail_over_mac;       // of bonds: "none", "active", "follow"; "": not known
  std::uint32_t mii_ms = 0;        // of bonds: how often the ports' carrier is looked at, milliseconds; 0: never
};

struct IpAddress {
  std::string text;     // without its length
  unsigned length = 0;  // of its network, in bits
  bool v6 = false;
  bool dynamic = false;    // from DHCP or router advertisements
  bool temporary = false;  // RFC 8981
  std::string peer;        // of a point-to-point pair, whose network `length` is then; "": none
};

struct DefaultRoute {
  bool v6 = false;
  std::string gateway;  // of either family; "": on the link itself
  std::string device;
  std::string protocol;  // who made it: "static", "dhcp", "ra", "kernel", "boot"
  bool on_link = false;  // the kernel was told that the gateway is on the link
  std::uint32_t metric = 0;
};

/// How an address came to the interface that the session uses.
enum class AddressSource { none, dhcp, advertisement, fixed };

struct Network {
  std::string client;       // address of the other end of this ssh session ($SSH_CONNECTION); "": no ssh session
  std::string server;       // this machine's own address in it; both without their zone
  std::string port;         // this machine's port in it
  std::string device;       // which leads to the client, else the default route's; "": none
  bool by_session = false;  // `device` is from the session, and not from the default route
  std::vector<Link> chain;  // `device` first, then what it is made of, down to the NICs; each once
  std::vector<IpAddress> addresses;     // of `device`, global scope, in the kernel's order
  std::vector<DefaultRoute> routes;     // of `device`, lowest metric first
  std::vector<DefaultRoute> elsewhere;  // default routes by other devices
  std::string client_gateway;           // by which `device` leads to the client; "": none, or not known
  AddressSource source4 = AddressSource::none;
  AddressSource source6 = AddressSource::none;
  std::vector<std::string> dns;
  std::string
      manager;  // "systemd-networkd", "NetworkManager", "ifupdown", "wicked", "dhcpcd", "connman"; "": not known
  std::string configured_by;      // what writes the manager's configuration: "netplan", "cloud-init"; "": nothing else
  std::string client_identifier;  // DHCPv4: "mac", "duid", "duid-only", "clientid"; "": not known
  std::string duid;               // RFC 8415 section 11, hexadecimal, of the current DHCPv4 lease; "": not known
  std::optional<std::uint32_t> iaid;  // the same lease's
  std::vector<std::string> nics;      // the names of all wired NICs
  unsigned systemd_version = 0;       // which decides what networkd understands; 0: not known
  std::vector<std::string> faults;
};

}  // namespace detect
