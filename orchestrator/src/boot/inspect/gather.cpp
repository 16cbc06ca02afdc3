// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/gather.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace inspect {
namespace {

constexpr std::uint64_t kText = 256U << 10U;
constexpr std::uint64_t kKeyFile = 4U << 20U;  // a file of keys may have long comments
constexpr std::uint64_t kSmall = 64U << 10U;
constexpr std::uint64_t kProgram = 8U << 20U;

std::string_view last_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::uint64_t kept(std::string_view path) {
  if (path == "etc/ld.so.cache") return 4U * kText;
  if (path.starts_with("root/.ssh/") || path.starts_with("etc/ssh/")) return kKeyFile;
  for (const std::string_view folder :
       {"etc/", "root/", "conf/", "usr/lib/systemd/system/", "lib/systemd/system/", "usr/lib/systemd/network/",
        "usr/lib/dracut/", "lib/dracut/", "usr/lib/dracut-sshd/", "usr/lib/tmpfiles.d/", "usr/lib/NetworkManager/"}) {
    if (path.starts_with(folder)) return kText;
  }
  if (path.find("/.ssh/") != std::string_view::npos) return kKeyFile;
  const auto name = last_name(path);
  for (const std::string_view program : {"sshd", "sshd-session", "sshd-auth"}) {
    if (name == program) return kProgram;
  }
  if (name == "modules.builtin") return kText;
  for (const std::string_view large : {"usr/lib/modules/", "usr/lib/firmware/", "usr/lib/udev/", "lib/modules/",
                                       "lib/firmware/", "lib/udev/", "kernel/"}) {
    if (path.starts_with(large)) return 0;
  }
  if (name.find(".so") != std::string_view::npos) return 0;
  return kSmall;  // a configuration may name any file
}

/// "dracut 106-6" by the file that says so, or by the names of the folders that other programs leave.
void find_generator(Facts& facts) {
  for (const auto* folder : {"usr/lib/dracut", "lib/dracut"}) {
    for (const auto& name : facts.image.list(folder)) {
      if (!name.starts_with("dracut-")) continue;
      facts.by_dracut = true;
      facts.generator = "dracut " + name.substr(7);
    }
  }
  if (!facts.by_dracut &&
      (!facts.modules.empty() || facts.has("usr/lib/dracut-lib.sh") || facts.has("lib/dracut-lib.sh"))) {
    facts.by_dracut = true;
    facts.generator = "dracut";
  }
  if (facts.by_dracut) return;
  if (facts.has("conf/initramfs.conf") || facts.has("scripts/init-premount"))
    facts.generator = "initramfs-tools";
  else if (facts.has("hooks") && facts.has("init_functions"))
    facts.generator = "mkinitcpio";
  else if (facts.has("etc/booster.init.yaml"))
    facts.generator = "booster";
}

void add_words(Facts& facts, std::string_view text) {
  for (auto& word : words_of(base::replace_all(std::string(text), "\n", " "))) facts.cmdline.push_back(std::move(word));
}

void find_cmdline(Facts& facts) {
  // dracut's own scripts read these as if they stood on the command line; the kernel and systemd do not.
  for (const auto& name : facts.image.list("etc/cmdline.d"))
    add_words(facts, facts.image.content("etc/cmdline.d/" + name).value_or(""));
  if (const auto text = facts.image.content("etc/cmdline")) add_words(facts, *text);
  if (const auto section = facts.image.sections.find(".cmdline"); section != facts.image.sections.end())
    add_words(facts, section->second);
  add_words(facts, facts.options.cmdline);
}

/// A UKI says in .uname which kernel is in it.
void find_kernel(Facts& facts) {
  facts.kernel = facts.options.kernel;
  const auto section = facts.image.sections.find(".uname");
  if (facts.kernel || section == facts.image.sections.end()) return;
  facts.kernel = host::KernelRelease::from(base::trim(section->second));
  if (!facts.kernel) facts.no_release = ".uname: " + section->second;
}

void find_lines_of_root(Facts& facts) {
  for (const auto& [path, lines] :
       {std::pair{"etc/passwd", &facts.root_lines}, std::pair{"etc/shadow", &facts.shadow_lines}}) {
    for (const auto& line : base::lines(facts.image.content(path).value_or(""))) {
      if (line.starts_with("root:")) lines->push_back(base::split(line, ':'));
    }
  }
  if (facts.root_lines.empty() || facts.root_lines.front().size() < 6) return;
  const auto& home = facts.root_lines.front()[5];
  facts.home = home.starts_with('/') ? home.substr(1) : home;
}

/// As getgrouplist(3) has them: the group of passwd's line, and those of which root is a member.
void find_groups_of_root(Facts& facts) {
  std::string own = "0";
  if (!facts.root_lines.empty() && facts.root_lines.front().size() > 3) own = facts.root_lines.front()[3];
  auto& groups = facts.connection.groups;
  groups.clear();
  for (const auto& line : base::lines(facts.image.content("etc/group").value_or(""))) {
    const auto fields = base::split(line, ':');
    if (fields.size() < 4 || fields[0].empty()) continue;
    const auto members = base::split(fields[3], ',');
    if (fields[2] == own || std::ranges::find(members, "root") != members.end()) groups.push_back(fields[0]);
  }
}

}  // namespace

initramfs::ReadOptions read_options() {
  initramfs::ReadOptions out;
  out.content = kept;
  out.signatures = true;
  return out;
}

Facts gather(const initramfs::Image& image, const Options& options) {
  Facts facts(image, options);
  for (const auto* path : {"usr/lib/dracut/modules.txt", "lib/dracut/modules.txt"}) {
    if (facts.modules.empty()) facts.modules = base::lines(image.content(path).value_or(""));
  }
  find_generator(facts);
  find_kernel(facts);
  std::string odd_folder;
  for (const auto* folder : {"usr/lib/modules", "lib/modules"}) {
    for (const auto& name : image.list(folder)) {
      const auto release = host::KernelRelease::from(name);
      if (!release)
        odd_folder = std::string(folder) + "/" + name;
      else if (std::ranges::find(facts.kernels, *release) == facts.kernels.end())
        facts.kernels.push_back(*release);
    }
  }
  if (!facts.kernel && facts.no_release.empty() && facts.kernels.empty()) facts.no_release = odd_folder;
  image.each([&](const std::string& path, const initramfs::Node& node) {
    if (!node.is_file() || path.find("/modules/") == std::string::npos) return;
    if (path.find(".ko", path.rfind('/') + 1) != std::string::npos) facts.drivers.insert(driver_of(path));
  });
  facts.files = std::make_shared<const initramfs::ImageFiles>(image);
  facts.loader = std::make_shared<initramfs::Loader>(*facts.files);
  find_cmdline(facts);
  find_lines_of_root(facts);
  find_groups_of_root(facts);
  gather_sshd(facts);
  gather_keys(facts);
  gather_storage(facts);
  return facts;
}

}  // namespace inspect
