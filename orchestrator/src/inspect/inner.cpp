// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/inner.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "inspect/extract.hpp"

namespace inspect {
namespace {

namespace fs = std::filesystem;

struct Kind {
  const char* path;     // in the image
  const char* program;  // that unpacks it
  const char* package;
};

constexpr std::array kKinds{
    Kind{"squashfs-root.img", "unsquashfs", "squashfs-tools"}, Kind{"squash-root.img", "unsquashfs", "squashfs-tools"},
    Kind{"squash/root.img", "unsquashfs", "squashfs-tools"}, Kind{"erofs-root.img", "fsck.erofs", "erofs-utils"}};

std::vector<std::string> command(const Kind& kind, const fs::path& file, const fs::path& folder) {
  if (std::string_view(kind.program) == "unsquashfs")
    return {kind.program,     "-quiet", "-no-progress",  "-no-xattrs",
            "-ignore-errors", "-dest",  folder.string(), file.string()};
  return {kind.program, "--extract=" + folder.string(), "--no-preserve-owner", file.string()};
}

/// One name of the folder, as an entry of an archive.
void add(const fs::path& folder, const fs::path& path, initramfs::Builder& builder) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) throw base::system_error(path.string());
  initramfs::CpioHeader header;
  header.ino = static_cast<std::uint32_t>(status.st_ino);
  header.mode = status.st_mode;
  header.nlink = S_ISDIR(status.st_mode) ? 1 : static_cast<std::uint32_t>(status.st_nlink);
  header.mtime = static_cast<std::uint32_t>(status.st_mtime);
  header.rdev_major = major(status.st_rdev);
  header.rdev_minor = minor(status.st_rdev);
  header.size = S_ISREG(status.st_mode) ? static_cast<std::uint32_t>(status.st_size) : 0;
  const auto name = path.lexically_relative(folder).string();
  builder.entry(header, name, S_ISLNK(status.st_mode) ? fs::read_symlink(path).string() : "", 0);
  if (!S_ISREG(status.st_mode)) return;
  std::ifstream in(path, std::ios::binary);
  std::array<char, 65536> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0)
    builder.data({buffer.data(), static_cast<std::size_t>(in.gcount())});
  builder.end_of_file();
}

}  // namespace

void add_inner(initramfs::Source& source, initramfs::Image& image, const initramfs::Wanted& wanted,
               base::Runner& runner, const base::Cancel& cancel) {
  const auto* const kind = std::ranges::find_if(kKinds, [&](const Kind& each) {
    const auto* node = image.find(each.path);
    return node != nullptr && node->is_file();
  });
  if (kind == kKinds.end()) return;
  const base::TempDir work(base::temp_parent(), "dracut-sshd-inspect.");
  const auto file = work.path() / "inner.img";
  {
    std::ofstream out(file, std::ios::binary);
    cat(source, image, kind->path,
        [&](std::string_view bytes) { out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())); });
    if (!out.flush()) throw base::system_error(file.string());
  }
  base::Command run;
  run.argv = command(*kind, file, work.path() / "root");
  run.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"}, {"LC_ALL", "C"}};
  run.cwd = work.path();
  run.deadline = std::chrono::seconds(60);
  if (!base::find_program(run.argv[0], run.env.at("PATH")))
    throw base::Error(fmt::format("most of it is in /{}, and {} is not installed", kind->path, kind->program))
        .with_hint(fmt::format("install {}, and ask again", kind->package));
  // A file system of some hundred bytes can hold gigabytes; no file of a real image comes near this.
  if (base::find_program("prlimit", run.env.at("PATH")))
    run.argv.insert(run.argv.begin(), {"prlimit", "--fsize=268435456", "--cpu=60", "--"});
  const auto outcome = runner.run(run, cancel);
  const auto folder = work.path() / "root";
  if (!fs::is_directory(folder))
    throw base::Error(
        fmt::format("/{}: {} could not unpack it: {}", kind->path, kind->program, base::printable(outcome.tail, 400)));
  initramfs::Builder builder(image, wanted, initramfs::Limits{});
  std::vector<fs::path> paths;
  for (auto each = fs::recursive_directory_iterator(folder); each != fs::recursive_directory_iterator(); ++each)
    paths.push_back(each->path());
  std::ranges::sort(paths);
  for (const auto& path : paths) add(folder, path, builder);
}

}  // namespace inspect
