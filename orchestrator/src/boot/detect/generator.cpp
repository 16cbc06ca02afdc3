// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "detect/host_files.hpp"
#include "host/small_file.hpp"
#include "storage/crypttab.hpp"

namespace detect {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kMostTied = 100;

/// Hooks of mkinitcpio(8) for which dracut has a module, or that dracut does without.
constexpr std::array<std::string_view, 34> kKnownHooks{
    "base",    "systemd",     "autodetect",  "microcode",     "modconf", "kms",        "keyboard",
    "keymap",  "consolefont", "sd-vconsole", "block",         "encrypt", "sd-encrypt", "lvm2",
    "sd-lvm2", "mdadm",       "mdadm_udev",  "filesystems",   "fsck",    "usr",        "resume",
    "btrfs",   "shutdown",    "udev",        "plymouth",      "strip",   "net",        "sleep",
    "memdisk", "pcmcia",      "dmraid",      "acpi_override", "fw",      "sd-shutdown"};

std::string dracut_version(const Source& source) {
  const auto text = host::read_small(source.root / "usr/lib/dracut/dracut-version.sh");
  if (auto version = value_in(text.value_or(""), "DRACUT_VERSION"); version && !version->empty())
    return base::printable(*version, 40);
  if (program_at(source, "dracut").empty()) return {};
  const auto answer = source.commands.run({"dracut", "--version"});
  const auto words = command_words(answer.ok() ? answer.out.substr(0, 200) : "");
  return words.size() > 1 && words[0] == "dracut" ? base::printable(words[1], 40) : "unknown";
}

/// update-initramfs is a script of initramfs-tools', or one that runs dracut under that name.
bool is_mkinitramfs(const Source& source) {
  if (program_at(source, "mkinitramfs").empty()) return false;
  const auto script = host::read_small(source.root / "usr/sbin/update-initramfs").value_or("");
  return script.find("mkinitramfs") != std::string::npos || is_there(source, "/etc/kernel/postinst.d/initramfs-tools");
}

/// A hook of pacman's runs it, unless one of the same name in /etc, a link to /dev/null say, takes its place.
bool is_mkinitcpio(const Source& source) {
  if (program_at(source, "mkinitcpio").empty()) return false;
  constexpr const char* kHook = "90-mkinitcpio-install.hook";
  std::error_code ignored;
  const auto own = source.root / "etc/pacman.d/hooks" / kHook;
  if (std::filesystem::exists(std::filesystem::symlink_status(own, ignored)))
    return host::read_small(own).value_or("").find("mkinitcpio") != std::string::npos;
  return is_there(source, fmt::format("/usr/share/libalpm/hooks/{}", kHook)) || program_at(source, "dracut").empty();
}

void choose_generator(const Source& source, BootChain& out) {
  const auto set = [&](std::string name, std::string why) {
    out.generator = std::move(name);
    out.generator_why = std::move(why);
  };
  for (const auto* file : {"/etc/kernel/install.conf", "/usr/lib/kernel/install.conf"}) {
    const auto text = host::read_small(source.root / std::string_view(file).substr(1));
    if (!text) continue;
    const auto name = value_in(*text, "initrd_generator").value_or("");
    if (!name.empty() && name != "none")
      return set(base::printable(name, 40), fmt::format("initrd_generator={} in {}", base::printable(name, 40), file));
    break;
  }
  if (is_mkinitramfs(source)) return set("initramfs-tools", "/usr/sbin/update-initramfs runs mkinitramfs");
  if (is_mkinitcpio(source)) return set("mkinitcpio", "pacman's hooks run mkinitcpio");
  for (const auto* name : {"dracut", "booster", "genkernel", "ugrd"}) {
    if (const auto program = program_at(source, name); !program.empty()) return set(name, program + " is installed");
  }
}

class Ties {
 public:
  Ties(const Source& source, BootChain& out) : source_(source), out_(out) {}

  void of_initramfs_tools() {
    files_in("/etc/initramfs-tools/hooks", "hook");
    for (const auto& stage : names_in(source_, "/etc/initramfs-tools/scripts"))
      files_in("/etc/initramfs-tools/scripts/" + stage, "boot script");
    const auto modules = lines_of("/etc/initramfs-tools/modules");
    if (!modules.empty())
      add(fmt::format("/etc/initramfs-tools/modules: {}", base::printable(base::join(modules, ", "), 200)));
    settings_of("/etc/initramfs-tools/initramfs.conf");
    for (const auto& name : names_in(source_, "/etc/initramfs-tools/conf.d"))
      settings_of("/etc/initramfs-tools/conf.d/" + name);
    for (const auto* folder : {"/etc/dropbear/initramfs", "/etc/dropbear-initramfs"}) {
      for (const auto& name : names_in(source_, folder)) {
        if (name == "authorized_keys" || name == "dropbear.conf" || name == "config")
          add(fmt::format("{}/{}: dropbear's, which sshd takes the place of", folder, base::printable(name)));
      }
    }
    for (const auto& line : storage::parse_crypttab(host::read_small(source_.root / "etc/crypttab").value_or(""))) {
      if (const auto script = line.option_value("keyscript"); !script.empty())
        add(fmt::format("/etc/crypttab:{}: keyscript={} of {}", line.number, base::printable(script),
                        base::printable(line.name)));
      if (line.has_option("initramfs"))
        add(fmt::format("/etc/crypttab:{}: the option initramfs of {}, which is x-initrd.attach for dracut",
                        line.number, base::printable(line.name)));
    }
  }

  void of_mkinitcpio() {
    Words hooks = hooks_in(host::read_small(source_.root / "etc/mkinitcpio.conf").value_or(""));
    for (const auto& name : names_in(source_, "/etc/mkinitcpio.conf.d")) {
      auto more = hooks_in(host::read_small(source_.root / "etc/mkinitcpio.conf.d" / name).value_or(""));
      if (!more.empty()) hooks = std::move(more);
    }
    for (const auto& hook : hooks) {
      if (std::ranges::find(kKnownHooks, hook) == kKnownHooks.end())
        add(fmt::format("/etc/mkinitcpio.conf: the hook {}", base::printable(hook)));
    }
    files_in("/etc/initcpio/hooks", "boot script");
    files_in("/etc/initcpio/install", "hook");
    for (const auto& word : command_words(out_.cmdline)) {
      if (word.starts_with("cryptkey=")) add(fmt::format("{} on the kernel's command line", base::printable(word)));
    }
  }

 private:
  void add(std::string text) {
    if (out_.tied_to_generator.size() < kMostTied) out_.tied_to_generator.push_back(std::move(text));
  }

  void files_in(const std::string& folder, std::string_view kind) {
    for (const auto& name : names_in(source_, folder)) {
      std::error_code ignored;
      if (std::filesystem::is_regular_file(source_.root / folder.substr(1) / name, ignored))
        add(fmt::format("{}/{}: a {}", folder, base::printable(name), kind));
    }
  }

  Words lines_of(const std::string& path) {
    Words out;
    for (const auto& raw : base::lines(text_at(source_, path, out_.faults))) {
      const auto line = base::trim(std::string_view(raw).substr(0, raw.find('#')));
      if (!line.empty()) out.emplace_back(line);
    }
    return out;
  }

  /// Of initramfs.conf(5) what changes which boot comes of it.
  void settings_of(const std::string& path) {
    const auto text = text_at(source_, path, out_.faults);
    const auto value = [&](std::string_view key) { return value_in(text, key).value_or(""); };
    if (const auto resume = value("RESUME"); !resume.empty() && resume != "none" && resume != "auto")
      add(fmt::format("{}: RESUME={}, which dracut takes from resume= on the kernel's command line", path,
                      base::printable(resume)));
    if (const auto ip = value("IP"); !ip.empty() && ip != "dhcp" && ip != "on" && ip != "any")
      add(fmt::format("{}: IP={}, the network of the initramfs", path, base::printable(ip)));
    if (const auto device = value("DEVICE"); !device.empty())
      add(fmt::format("{}: DEVICE={}, its network interface", path, base::printable(device)));
  }

  /// HOOKS=(base udev ...), on one line or more.
  static Words hooks_in(const std::string& text) {
    std::string clean;
    for (const auto& line : base::lines(text)) clean += line.substr(0, line.find('#')) + "\n";
    const auto begin = clean.rfind("\nHOOKS=(");
    const auto from = begin != std::string::npos ? begin + 8 : clean.starts_with("HOOKS=(") ? 7 : std::string::npos;
    if (from == std::string::npos) return {};
    return command_words(clean.substr(from, clean.find(')', from) - from));
  }

  const Source& source_;
  BootChain& out_;
};

}  // namespace

void read_generator(const Source& source, BootChain& out) {
  out.dracut = dracut_version(source);
  choose_generator(source, out);
  Ties ties(source, out);
  if (out.generator == "initramfs-tools") ties.of_initramfs_tools();
  if (out.generator == "mkinitcpio") ties.of_mkinitcpio();
}

}  // namespace detect
