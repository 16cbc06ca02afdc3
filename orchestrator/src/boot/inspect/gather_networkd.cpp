// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/gather_networkd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "inspect/boot_words.hpp"
#include "inspect/nics.hpp"
#include "networkd/kernel_words.hpp"

namespace inspect {
namespace {

constexpr std::array kFolders{"etc/systemd/network", "run/systemd/network", "usr/local/lib/systemd/network",
                              "usr/lib/systemd/network", "lib/systemd/network"};
constexpr std::size_t kMostNetworks = 256;
constexpr std::size_t kMostNetdevs = 64;

/// Whom systemd-networkd runs as: it has no right to read what is not for that user.
struct Reader {
  bool root = true;
  std::optional<std::uint32_t> uid;
  std::vector<std::uint32_t> gids;
};

std::optional<std::uint32_t> number_in(const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(text));
}

Reader reader_of(const Facts& facts) {
  Reader out;
  const auto unit = load_unit(facts.image, "systemd-networkd.service");
  const auto user = unit ? unit->last("Service", "User") : "";
  if (user.empty() || user == "root") return out;
  out.root = false;
  for (const auto& [path, is_group] : {std::pair{"etc/passwd", false}, std::pair{"etc/group", true}}) {
    for (const auto& line : base::lines(facts.image.content(path).value_or(""))) {
      const auto fields = base::split(line, ':');
      if (fields.size() < 3 || fields[0] != user) continue;
      const auto id = number_in(fields[2]);
      if (is_group && id) out.gids.push_back(*id);
      if (is_group) continue;
      out.uid = id;
      if (const auto gid = fields.size() > 3 ? number_in(fields[3]) : std::nullopt) out.gids.push_back(*gid);
    }
  }
  return out;
}

bool may(const Reader& reader, const initramfs::Node& node, std::uint32_t bit) {
  if (reader.root) return true;
  if (reader.uid == node.uid) return (node.mode & (bit << 6U)) != 0;
  if (std::ranges::find(reader.gids, node.gid) != reader.gids.end()) return (node.mode & (bit << 3U)) != 0;
  return (node.mode & bit) != 0;
}

/// Why systemd-networkd cannot read a file; "" if it can.
std::string why_unreadable(const Facts& facts, const Reader& reader, const std::string& path) {
  const auto real = facts.image.resolve(path).value_or(path);
  for (auto slash = real.find('/'); slash != std::string::npos; slash = real.find('/', slash + 1)) {
    const auto* folder = facts.image.find(real.substr(0, slash));
    if (folder != nullptr && !may(reader, *folder, 1))
      return fmt::format("/{} has mode {:04o}: systemd-networkd, which does not run as root, cannot read what is in it",
                         real.substr(0, slash), folder->mode & 07777U);
  }
  const auto* node = facts.image.find(real);
  if (node == nullptr || !node->is_file()) return "it is not in the image";
  if (may(reader, *node, 4)) return {};
  return fmt::format(
      "it has mode {:04o}, owner {}, group {}: systemd-networkd, which does not run as root, cannot read it",
      node->mode & 07777U, node->uid, node->gid);
}

/// A file's text, with what the command line adds to the image.
struct Tree {
  const Facts& facts;
  Reader reader;
  std::map<std::string, std::string> generated;  // in run/systemd/network

  [[nodiscard]] std::map<std::string, std::string> files(const std::string& subfolder, std::string_view suffix) const {
    std::map<std::string, std::string> out;  // by name; its path
    for (const std::string folder : kFolders) {
      const auto below = folder + subfolder;
      for (const auto& name : facts.image.list(below)) {
        const auto* node = facts.image.find_link(below + "/" + name);
        if (name.ends_with(suffix) && !name.starts_with('.') && node != nullptr && !node->is_directory())
          out.emplace(name, below + "/" + name);
      }
      if (subfolder.empty() && folder == "run/systemd/network") {
        for (const auto& [name, text] : generated) {
          if (name.ends_with(suffix)) out.emplace(name, below + "/" + name);
        }
      }
    }
    return out;
  }

  /// Nothing: the file takes the others of its name away.
  [[nodiscard]] std::optional<networkd::ConfigText> config(const std::string& name, const std::string& path) const {
    networkd::ConfigText out;
    if (const auto made = generated.find(name); made != generated.end() && path == "run/systemd/network/" + name) {
      networkd::read_config(made->second, out);
      return out;
    }
    const auto* node = facts.image.find(path);
    if (node == nullptr || !node->is_file() || node->size == 0) return std::nullopt;
    read(path, out);
    for (const auto& [other, dropin] : files("/" + name + ".d", ".conf")) {
      const auto* there = facts.image.find(dropin);
      const auto* link = facts.image.find_link(dropin);
      if (link != nullptr && link->is_link() && link->target == "/dev/null")
        out.doubt = "/" + dropin + " is a link to /dev/null, for which newer releases of systemd ignore the whole file";
      if (!out.fault.empty() || there == nullptr || !there->is_file() || there->size == 0) continue;
      read(dropin, out);
      if (!out.fault.empty()) out.fault = fmt::format("/{}: {}", dropin, out.fault);
    }
    return out;
  }

  void read(const std::string& path, networkd::ConfigText& out) const {
    if (out.fault = why_unreadable(facts, reader, path); !out.fault.empty()) return;
    const auto text = facts.image.content(path);
    if (text)
      networkd::read_config(*text, out);
    else
      out.fault = "it is too long";
  }
};

std::string setting_in(std::string_view text, std::string_view key) {
  for (const auto& line : base::lines(text)) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == '=')
      return base::replace_all(line.substr(key.size() + 1), "\"", "");
  }
  return {};
}

/// hostname(5), os-release(5): an initramfs without etc/hostname is called what systemd calls it by default.
std::string host_name(const Facts& facts) {
  for (const auto& line : base::lines(facts.image.content("etc/hostname").value_or(""))) {
    const auto name = base::trim(line);
    if (!name.empty() && !name.starts_with('#')) return std::string(name);
  }
  for (const auto* path : {"etc/os-release", "usr/lib/os-release", "etc/initrd-release"}) {
    if (auto name = setting_in(facts.image.content(path).value_or(""), "DEFAULT_HOSTNAME"); !name.empty()) return name;
  }
  return "localhost";
}

std::optional<std::string> architecture(const Facts& facts) {
  // ELF's e_machine, and systemd.unit(5), ConditionArchitecture=.
  constexpr std::array<std::pair<int, const char*>, 6> kNames{
      {{3, "x86"}, {62, "x86-64"}, {40, "arm"}, {183, "arm64"}, {22, "s390x"}, {243, "riscv64"}}};
  const auto* node = facts.image.find(facts.program("systemd-networkd"));
  if (node == nullptr || !node->elf) return std::nullopt;
  const auto* const found = std::ranges::find(kNames, int{node->elf->machine}, &std::pair<int, const char*>::first);
  return found == kNames.end() ? std::nullopt : std::optional<std::string>(found->second);
}

networkd::Environment environment_of(const Facts& facts) {
  networkd::Environment out;
  const auto words = kernel_words(facts);
  if (facts.options.cmdline_known) out.cmdline = words;
  out.host_name = host_name(facts);
  for (const auto& word : words) {
    if (word.starts_with("systemd.hostname=")) out.host_name = word.substr(17);
  }
  const std::string id(base::trim(facts.image.content("etc/machine-id").value_or("")));
  if (id.size() == 32) out.machine_id = id;
  if (facts.kernel || facts.kernels.size() == 1)
    out.kernel = facts.kernel ? facts.kernel->text() : facts.kernels.front().text();
  out.architecture = architecture(facts);
  if (facts.image.is_uki) out.efi = true;
  std::error_code failed;
  if (facts.options.host && std::filesystem::exists(*facts.options.host / "sys/firmware", failed))
    out.efi = std::filesystem::exists(*facts.options.host / "sys/firmware/efi", failed);
  return out;
}

/// A name that a .link file of the system gives, and the image does not have, is another one in the initramfs.
bool keeps_its_name(const Facts& facts, const host::Nic& nic) {
  return !nic.link_file.starts_with("/etc/") || facts.has(nic.link_file.substr(1));
}

networkd::Link link_of(const Facts& facts, const host::Nic& nic) {
  const auto known = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  return {keeps_its_name(facts, nic) ? nic.name : "",
          nic.alternative_names,
          "ether",
          "",
          known(nic.driver),
          known(nic.path),
          known(nic.address),
          known(nic.permanent_address)};
}

void find_links(const Facts& facts, NetworkdFacts& out) {
  const auto nics = nics_of(facts);
  out.links_known = !nics.all.empty();
  const bool some = std::ranges::any_of(nics.all, [&](const host::Nic& nic) { return is_driven(facts, nic); });
  for (const auto& nic : nics.all) {
    if (some && !is_driven(facts, nic)) continue;
    out.links.push_back(link_of(facts, nic));
  }
  if (out.links.empty()) out.links.emplace_back();
}

/// dracut 108 and later put a file of their own beside, in a hook of the boot, where the command line makes none.
void add_default(const Facts& facts, Tree& tree) {
  const auto text = facts.image.content("usr/lib/dracut/default.network");
  const bool some =
      std::ranges::any_of(tree.generated, [](const auto& made) { return made.first.ends_with(".network"); });
  if (text && !some) tree.generated.emplace("zzzz-dracut-default.network", *text);
}

bool reads_kernel_words(const Facts& facts) { return !facts.program("systemd-network-generator").empty(); }

void read_kernel_words(const Facts& facts, Tree& tree, NetworkdFacts& out) {
  const auto words = kernel_words(facts);
  const auto is_ip = [](const std::string& word) { return word.starts_with("ip="); };
  if (reads_kernel_words(facts)) {
    auto made = networkd::files_of_kernel_words(words);
    out.word_fault = made.fault;
    for (auto& [name, text] : made.files) tree.generated.emplace(std::move(name), std::move(text));
  } else if (const auto ip = std::ranges::find_if(words, is_ip); ip != words.end()) {
    out.word_unread = *ip + " on the kernel's command line: systemd-network-generator is not in the image";
  }
  for (const auto& word : facts.cmdline) {
    if (is_ip(word) && std::ranges::find(words, word) == words.end())
      out.word_unread =
          word + " in /etc/cmdline.d: systemd-network-generator reads the kernel's own command line alone";
  }
}

/// The kernel's driver for a kind of device; "" where it does not need one of its own, or the image has it.
std::string missing_driver(const Facts& facts, std::string_view kind) {
  constexpr std::array<std::pair<std::string_view, const char*>, 10> kDrivers{{{"bond", "bonding"},
                                                                               {"bridge", "bridge"},
                                                                               {"vlan", "8021q"},
                                                                               {"macvlan", "macvlan"},
                                                                               {"macvtap", "macvtap"},
                                                                               {"ipvlan", "ipvlan"},
                                                                               {"vrf", "vrf"},
                                                                               {"vxlan", "vxlan"},
                                                                               {"macsec", "macsec"},
                                                                               {"wireguard", "wireguard"}}};
  const auto* const found = std::ranges::find(kDrivers, kind, &std::pair<std::string_view, const char*>::first);
  if (found == kDrivers.end() || facts.kernels.empty() || facts.has_driver(found->second)) return {};
  return found->second;
}

/// systemd.exec(5), ImportCredential=.
bool has_credential(const Facts& facts, const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos) return false;
  constexpr std::array kStores{"etc/credstore", "run/credstore", "usr/lib/credstore"};
  return std::ranges::any_of(kStores, [&](const std::string& folder) {
    return facts.has(folder + ".encrypted/" + name) || facts.has(folder + "/" + name);
  });
}

void complete(const Facts& facts, const Reader& reader, networkd::NetdevFile& device) {
  if (!device.fault.empty()) return;
  if (const auto driver = missing_driver(facts, device.kind); !driver.empty())
    device.fault = fmt::format("the kernel's driver {} for it is not in the image", driver);
  if (device.key_file.starts_with('/')) {
    if (const auto why = why_unreadable(facts, reader, device.key_file.substr(1)); !why.empty())
      device.fault = fmt::format("PrivateKeyFile={}: {}", device.key_file, why);
  }
  // Without its key, networkd leaves out a peer; the tunnel goes nowhere then.
  for (const auto& file : device.preshared_key_files) {
    if (!file.starts_with('/') || !device.fault.empty()) continue;
    if (const auto why = why_unreadable(facts, reader, file.substr(1)); !why.empty())
      device.fault = fmt::format("PresharedKeyFile={}: {}", file, why);
  }
  if (!device.credential.empty() && !has_credential(facts, device.credential))
    device.fault = fmt::format(
        "[WireGuard] has no key: there is no PrivateKeyFile=, and the credential {} is not in the image; the boot "
        "loader "
        "or the firmware may hand it over",
        device.credential);
}

}  // namespace

NetworkdFacts gather_networkd(const Facts& facts) {
  NetworkdFacts out;
  Tree tree{facts, reader_of(facts), {}};
  read_kernel_words(facts, tree, out);
  add_default(facts, tree);
  for (const auto& [name, path] : tree.files("", ".network")) {
    if (out.too_many = out.too_many || out.configuration.networks.size() == kMostNetworks; out.too_many) break;
    if (const auto config = tree.config(name, path))
      out.configuration.networks.push_back(networkd::network_file_of("/" + path, *config));
  }
  for (const auto& [name, path] : tree.files("", ".netdev")) {
    if (out.too_many = out.too_many || out.configuration.netdevs.size() == kMostNetdevs; out.too_many) break;
    if (const auto config = tree.config(name, path)) {
      out.configuration.netdevs.push_back(networkd::netdev_file_of("/" + path, *config));
      complete(facts, tree.reader, out.configuration.netdevs.back());
    }
  }
  out.environment = environment_of(facts);
  find_links(facts, out);
  return out;
}

}  // namespace inspect
