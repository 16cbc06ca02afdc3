// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/text.hpp"
#include "detect/host_files.hpp"
#include "detect/machine_state.hpp"
#include "networkd/config_text.hpp"
#include "networkd/network_file.hpp"
#include "openssh/address.hpp"
#include "setup/findings.hpp"
#include "setup/setup_plan.hpp"

namespace {

/// Files whose content an input may set, below the root.
constexpr std::array<std::string_view, 17> kFiles{"etc/os-release",
                                                  "etc/hostname",
                                                  "etc/hosts",
                                                  "etc/passwd",
                                                  "etc/crypttab",
                                                  "etc/fstab",
                                                  "etc/resolv.conf",
                                                  "etc/network/interfaces",
                                                  "etc/default/dracut-sshd",
                                                  "etc/ssh/sshd_config",
                                                  "root/.ssh/authorized_keys",
                                                  "proc/cmdline",
                                                  "proc/self/mountinfo",
                                                  "run/systemd/netif/leases/4",
                                                  "run/NetworkManager/devices/4",
                                                  "run/dhclient.eth0.pid",
                                                  "run/udev/data/n4"};

/// The machine that an input is: "== file PATH", "== command COMMAND LINE" and "== environment NAME" begin a content.
struct Machine : detect::Commands {
  std::map<std::string, std::string> files, answers, environment;

  explicit Machine(std::string_view text) {
    std::string* into = nullptr;
    for (const auto& line : base::lines(text)) {
      if (line.starts_with("== file ")) {
        into = &files[line.substr(8)];
      } else if (line.starts_with("== command ")) {
        into = &answers[line.substr(11)];
      } else if (line.starts_with("== environment ")) {
        into = &environment[line.substr(15)];
      } else if (into != nullptr) {
        *into += line + "\n";
      }
    }
    for (auto& [name, value] : environment) value = std::string(base::trim(value));
  }

  [[nodiscard]] detect::Answer run(const std::vector<std::string>& argv) override {
    const auto found = answers.find(base::join(argv, " "));
    if (found == answers.end()) return {};
    return {detect::Answer::State::ran, 0, found->second};
  }
};

/// A root with two NICs, made once.
const std::filesystem::path& root() {
  static const base::TempDir folder(base::temp_parent(), "detect-fuzz-");
  static const bool made = [] {
    for (const auto& file : kFiles) base::make_dirs((folder.path() / file).parent_path());
    base::make_dirs(folder.path() / "usr/lib/dracut/modules.d/46sshd");
    base::make_dirs(folder.path() / "usr/lib/dracut/modules.d/01systemd-networkd");
    for (const auto* name : {"systemd-networkd", "NetworkManager"}) {
      base::make_dirs(folder.path() / "usr/lib/systemd");
      base::write_file(folder.path() / "usr/lib/systemd" / name, "#!", 0755);
    }
    for (const std::string name : {"eth0", "eth1"}) {
      const auto nic = folder.path() / "sys/class/net" / name;
      base::make_dirs(nic / "device/driver");
      std::filesystem::create_symlink("/sys/module/virtio_net", nic / "device/driver/module");
      base::write_file(nic / "ifindex", name == "eth0" ? "4\n" : "5\n");
      base::write_file(nic / "type", "1\n");
      base::write_file(nic / "address", name == "eth0" ? "52:54:00:00:00:01\n" : "52:54:00:00:00:02\n");
      base::write_file(nic / "addr_assign_type", "0\n");
    }
    return true;
  }();
  (void)made;
  return folder.path();
}

void check_network(const detect::Network& network) {
  const auto is_address = [](const std::string& text) {
    return openssh::parse_address(std::string_view(text).substr(0, text.find('%'))).has_value();
  };
  for (const auto& address : network.addresses)
    if (!is_address(address.text)) __builtin_trap();
  for (const auto& route : network.routes)
    if (!route.gateway.empty() && !is_address(route.gateway)) __builtin_trap();
  for (const auto& server : network.dns)
    if (!is_address(server)) __builtin_trap();
  for (const auto& link : network.chain)
    if (!link.mac.empty() && link.mac.size() != 17) __builtin_trap();
}

/// What would be written of it: no line that a lying source has made, and nothing that networkd does not take.
void check_plan(const setup::Plan& plan) {
  for (const auto& file : plan.network.files) {
    const bool unit = file.path.ends_with(".network") || file.path.ends_with(".netdev") || file.path.ends_with(".link");
    if (!setup::is_place_of_setup(file.path) || file.content.find('\0') != std::string::npos) __builtin_trap();
    for (const auto& line : base::lines(file.content)) {
      if (base::printable(line, line.size() + 1) != line) __builtin_trap();
      const bool known = line.empty() || line.starts_with('#') || (line.starts_with('[') && line.ends_with(']')) ||
                         line.find('=') != std::string::npos;
      if (!known) __builtin_trap();
    }
    if (!unit) continue;
    networkd::ConfigText config;
    networkd::read_config(file.content, config);
    if (!config.fault.empty()) __builtin_trap();
  }
}

}  // namespace

/// A machine that lies: what `doctor` reads of it, and the plan that `setup` makes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Machine lies(text);
  for (const auto& file : kFiles) {
    const auto found = lies.files.find(std::string(file));
    if (found == lies.files.end())
      std::filesystem::remove(root() / file);
    else
      base::write_file(root() / file, found->second);
  }
  const auto machine = detect::read_machine({root(), lies, lies.environment});
  check_network(machine.network);
  for (const auto& finding : setup::findings_of(machine))
    if (finding.id.empty() || base::printable(finding.message, 1U << 20U) != finding.message) __builtin_trap();
  auto bootable = machine;
  bootable.system.root = true;
  bootable.system.systemd = true;
  bootable.system.chroot = false;
  bootable.system.container.clear();
  check_plan(setup::make_plan(bootable, {}, std::nullopt, root()));
  (void)detect::value_in(text, "ID");
  (void)detect::command_words(text);
  return 0;
}
