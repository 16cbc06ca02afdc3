// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/network_stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.hpp"
#include "detect/host_files.hpp"
#include "host/small_file.hpp"

namespace detect {
namespace {

using Words = std::vector<std::string>;

/// The lists of dracut.conf(5) that this is about, from /etc/dracut.conf and the folders of dracut.conf.d, in which a
/// file in /etc takes the place of the one of its name in /usr/lib. They are bash: what is more than an assignment is
/// not seen.
class DracutLists {
 public:
  DracutLists(const Source& source, Words& faults) {
    read(text_at(source, "/etc/dracut.conf", faults));
    std::map<std::string, std::string> files;
    for (const std::string folder : {"/usr/lib/dracut/dracut.conf.d", "/etc/dracut.conf.d"}) {
      for (const auto& name : names_in(source, folder)) {
        if (name.ends_with(".conf")) files[name] = folder + "/" + name;
      }
    }
    for (const auto& [name, path] : files) read(text_at(source, path, faults));
  }

  [[nodiscard]] bool chosen(const std::string& module) const { return chosen_.contains(module); }
  [[nodiscard]] bool omitted(const std::string& module) const { return omitted_.contains(module); }

 private:
  void read(const std::string& text) {
    for (const auto& raw : base::lines(text)) {
      const auto line = base::trim(raw);
      for (const auto* name : {"add_dracutmodules", "force_add_dracutmodules", "dracutmodules", "omit_dracutmodules"}) {
        auto rest = line;
        if (!rest.starts_with(name)) continue;
        rest.remove_prefix(std::string_view(name).size());
        const bool adds = rest.starts_with("+=");
        if (!adds && !rest.starts_with("=")) continue;
        const auto value = value_in(fmt::format("x={}", rest.substr(adds ? 2 : 1)), "x").value_or("");
        auto& list = std::string_view(name) == "omit_dracutmodules" ? omitted_ : chosen_;
        for (const auto& word : base::split(value, ' ')) {
          if (!word.empty()) list.insert(word);
        }
      }
    }
  }

  std::set<std::string> chosen_;
  std::set<std::string> omitted_;
};

class Chooser {
 public:
  Chooser(const Source& source, BootChain& out) : source_(source), out_(out), lists_(source, out.faults) {
    assumed_ = std::ranges::none_of(std::array{"systemd-networkd", "network-manager", "network-legacy", "network"},
                                    [&](const char* name) { return !dracut_module(source, name).empty(); });
  }

  void run() {
    const auto settings = text_at(source_, "/etc/dracut-sshd/initrd.conf", out_.faults);
    // One line that says no is enough.
    for (const auto& line : base::lines(settings)) {
      const auto value = value_in(line, "NETWORK");
      if (value && out_.network_setting != "no") out_.network_setting = base::printable(*value);
    }
    const bool off = out_.network_setting == "no";
    if (by_choice()) return;
    if (off) return set(NetworkStack::none, "NETWORK=no in /etc/dracut-sshd/initrd.conf");
    const auto networkd = why_no_networkd();
    if (networkd.empty()) return set(NetworkStack::networkd, "systemd-networkd is installed");
    const auto manager = why_no_manager();
    if (manager.empty()) return set(NetworkStack::network_manager, "NetworkManager is installed; " + networkd);
    const auto legacy = why_no_legacy();
    if (legacy.empty())
      return set(NetworkStack::legacy, fmt::format("dhclient is installed; {}; {}", networkd, manager));
    set(NetworkStack::none, base::join({networkd, manager, legacy}, "; "));
  }

 private:
  void set(NetworkStack stack, const std::string& why) {
    out_.stack = stack;
    out_.stack_why = base::printable(why, 400);
    out_.stack_assumed = assumed_;
  }

  bool by_choice() {
    struct Choice {
      const char* module;
      NetworkStack stack;
    };
    for (const auto& [module, stack] : {Choice{"systemd-networkd", NetworkStack::networkd},
                                        {"network-manager", NetworkStack::network_manager},
                                        {"network-legacy", NetworkStack::legacy},
                                        {"network-wicked", NetworkStack::legacy},
                                        {"connman", NetworkStack::legacy}}) {
      if (!lists_.chosen(module)) continue;
      set(stack, fmt::format("dracut.conf adds the module {}", module));
      return true;
    }
    if (!lists_.chosen("network")) return false;
    // dracut's own order, in modules.d/*network/module-setup.sh.
    const auto stack = why_no_manager().empty()    ? NetworkStack::network_manager
                       : why_no_networkd().empty() ? NetworkStack::networkd
                                                   : NetworkStack::legacy;
    set(stack, "dracut.conf adds the module network, which takes NetworkManager before systemd-networkd");
    return true;
  }

  /// Why dracut could not have one of its modules; "" if it could.
  [[nodiscard]] std::string why_no_module(const std::string& name, const Words& programs) const {
    const auto folder = dracut_module(source_, name);
    if (folder.empty() && !assumed_) return fmt::format("dracut's module {} is not installed", name);
    if (lists_.omitted(name)) return fmt::format("dracut.conf omits the module {}", name);
    for (const auto& program : programs) {
      if (program_at(source_, program).empty()) return fmt::format("{} is not installed", program);
    }
    if (folder.empty()) return {};
    const auto setup = host::read_small(source_.root / folder.substr(1) / "module-setup.sh").value_or("");
    if (!depends_on_bus(setup)) return {};
    if (lists_.omitted("dbus")) return "dracut.conf omits the module dbus";
    if (program_at(source_, "dbus-daemon").empty() && program_at(source_, "dbus-broker").empty())
      return fmt::format("dracut's module {} needs D-Bus, and neither dbus-daemon nor dbus-broker is installed", name);
    return {};
  }

  /// Whether its function depends() prints the module dbus.
  [[nodiscard]] static bool depends_on_bus(std::string_view setup) {
    const auto begin = setup.find("\ndepends()");
    if (begin == std::string_view::npos) return false;
    const auto body = setup.substr(begin, setup.find("\n}", begin) - begin);
    for (const auto& raw : base::lines(body)) {
      const auto line = base::trim(raw);
      const auto words = base::split(base::replace_all(std::string(line), "\"", " "), ' ');
      if (!line.starts_with('#') && std::ranges::find(words, "dbus") != words.end()) return true;
    }
    return false;
  }

  [[nodiscard]] std::string why_no_networkd() const {
    if (program_at(source_, "systemd-networkd").empty()) return "systemd-networkd is not installed";
    return why_no_module("systemd-networkd", {"ip"});
  }

  [[nodiscard]] std::string why_no_manager() const {
    if (program_at(source_, "NetworkManager").empty()) return "NetworkManager is not installed";
    if (auto why = why_no_module("network-manager", {}); !why.empty()) return why;
    if (assumed_) return {};
    const auto folder = dracut_module(source_, "network-manager");
    for (const auto& unit :
         {folder + "/nm-initrd.service", std::string("/usr/lib/systemd/system/NetworkManager-initrd.service"),
          std::string("/lib/systemd/system/NetworkManager-initrd.service")}) {
      if (is_there(source_, unit)) return {};
    }
    return "this dracut does not run NetworkManager as a service";
  }

  [[nodiscard]] std::string why_no_legacy() const { return why_no_module("network-legacy", {"ip", "dhclient"}); }

  const Source& source_;
  BootChain& out_;
  DracutLists lists_;
  bool assumed_ = false;  // dracut's modules for networks will come with its packages
};

}  // namespace

void choose_network_stack(const Source& source, BootChain& out) {
  Chooser(source, out).run();
  constexpr std::string_view kFolder = "/etc/dracut-sshd/network";
  for (const auto& name : names_in(source, kFolder)) {
    for (const auto* suffix : {".network", ".netdev", ".link", ".nmconnection"}) {
      if (name.ends_with(suffix)) out.network_files.push_back(fmt::format("{}/{}", kFolder, name));
    }
  }
}

}  // namespace detect
