// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/drivers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/folder_writer.hpp"
#include "base/text.hpp"

namespace rehearsal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostModules = 512U << 20U;
constexpr std::uint64_t kIndex = 16U << 20U;

std::string name_of(std::string_view path) {
  auto name = std::string(path.substr(path.rfind('/') + 1));
  name = name.substr(0, name.find(".ko"));
  std::ranges::replace(name, '-', '_');
  return name;
}

/// The kernel that the image is for.
const host::KernelRelease& kernel_of(const inspect::Facts& facts) {
  if (facts.kernel) return *facts.kernel;
  if (facts.kernels.size() == 1) return facts.kernels.front();
  throw base::Error("which kernel the image is for cannot be told").with_hint("name its release: --release RELEASE");
}

/// Where the image has its modules: canonical, so that the overlay goes there.
std::string modules_in(const inspect::Facts& facts, const host::KernelRelease& release) {
  const auto& kernel = release.text();
  for (const auto* top : {"usr/lib/modules/", "lib/modules/"}) {
    if (const auto path = facts.image.resolve(top + kernel)) return *path;
  }
  return (facts.image.resolve("lib").value_or("usr/lib") == "usr/lib" ? "usr/lib/modules/" : "lib/modules/") + kernel;
}

}  // namespace

std::vector<std::string> needed_modules(const std::vector<std::string>& names, std::string_view dependencies,
                                        std::string_view builtin) {
  std::map<std::string, std::vector<std::string>> known;  // by name: its file, and those that it needs
  for (const auto& line : base::lines(dependencies)) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    auto& files = known[name_of(std::string_view(line).substr(0, colon))];
    files.push_back(line.substr(0, colon));
    for (auto& one : base::split(std::string(base::trim(std::string_view(line).substr(colon + 1))), ' ')) {
      if (!one.empty()) files.push_back(std::move(one));
    }
  }
  std::set<std::string> inside;
  for (const auto& line : base::lines(builtin)) inside.insert(name_of(line));
  std::set<std::string> out;
  for (const auto& name : names) {
    const auto found = known.find(name);
    if (found != known.end())
      out.insert(found->second.begin(), found->second.end());
    else if (!inside.contains(name))
      throw base::Error(fmt::format("this kernel has no module {}", name));
  }
  return {out.begin(), out.end()};
}

void add_drivers(Overlay& overlay, const std::vector<std::string>& names, const inspect::Facts& facts,
                 initramfs::Source& source, const initramfs::Inner& inner, const fs::path& root,
                 const fs::path& scratch, const base::Context& context) {
  if (names.empty()) return;
  const auto& release = kernel_of(facts);
  const auto& kernel = release.text();
  auto system = root / "usr/lib/modules" / kernel;
  if (!fs::exists(system / "modules.dep")) system = root / "lib/modules" / kernel;
  if (!fs::exists(system / "modules.dep"))
    throw base::Error(fmt::format("{} has to be added to the image, and {} has no modules of kernel {}",
                                  base::join(names, ", "), root.string(), kernel))
        .with_hint("rehearse on the machine that the image is for, or name a folder that has them by --root");
  const auto read = [&](const char* name) {
    return fs::exists(system / name) ? base::read_file(system / name, kIndex) : std::string();
  };
  const auto files = needed_modules(names, read("modules.dep"), read("modules.builtin"));
  if (files.empty()) return;
  const auto top = modules_in(facts, release);
  // depmod makes the indexes anew, and so has to see the image's modules, too.
  std::vector<std::string> own;
  facts.image.each([&](const std::string& path, const initramfs::Node& node) {
    if (node.is_file() && path.starts_with(top + "/") && path.find(".ko") != std::string::npos) own.push_back(path);
  });
  base::FolderWriter to(scratch);
  const std::string below = "modules/lib/modules/" + kernel;
  to.make_dirs(below);
  to.link("modules/usr/lib", "../lib");
  for (const auto& [path, bytes] : bytes_of(source, facts.image, inner, own, kMostModules))
    to.write_file(below + path.substr(top.size()), bytes);
  for (const auto* name : {"modules.order", "modules.builtin", "modules.builtin.modinfo"}) {
    if (fs::exists(system / name)) to.write_file(fmt::format("{}/{}", below, name), read(name));
  }
  for (const auto& file : files) {
    if (!base::is_safe_relative(file)) throw base::Error("modules.dep names " + base::printable(file));
    auto bytes = base::read_file(system / file, kMostModules);
    if (!to.has(below + "/" + file)) to.write_file(below + "/" + file, bytes);
    overlay[top + "/" + file] = {.content = std::move(bytes)};
  }
  const auto tree = scratch / "modules";
  base::Command depmod;
  depmod.argv = {"depmod", "-b", tree.string(), kernel};
  depmod.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}};
  depmod.dies_with_parent = true;
  if (const auto done = context.runner.run(depmod, context.cancel); done.status != 0)
    throw base::Error("depmod failed: " + done.tail);
  for (const auto& entry : fs::directory_iterator(scratch / below)) {
    const auto name = entry.path().filename().string();
    if (entry.is_regular_file() && name.starts_with("modules."))
      overlay[top + "/" + name] = {.content = base::read_file(entry.path(), kIndex)};
  }
  base::remove_tree(tree);
}

}  // namespace rehearsal
