// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/disks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/files.hpp"

namespace rehearsal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kContent = 32 * kMiB;  // of the root's file system
constexpr std::uint64_t kShift = 32 * kMiB;  // what cryptsetup wants behind what it encrypts; half of it becomes header
constexpr std::uint64_t kOther = 20 * kMiB;  // of a disk that only has to open: header, and some

class Maker {
 public:
  Maker(const remote::Secret& passphrase, const base::Context& context) : passphrase_(passphrase), context_(context) {}

  void file_system(const fs::path& file, std::uint64_t size, const ScratchDisk& disk, const fs::path& tree) {
    reserve(file, size);
    std::vector<std::string> argv{"mkfs.ext4", "-q", "-F", "-b", "4096", "-O", "^has_journal", "-E", "root_owner=0:0"};
    if (!disk.file_system_uuid.empty()) argv.insert(argv.end(), {"-U", disk.file_system_uuid});
    if (!disk.file_system_label.empty()) argv.insert(argv.end(), {"-L", disk.file_system_label.substr(0, 16)});
    if (!tree.empty()) argv.insert(argv.end(), {"-d", tree.string()});
    argv.push_back(file.string());
    run(argv, "e2fsprogs");
  }

  /// What is in the file becomes what is in the encrypted device.
  void encrypt(const fs::path& file, const ScratchDisk& disk) {
    std::vector<std::string> argv{"cryptsetup",
                                  "reencrypt",
                                  "--encrypt",
                                  "--type",
                                  "luks2",
                                  "--reduce-device-size",
                                  fmt::format("{}M", kShift / kMiB),
                                  "--force-offline-reencrypt"};
    finish(argv, file, disk);
  }

  /// What is in the file becomes what is in the disk's partition.
  void put_into_partition(const fs::path& file, const Partition& partition) {
    const auto size = fs::file_size(file);
    const auto inner = file.parent_path() / "partition.img";
    fs::rename(file, inner);
    reserve(file, kPartitionStart + size + kPartitionEnd);
    // Nobody else has this file: no lock, and nobody is told to look at it anew.
    run({"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", file.string()}, "sfdisk (fdisk on Debian and Ubuntu)",
        partition_table(partition, size));
    copy(inner, file, kPartitionStart);
    fs::remove(inner);
  }

  void empty(const fs::path& file, const ScratchDisk& disk) {
    reserve(file, kOther);
    finish({"cryptsetup", "luksFormat", "--type", "luks2"}, file, disk);
  }

  /// The room is taken now, so that a full file system is noticed here, and not by the guest.
  static void reserve(const fs::path& file, std::uint64_t size) {
    const base::Fd opened(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!opened.is_open()) throw base::system_error(file.string());
    const int failed = posix_fallocate(opened.get(), 0, static_cast<off_t>(size));
    if (failed == ENOSPC || failed == EFBIG || failed == EDQUOT)
      throw base::Error(fmt::format("{}: there is no room for a scratch disk of {} MiB", file.string(), size / kMiB))
          .with_hint("name a folder with more room by TMPDIR=");
    if (failed != 0 && ftruncate(opened.get(), static_cast<off_t>(size)) != 0) throw base::system_error(file.string());
  }

 private:
  void finish(std::vector<std::string> argv, const fs::path& file, const ScratchDisk& disk) {
    // Nobody else has this file: no lock of the system's is needed, which only root could take.
    argv.insert(argv.end(), {"--disable-locks", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--batch-mode",
                             "--key-file", "-"});
    if (!disk.uuid.empty()) argv.insert(argv.end(), {"--uuid", disk.uuid});
    if (!disk.label.empty()) argv.insert(argv.end(), {"--label", disk.label});
    argv.push_back(file.string());
    run(argv, "cryptsetup (cryptsetup-bin on Debian and Ubuntu)", passphrase_.bytes());
  }

  static void copy(const fs::path& from, const fs::path& to, std::uint64_t at) {
    const base::Fd in(open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    const base::Fd out(open(to.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!in.is_open() || !out.is_open()) throw base::system_error(to.string());
    if (lseek(out.get(), static_cast<off_t>(at), SEEK_SET) < 0) throw base::system_error(to.string());
    std::string buffer(kMiB, '\0');
    for (;;) {
      const auto count = read(in.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw base::system_error(from.string());
      if (count == 0) return;
      base::write_all(out.get(), std::string_view(buffer).substr(0, static_cast<std::size_t>(count)), to.string());
    }
  }

  /// `words`: for its standard input, which may be a passphrase.
  void run(const std::vector<std::string>& argv, const std::string& package, const std::string& words = "") {
    base::Command command;
    command.argv = argv;
    command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}};
    command.dies_with_parent = true;
    // cryptsetup keeps a header where it is started, while it encrypts; when it is killed, that stays.
    command.cwd = fs::path(argv.back()).parent_path();
    if (!words.empty()) command.data[0] = words;
    base::Outcome done;
    try {
      done = context_.runner.run(command, context_.cancel);
    } catch (const base::Error& error) {
      if (error.exit() != base::Exit::missing_tool) throw;
      throw error.with_hint("install " + package);
    }
    for (auto& [fd, bytes] : command.data) std::fill(bytes.begin(), bytes.end(), '\0');
    if (done.status != 0) throw base::Error(fmt::format("making a scratch disk: {} failed: {}", argv[0], done.tail));
  }

  const remote::Secret& passphrase_;
  base::Context context_;
};

/// The file system becomes the first volume of a physical volume.
void put_into_group(const fs::path& file, const fs::path& system, const VolumeGroup& group, const std::string& seed) {
  const auto size = fs::file_size(system);
  const auto extents = (size + kExtent - 1) / kExtent;
  const auto head = physical_volume(group, extents, seed);
  Maker::reserve(file, kPhysicalStart + (extents + group.volumes.size()) * kExtent);
  const base::Fd out(open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!out.is_open()) throw base::system_error(file.string());
  base::write_all(out.get(), head, file.string());
  base::write_all(out.get(), base::read_file(system, size), file.string());
  base::remove_tree(system);
}

void encrypt_whole(Maker& maker, const fs::path& file, const ScratchDisk& disk) {
  Maker::reserve(file, fs::file_size(file) + kShift);
  maker.encrypt(file, disk);
}

void fill(Maker& maker, const fs::path& file, const ScratchDisk& disk, const fs::path& tree, const std::string& seed) {
  if (disk.encrypted && !disk.root) {
    maker.empty(file, disk);
    return;
  }
  if (disk.volumes) {
    const auto system = file.parent_path() / "volume.img";
    maker.file_system(system, kContent, disk, tree);
    if (disk.in_volume) encrypt_whole(maker, system, disk);
    put_into_group(file, system, *disk.volumes, seed);
  } else {
    maker.file_system(file, kContent, disk, tree);
  }
  if (disk.encrypted && !disk.in_volume) encrypt_whole(maker, file, disk);
}

}  // namespace

std::vector<vm::Disk> make_disks(const Plan& plan, const fs::path& folder, const fs::path& marker,
                                 const remote::Secret& passphrase, const std::string& seed,
                                 const base::Context& context) {
  Maker maker(passphrase, context);
  std::vector<vm::Disk> out;
  for (const auto& disk : plan.disks) {
    const auto file = folder / fmt::format("disk{}.img", out.size());
    out.push_back({file, plan.disk_model, false});
    fill(maker, file, disk, disk.root ? marker : fs::path(), seed);
    if (disk.partition) maker.put_into_partition(file, *disk.partition);
  }
  return out;
}

}  // namespace rehearsal
