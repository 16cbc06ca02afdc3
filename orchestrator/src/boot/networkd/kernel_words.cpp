// SPDX-License-Identifier: GPL-3.0-or-later
#include "networkd/kernel_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "networkd/address.hpp"
#include "networkd/config_text.hpp"

namespace networkd {
namespace {

/// What a word asks for, and the settings of [Network] for it.
struct Method {
  std::string_view word;
  std::string_view settings;
};
constexpr std::array kMethods{Method{"none", "DHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"},
                              Method{"off", "DHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"},
                              Method{"on", "DHCP=yes\n"},
                              Method{"any", "DHCP=yes\n"},
                              Method{"dhcp", "DHCP=ipv4\n"},
                              Method{"dhcp6", "DHCP=ipv6\n"},
                              Method{"auto6", "DHCP=no\nIPv6AcceptRA=yes\n"},
                              Method{"either6", "DHCP=ipv6\n"},
                              Method{"ibft", "DHCP=no\n"},
                              Method{"link6", "DHCP=no\nIPv6AcceptRA=no\n"},
                              Method{"link-local", "DHCP=no\nIPv6AcceptRA=no\n"}};

struct Network {
  std::string method;  // settings
  std::string more;    // of [Network]: VLAN=, Bridge=, Bond=
  std::string sections;
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_hardware_address(std::string_view text) {
  const auto fields = base::split(text, text.find('-') == std::string_view::npos ? ':' : '-');
  return fields.size() == 6 && std::ranges::all_of(fields, [](const std::string& field) {
           return !field.empty() && field.size() <= 2 &&
                  std::ranges::all_of(field, [](unsigned char c) { return std::isxdigit(c) != 0; });
         });
}

/// Fields with colons between; one of IPv6 is in brackets.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text), left_(!text.empty()) {}

  /// Nothing at the end.
  std::optional<std::string> next(bool brackets = false) {
    if (!left_) return std::nullopt;
    if (brackets && rest_.starts_with('[')) {
      const auto close = rest_.find(']');
      if (close == std::string_view::npos) return fail();
      std::string out(rest_.substr(1, close - 1));
      rest_.remove_prefix(close + 1);
      if (!rest_.empty() && !rest_.starts_with(':')) return fail();
      left_ = !rest_.empty();
      if (left_) rest_.remove_prefix(1);
      return out;
    }
    const auto colon = rest_.find(':');
    std::string out(rest_.substr(0, colon));
    left_ = colon != std::string_view::npos;
    rest_.remove_prefix(left_ ? colon + 1 : rest_.size());
    return out;
  }

  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::optional<std::string> fail() {
    failed_ = true;
    left_ = false;
    return std::nullopt;
  }
  std::string_view rest_;
  bool left_;
  bool failed_ = false;
};

class Generator {
 public:
  /// False for a word that cannot be read.
  bool take(std::string_view key, const std::string& value) {
    if (key == "ip") return take_ip(value);
    if (key == "rd.route") return take_route(value);
    if (key == "nameserver") return address_of(value).has_value() && network("") != nullptr;
    if (key == "rd.peerdns") return (value.empty() || boolean_of(value)) && network("") != nullptr;
    if (key == "vlan") return take_vlan(value);
    if (key == "bridge") return take_ports(value, "bridge", "Bridge");
    if (key == "bond") return take_ports(value, "bond", "Bond");
    if (key == "ifname") {
      const auto colon = value.find(':');
      return colon != std::string::npos && is_interface_name(value.substr(0, colon)) &&
             is_hardware_address(std::string_view(value).substr(colon + 1));
    }
    return true;
  }

  std::vector<std::pair<std::string, std::string>> files() {
    std::vector<std::pair<std::string, std::string>> out;
    // What is for all interfaces becomes a file of its own only where no word names one.
    if (const auto all = networks_.find(""); all != networks_.end() && networks_.size() > 1) {
      for (auto& [name, one] : networks_) {
        if (!name.empty()) one.sections += all->second.sections;
      }
      networks_.erase(all);
    }
    for (const auto& [name, one] : networks_)
      out.emplace_back(name.empty() ? "91-default.network" : fmt::format("90-{}.network", name),
                       fmt::format("[Match]\n{}[Network]\n{}{}{}",
                                   name.empty() ? "Kind=!*\nType=!loopback\n" : "Name=" + name + "\n", one.method,
                                   one.more, one.sections));
    for (const auto& [name, text] : devices_) out.emplace_back(fmt::format("90-{}.netdev", name), text);
    return out;
  }

 private:
  Network* network(const std::string& name) {
    if (!name.empty() && !is_interface_name(name)) return nullptr;
    return &networks_[name];
  }

  bool set_method(const std::string& name, std::string_view word) {
    const auto* const found = std::ranges::find(kMethods, word, &Method::word);
    if (found == kMethods.end()) return false;
    auto* const one = network(name);
    if (one == nullptr) return false;
    one->method = found->settings;
    return true;
  }

  bool take_ip(const std::string& value) {
    if (value.empty() || value.ends_with(':')) return false;
    if (value.find(':') == std::string::npos) return set_method("", value);
    if (value.starts_with('[')) return take_static(value, true);
    return take_static(value, false) || take_interface(value);
  }

  /// ip=INTERFACE:METHOD[:[MTU][:MAC]]
  bool take_interface(const std::string& value) {
    Fields fields(value);
    const auto name = fields.next().value_or("");
    return !name.empty() && set_method(name, fields.next().value_or("")) && is_mtu_and_mac(fields.rest());
  }

  static bool is_mtu_and_mac(std::string_view rest) {
    const auto colon = rest.find(':');
    const auto mtu = rest.substr(0, colon);
    const auto mac = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    return (mtu.empty() || is_digits(mtu)) && (mac.empty() || is_hardware_address(mac));
  }

  static bool are_name_servers(std::string_view rest) {
    Fields fields(rest);
    for (int count = 0; count < 2; ++count) {
      const auto field = fields.next(true);
      if (!field) return !fields.failed();
      if (!field->empty() && !address_of(*field)) return false;
    }
    return fields.rest().empty();
  }

  /// An address of this family; a null one for an empty field. Nothing if it is neither.
  static std::optional<Prefix> next_address(Fields& fields, bool v6) {
    const auto field = fields.next(v6);
    if (fields.failed()) return std::nullopt;
    if (!field || field->empty()) {
      Prefix out;
      out.v6 = v6;
      return out;
    }
    const auto out = address_of(*field);
    return out && out->v6 == v6 ? out : std::nullopt;
  }

  static std::optional<unsigned> length_of(std::string_view field, bool v6) {
    if (field.empty()) return v6 ? 128U : 32U;
    if (const auto mask = v6 ? std::nullopt : address_of(field); mask && !mask->v6) {
      std::uint32_t bits = 0;
      for (int index = 0; index < 4; ++index) bits = bits << 8U | mask->bytes[static_cast<std::size_t>(index)];
      return 32U - static_cast<unsigned>(std::countr_zero(bits));
    }
    unsigned out = 0;
    const auto* const end = field.data() + field.size();
    const auto read = std::from_chars(field.data(), end, out);
    if (read.ec != std::errc{} || read.ptr != end || out > 255) return std::nullopt;
    return out;
  }

  /// ip=ADDRESS:[PEER]:GATEWAY:NETMASK:HOST:INTERFACE:METHOD[:[MTU][:MAC] | :[DNS][:DNS]]
  bool take_static(const std::string& value, bool v6) {
    Fields fields(value);
    const auto own = next_address(fields, v6);
    const auto peer = own ? next_address(fields, v6) : std::nullopt;
    const auto gateway = peer ? next_address(fields, v6) : std::nullopt;
    if (!gateway) return false;
    const auto length = length_of(fields.next().value_or(""), v6);
    (void)fields.next();  // the host's name
    const auto name = fields.next();
    const auto method = fields.next();
    if (!length || !name || !method || !set_method(*name, *method)) return false;
    auto& sections = network(*name)->sections;
    if (!own->is_null()) sections += fmt::format("[Address]\nAddress={}/{}\n", address_text(*own), *length);
    if (!own->is_null() && !peer->is_null()) sections += fmt::format("Peer={}\n", address_text(*peer));
    if (!gateway->is_null()) sections += fmt::format("[Route]\nGateway={}\n", address_text(*gateway));
    return (!name->empty() && is_mtu_and_mac(fields.rest())) || are_name_servers(fields.rest());
  }

  /// rd.route=NET/LENGTH:GATEWAY[:INTERFACE]
  bool take_route(const std::string& value) {
    Fields fields(value);
    const auto destination = prefix_of(fields.next(true).value_or(""));
    const auto gateway = destination ? address_of(fields.next(destination->v6).value_or("")) : std::nullopt;
    if (!gateway || gateway->v6 != destination->v6) return false;
    auto* const one = network(std::string(fields.rest()));
    if (one != nullptr)
      one->sections +=
          fmt::format("[Route]\nDestination={}\nGateway={}\n", text_of(*destination), address_text(*gateway));
    return one != nullptr;
  }

  /// vlan=NAME:INTERFACE, the VLAN's number at the end of its name
  bool take_vlan(const std::string& value) {
    Fields fields(value);
    const auto name = fields.next().value_or("");
    const auto last = name.find_last_not_of("0123456789");
    if (!is_interface_name(name) || last == std::string::npos) return false;
    const auto number = name.substr(last + 1);
    if (number.empty() || number.size() > 4 || std::stoi(number) > 4094) return false;
    if (!make(name, "vlan", fmt::format("[VLAN]\nId={}\n", std::stoi(number)))) return false;
    if (fields.rest().empty()) return true;
    auto* const one = network(std::string(fields.rest()));
    if (one != nullptr) one->more += "VLAN=" + name + "\n";
    return one != nullptr;
  }

  /// bridge=NAME:PORT,PORT and bond=NAME[:PORT,PORT[:OPTIONS[:MTU]]]
  bool take_ports(const std::string& value, const std::string& kind, const std::string& key) {
    Fields fields(value);
    const auto name = fields.next().value_or("");
    if (!is_interface_name(name) || !make(name, kind, "")) return false;
    for (const auto& port : base::split(fields.next().value_or(""), ',')) {
      if (port.empty()) continue;
      auto* const one = network(port);
      if (one == nullptr) return false;
      one->more += fmt::format("{}={}\n", key, name);
    }
    return true;
  }

  bool make(const std::string& name, const std::string& kind, const std::string& more) {
    const auto text = fmt::format("[NetDev]\nKind={}\nName={}\n{}", kind, name, more);
    const auto& there = devices_.emplace(name, text).first->second;
    return there.find("Kind=" + kind + "\n") != std::string::npos;
  }

  std::map<std::string, Network> networks_;
  std::map<std::string, std::string> devices_;
};

}  // namespace

GeneratedFiles files_of_kernel_words(const std::vector<std::string>& words) {
  GeneratedFiles out;
  Generator generator;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const auto value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (!generator.take(std::string_view(word).substr(0, equals), value)) {
      out.fault = word;
      return out;
    }
  }
  out.files = generator.files();
  return out;
}

}  // namespace networkd
