// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/interface_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "base/text.hpp"
#include "detect/dhclient.hpp"
#include "detect/host_files.hpp"
#include "host/small_file.hpp"
#include "networkd/config_text.hpp"

namespace detect {
namespace {

namespace fs = std::filesystem;

std::string small(const Source& source, const std::string& path) {
  return host::read_small(source.root / path).value_or("");
}

/// The value of a line "KEY=VALUE"; "" if there is none.
std::string plain_value(const std::string& text, std::string_view key) {
  for (const auto& line : base::lines(text)) {
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == '=')
      return line.substr(key.size() + 1);
  }
  return "";
}

/// The files in a folder whose names begin and end so.
std::vector<std::string> names_in(const Source& source, const std::string& folder, std::string_view start,
                                  std::string_view end) {
  constexpr std::size_t kMost = 1000;
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(source.root / folder, ignored)) {
    auto name = entry.path().filename().string();
    if (name.starts_with(start) && name.ends_with(end)) out.push_back(std::move(name));
    if (out.size() >= kMost) break;
  }
  std::ranges::sort(out);
  return out;
}

/// cloud-init(1) writes one file for netplan(5), and an administrator others.
std::string netplan_writer(const Source& source) {
  std::vector<std::string> files;
  for (const auto* folder : {"lib/netplan", "etc/netplan", "run/netplan"}) {
    for (auto& name : names_in(source, folder, "", ".yaml")) files.push_back(std::move(name));
  }
  // The network that the initramfs was told (cloud-initramfs-tools), the marker of an image: neither says how.
  std::erase_if(files, [](const std::string& name) { return name.starts_with("00-"); });
  return files.size() == 1 && files[0] == "50-cloud-init.yaml" ? "cloud-init" : "netplan";
}

/// Who wrote the file, or the connection, that the manager follows.
std::string writer_of(const Source& source, std::string_view name) {
  if (name.find("netplan-") != std::string_view::npos) return netplan_writer(source);
  return name.find("cloud-init") != std::string_view::npos ? "cloud-init" : "";
}

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// CLIENTID= of a lease of networkd (RFC 4361): "ff", the IAID, the DUID, as hexadecimal digits.
void read_client_id(const std::string& text, InterfaceManager& out) {
  if (text.size() > 300 || text.size() % 2 != 0 || !is_hexadecimal(text)) return;
  if (text.starts_with("01") && text.size() == 14) out.client_identifier = "mac";
  if (!text.starts_with("ff") || text.size() < 2 + 8 + 4 + 2) return;
  std::uint32_t iaid = 0;
  std::from_chars(text.data() + 2, text.data() + 10, iaid, 16);
  out.iaid = iaid;
  out.duid = text.substr(10);
  std::ranges::transform(out.duid, out.duid.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
}

/// networkd's state (sd-network(3)): /run/systemd/netif/links/INDEX, leases/INDEX.
bool read_networkd(const Source& source, unsigned index, InterfaceManager& out) {
  const auto state = small(source, fmt::format("run/systemd/netif/links/{}", index));
  const auto admin = plain_value(state, "ADMIN_STATE");
  if (admin != "configured" && admin != "configuring" && admin != "failed" && admin != "linger") return false;
  out.name = "systemd-networkd";
  out.client_identifier = "duid";
  const auto file = plain_value(state, "NETWORK_FILE");
  const bool known = file.starts_with("/etc/systemd/network/") || file.starts_with("/run/systemd/network/") ||
                     file.starts_with("/usr/lib/systemd/network/");
  if (known && file.find("..") == std::string::npos && file.find('\0') == std::string::npos) {
    out.configured_by = writer_of(source, fs::path(file).filename().string());
    networkd::ConfigText config;
    networkd::read_config(small(source, file.substr(1)), config);
    for (const auto* section : {"DHCP", "DHCPv4"}) {
      const auto word = networkd::last_value(config, section, "ClientIdentifier").value_or("");
      if (word == "mac" || word == "duid" || word == "duid-only") out.client_identifier = word;
    }
  }
  const auto word = out.client_identifier;
  read_client_id(plain_value(small(source, fmt::format("run/systemd/netif/leases/{}", index)), "CLIENTID"), out);
  if (word == "duid-only") out.client_identifier = word;
  return true;
}

/// The fields of a line of `nmcli -t`: colons between, backslashes before those that belong to a value.
std::vector<std::string> terse_fields(const std::string& line) {
  std::vector<std::string> out(1);
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size())
      out.back() += line[++at];
    else if (line[at] == ':')
      out.emplace_back();
    else
      out.back() += line[at];
  }
  return out;
}

/// nm-settings-nmcli(5), ipv4.dhcp-client-id; the default of NetworkManager's own client is the hardware address.
void read_nm_client_id(const Source& source, const std::string& connection, InterfaceManager& out) {
  out.client_identifier = "mac";
  if (connection.empty() || connection.size() > 200 || connection.find('\0') != std::string::npos) return;
  const auto answer =
      source.commands.run({"nmcli", "-t", "-g", "ipv4.dhcp-client-id", "connection", "show", "id", connection});
  const std::string word(base::trim(answer.out));
  if (!answer.ok() || word.empty() || word == "mac" || word == "perm-mac") return;
  out.client_identifier = word == "duid" || word == "ipv6-duid" ? "duid" : "";
}

/// nmcli(1): device status.
bool read_network_manager(const Source& source, const std::string& device, InterfaceManager& out,
                          std::vector<std::string>& faults) {
  const auto answer = source.commands.run({"nmcli", "-t", "-f", "DEVICE,STATE,CONNECTION", "device", "status"});
  if (answer.state == Answer::State::absent) return false;
  if (!answer.ok()) {
    // 8: it does not run.
    if (answer.state != Answer::State::ran || answer.status != 8)
      faults.emplace_back("nmcli does not say which interfaces NetworkManager manages");
    return false;
  }
  for (const auto& line : base::lines(answer.out)) {
    const auto fields = terse_fields(line);
    if (fields.size() != 3 || fields[0] != device) continue;
    // "connected (externally)": it only watches what another program set.
    if (fields[1] == "unmanaged" || fields[1] == "unavailable" || fields[1].find("externally") != std::string::npos)
      return false;
    out.name = "NetworkManager";
    out.configured_by = writer_of(source, fields[2]);
    read_nm_client_id(source, fields[2], out);
    return true;
  }
  return false;
}

/// interfaces(5): the method of the stanza "iface DEVICE inet METHOD"; "" if there is none.
std::string ifupdown_method(const Source& source, const std::string& device) {
  std::vector<std::string> files{"etc/network/interfaces"};
  for (const auto& name : names_in(source, "etc/network/interfaces.d", "", ""))
    files.push_back("etc/network/interfaces.d/" + name);
  for (const auto& file : files) {
    for (const auto& line : base::lines(small(source, file))) {
      const auto words = networkd::words_of(line);
      if (words.size() >= 4 && words[0] == "iface" && words[1] == device && words[2] == "inet") return words[3];
    }
  }
  return "";
}

bool dhcpcd_runs(const Source& source, const std::string& device) {
  for (const auto* file : {"run/dhcpcd/pid", "run/dhcpcd.pid"}) {
    if (is_there(source, file)) return true;
  }
  for (const auto& file : {fmt::format("run/dhcpcd/{}.pid", device), fmt::format("run/dhcpcd/{}-4.pid", device),
                           fmt::format("run/dhcpcd-{}.pid", device), fmt::format("run/dhcpcd-{}-4.pid", device)}) {
    if (is_there(source, file)) return true;
  }
  return false;
}

/// A DUID in dhcpcd's file, "00:01:00:01:...", as hexadecimal digits; "" if it is none.
std::string dhcpcd_duid(const Source& source) {
  for (const auto* file : {"var/lib/dhcpcd/duid", "etc/dhcpcd.duid"}) {
    const auto text = small(source, file);
    auto digits = base::replace_all(std::string(base::trim(text)), ":", "");
    std::ranges::transform(digits, digits.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (digits.size() >= 8 && digits.size() <= 260 && digits.size() % 2 == 0 && is_hexadecimal(digits)) return digits;
  }
  return "";
}

/// dhcpcd.conf(5): "duid" or "clientid" alone on a line, the last one counts. Without iaid= it goes by the last four
/// octets of the hardware address.
void read_dhcpcd_identifier(const Source& source, const std::string& mac, InterfaceManager& out) {
  out.client_identifier = "mac";
  bool own_iaid = false;
  for (const auto& line : base::lines(small(source, "etc/dhcpcd.conf"))) {
    const auto words = networkd::words_of(line);
    if (!words.empty() && (words[0] == "duid" || words[0] == "clientid")) out.client_identifier = words[0];
    own_iaid = own_iaid || (!words.empty() && (words[0] == "iaid" || words[0] == "interface"));
  }
  const auto digits = base::replace_all(mac, ":", "");
  if (out.client_identifier != "duid" || own_iaid || digits.size() != 12 || !is_hexadecimal(digits)) return;
  out.duid = dhcpcd_duid(source);
  std::uint32_t iaid = 0;
  std::from_chars(digits.data() + 4, digits.data() + 12, iaid, 16);
  if (!out.duid.empty()) out.iaid = iaid;
}

/// ifup(8): /run/network/ifstate, or /run/ifstate of ifupdown-ng, "eth0=eth0".
bool read_ifupdown(const Source& source, const std::string& device, const std::string& mac, InterfaceManager& out) {
  bool up = false;
  for (const auto* file : {"run/network/ifstate", "run/ifstate"}) {
    for (const auto& line : base::lines(small(source, file)))
      up = up || line.starts_with(device + "=") || line.starts_with(device + " ") || line == device;
  }
  if (!up) return false;
  out.name = "ifupdown";
  out.dhcp4 = ifupdown_method(source, device) == "dhcp";
  out.client_identifier = "mac";
  if (const auto dhclient = read_dhclient(source, device, mac); dhclient.by_duid) {
    out.client_identifier = "duid";
    out.duid = dhclient.duid;
    if (!out.duid.empty()) out.iaid = dhclient.iaid;
  } else if (!dhclient.runs && dhcpcd_runs(source, device)) {
    read_dhcpcd_identifier(source, mac, out);
  }
  if (!names_in(source, "etc/network/interfaces.d", "50-cloud-init", "").empty()) out.configured_by = "cloud-init";
  return true;
}

/// wicked(8): "eth0            up". Of ifcfg(5) the start protocol.
bool read_wicked(const Source& source, const std::string& device, InterfaceManager& out) {
  const auto answer = source.commands.run({"wicked", "ifstatus", "--brief", device});
  // Its status tells of the interface's state; what it does not manage it calls so.
  if (answer.state != Answer::State::ran) return false;
  for (const auto& line : base::lines(answer.out)) {
    const auto words = networkd::words_of(line);
    if (words.size() < 2 || words[0] != device || (words[1] != "up" && words[1] != "setup-in-progress")) continue;
    out.name = "wicked";
    const auto ifcfg = small(source, "etc/sysconfig/network/ifcfg-" + device);
    const auto words_of_protocol = networkd::words_of(plain_value(ifcfg, "BOOTPROTO"));
    const auto protocol = words_of_protocol.empty() ? "" : words_of_protocol[0];
    out.dhcp4 = protocol == "dhcp" || protocol == "dhcp4" || protocol.starts_with("dhcp+") || protocol == "dhcp4+auto6";
    if (ifcfg.find("cloud-init") != std::string::npos) out.configured_by = "cloud-init";
    return true;
  }
  return false;
}

/// connman keeps a folder for each service: /var/lib/connman/ethernet_MAC_cable/settings, [service] IPv4.method=.
bool read_connman(const Source& source, const std::string& mac, InterfaceManager& out) {
  if (!is_there(source, "run/connman")) return false;
  const auto digits = base::replace_all(mac, ":", "");
  const auto settings = small(source, fmt::format("var/lib/connman/ethernet_{}_cable/settings", digits));
  if (settings.empty()) return false;
  out.name = "connman";
  out.dhcp4 = plain_value(settings, "IPv4.method") == "dhcp";
  return true;
}

}  // namespace

InterfaceManager manager_of(const Source& source, const std::string& device, unsigned index, const std::string& mac,
                            std::vector<std::string>& faults) {
  InterfaceManager out;
  if (read_networkd(source, index, out) || read_network_manager(source, device, out, faults) ||
      read_ifupdown(source, device, mac, out) || read_wicked(source, device, out) || read_connman(source, mac, out))
    return out;
  if (dhcpcd_runs(source, device)) {
    out.name = "dhcpcd";
    read_dhcpcd_identifier(source, mac, out);
  }
  return out;
}

}  // namespace detect
