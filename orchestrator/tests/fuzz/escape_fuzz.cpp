// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/folder_writer.hpp"
#include "base/text.hpp"
#include "host/kernel_release.hpp"
#include "initramfs/extract.hpp"
#include "initramfs/read.hpp"

/// Whatever names and links are asked for, nothing outside of the folder changes. The first byte says what is tried:
/// 'a' and 'b' lines of the writer ("fPATH", "dPATH", "lPATH<tab>TARGET", by either way; "@" is where both folders
/// are), everything else an archive that is extracted.
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> seen(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& each : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    if (lstat(each.path().c_str(), &status) != 0) __builtin_trap();
    auto& what = out[each.path().string()] = std::to_string(status.st_mode) + " " + std::to_string(status.st_nlink);
    if (S_ISREG(status.st_mode)) what += base::read_file(each.path(), 1U << 20U);
    if (S_ISLNK(status.st_mode)) what += fs::read_symlink(each.path()).string();
  }
  return out;
}

struct World {
  World() {
    fs::create_directory(outside());
    fs::create_directory(outside() / "folder");
    base::write_file(outside() / "file", "text");
    fs::create_symlink("file", outside() / "link");
    before = seen(outside());
  }
  [[nodiscard]] fs::path outside() const { return work.path() / "outside"; }
  [[nodiscard]] fs::path inside() const { return work.path() / "inside"; }
  void check() const {
    if (seen(outside()) != before) __builtin_trap();
    for (const auto& each : fs::directory_iterator(work.path())) {
      const auto name = each.path().filename();
      if (name != "inside" && name != "outside" && name != "image") __builtin_trap();
    }
  }
  base::TempDir work{base::temp_parent(), "dracut-sshd-fuzz."};
  std::map<std::string, std::string> before;
};

void write(World& world, std::string_view text, bool walks) {
  fs::create_directory(world.inside());
  base::FolderWriter to(world.inside());
  if (walks) to.without_openat2();
  to.link("up", "../outside");
  to.link("there", world.outside().string());
  const auto lines = base::split(base::replace_all(std::string(text), "@", world.work.path().string()), '\n');
  for (const auto& line : lines) {
    if (line.empty()) continue;
    const auto path = line.substr(1);
    try {
      const auto tab = std::min(path.find('\t'), path.size());
      if (line[0] == 'f') to.write_file(path, "new");
      if (line[0] == 'd') to.make_dirs(path);
      if (line[0] == 'l') to.link(path.substr(0, tab), path.substr(std::min(tab + 1, path.size())));
    } catch (const base::Error&) {
    }
    // Joined to a folder, a release is a name in it.
    const auto release = host::KernelRelease::from(path);
    if (release && (fs::path("/a/b") / release->text()).lexically_normal().parent_path() != "/a/b") __builtin_trap();
  }
}

void extract(World& world, std::string_view bytes) {
  base::write_file(world.work.path() / "image", bytes);
  try {
    initramfs::Source source(world.work.path() / "image");
    initramfs::Limits limits;
    limits.unpacked = 4U << 20U;
    limits.entries = 1000;
    const auto image = initramfs::read(source, {}, limits);
    (void)initramfs::extract(source, image, world.inside(), true);
  } catch (const base::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  base::remove_tree(world.inside());
  if (!bytes.empty() && (bytes[0] == 'a' || bytes[0] == 'b'))
    write(world, bytes.substr(1), bytes[0] == 'b');
  else
    extract(world, bytes);
  world.check();
  return 0;
}
