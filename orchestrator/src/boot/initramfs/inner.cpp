// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/inner.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/confine.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/folder_writer.hpp"
#include "base/text.hpp"
#include "initramfs/extract.hpp"

namespace initramfs {
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

/// Bytes on the disk. What comes and goes meanwhile does not matter.
std::uint64_t used(const fs::path& folder) {
  std::uint64_t out = 0;
  std::error_code ignored;
  for (fs::recursive_directory_iterator each(folder, ignored), end; !ignored && each != end; each.increment(ignored)) {
    struct stat status {};
    if (lstat(each->path().c_str(), &status) == 0) out += static_cast<std::uint64_t>(status.st_blocks) * 512 + 512;
  }
  return out;
}

/// A file system of some hundred bytes can hold gigabytes, in one file or in many: the tool is ended when it has
/// written more than any real image holds.
class Guard {
 public:
  Guard(const fs::path& folder, const base::Cancel& outer)
      : thread_([this, folder, &outer] {
          while (!done_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            if (outer.signal() != 0) return stop.request(outer.signal());
            if (used(folder) <= kMost) continue;
            too_much = true;
            return stop.request(SIGTERM);
          }
        }) {}
  ~Guard() {
    done_ = true;
    thread_.join();
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  base::Cancel stop;
  std::atomic<bool> too_much{false};

 private:
  static constexpr std::uint64_t kMost = 1U << 30U;
  std::atomic<bool> done_{false};
  std::thread thread_;  // last: it uses what stands before it
};

base::Outcome run_guarded(const base::Command& run, const Kind& kind, const fs::path& folder,
                          const base::Context& context) {
  Guard guard(folder, context.cancel);
  try {
    auto outcome = context.runner.run(run, guard.stop);
    if (!guard.too_much) return outcome;
  } catch (const base::Interrupted&) {
    if (!guard.too_much) throw;
  }
  throw base::Error(fmt::format("/{} holds more than a GiB: no image of dracut's does", kind.path));
}

}  // namespace

Inner add_inner(initramfs::Source& source, initramfs::Image& image, const initramfs::ReadOptions& wanted,
                const base::Context& context) {
  const auto* const kind = std::ranges::find_if(kKinds, [&](const Kind& each) {
    const auto* node = image.find(each.path);
    return node != nullptr && node->is_file();
  });
  if (kind == kKinds.end()) return {};
  Inner inner;
  const auto& work = inner.folder.emplace(base::temp_parent(), "dracut-sshd-inspect.");
  const auto file = work.path() / "inner.img";
  {
    const auto out = base::FolderWriter(work.path()).create("inner.img");
    cat(source, image, kind->path,
        [&](std::string_view bytes) { base::write_all(out.get(), bytes, base::printable(file.string(), 300)); });
  }
  base::Command run;
  run.argv = command(*kind, file, work.path() / "root");
  run.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"}, {"LC_ALL", "C"}};
  run.cwd = work.path();
  run.deadline = std::chrono::seconds(60);
  if (!base::find_program(run.argv[0], run.env.at("PATH")))
    throw base::Error(fmt::format("most of it is in /{}, and {} is not installed", kind->path, kind->program))
        .with_hint(fmt::format("install {}, and ask again", kind->package));
  if (base::find_program("prlimit", run.env.at("PATH")))
    run.argv.insert(run.argv.begin(), {"prlimit", "--fsize=268435456", "--cpu=60", "--"});
  const auto folder = work.path() / "root";
  // It reads what somebody else has made, in C: where bubblewrap works, it sees this folder and no network.
  if (const base::Confinement cage{.writable = {work.path()}, .readable = {}, .devices = {}};
      base::why_not_confined(cage, run.env.at("PATH"), context).empty())
    run = base::confined(run, cage);
  const auto outcome = run_guarded(run, *kind, folder, context);
  if (fs::symlink_status(folder).type() != fs::file_type::directory)
    throw base::Error(
        fmt::format("/{}: {} could not unpack it: {}", kind->path, kind->program, base::printable(outcome.tail, 400)));
  initramfs::Builder builder(image, wanted, initramfs::Limits{});
  std::vector<fs::path> paths;
  for (auto each = fs::recursive_directory_iterator(folder); each != fs::recursive_directory_iterator(); ++each)
    paths.push_back(each->path());
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    add(folder, path, builder);
    if (fs::symlink_status(path).type() == fs::file_type::regular)
      inner.files.emplace(static_cast<std::uint32_t>(image.entries), path);
  }
  return inner;
}

}  // namespace initramfs
