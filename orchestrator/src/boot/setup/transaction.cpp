// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/transaction.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "base/text.hpp"

namespace setup {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPending = "var/lib/dracut-sshd/setup.pending";
constexpr const char* kHeader = "dracut-sshd setup 1";
constexpr std::uint64_t kLongestJournal = 64U << 10U;

fs::path fresh_of(const fs::path& file) { return file.string() + ".setup-new"; }
fs::path old_of(const fs::path& file) { return file.string() + ".setup-old"; }

/// What base::write_file() had begun to write in this folder when it was killed. The lock says that nobody else of us
/// is writing there.
void remove_unfinished(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code unknown;
    if (it->path().filename().string().starts_with(".writing-") &&
        it->symlink_status(unknown).type() == fs::file_type::regular)
      found.push_back(it->path());
  }
  for (const auto& file : found) fs::remove(file, error);
}

/// Puts one file back as it was before. What is not there is what was not done yet.
void undo(const fs::path& file, bool was_there) {
  std::error_code error;
  remove_unfinished(file.parent_path());
  fs::remove(fresh_of(file), error);
  fs::remove(fresh_of(file).string() + ".pub", error);  // ssh-keygen's
  if (was_there) {
    if (fs::exists(fs::symlink_status(old_of(file), error))) fs::rename(old_of(file), file);
    // Of two names of one file rename(2) keeps both.
    fs::remove(old_of(file), error);
  } else if (fs::exists(
                 fs::symlink_status(file, error))) {  // a read-only file system refuses to remove what is not there
    fs::remove(file);
  }
}

/// A second name for what is there, so that no moment is without it.
void keep_old(const fs::path& file) {
  std::error_code error;
  fs::remove(old_of(file), error);
  fs::create_hard_link(file, old_of(file), error);
  if (!error) return;
  // A file system without hard links.
  fs::copy_file(file, old_of(file), fs::copy_options::overwrite_existing);
}

/// " (process 4711)", by what it wrote into the file; "" if that is not known.
std::string holder_of(int fd) {
  char text[16];
  const auto count = pread(fd, text, sizeof text, 0);
  const auto line = base::trim(std::string_view(text, count > 0 ? static_cast<std::size_t>(count) : 0));
  const bool number = !line.empty() && line.find_first_not_of("0123456789") == std::string_view::npos;
  return number ? fmt::format(" (process {})", line) : "";
}

}  // namespace

SetupLock::SetupLock(const fs::path& root) {
  const auto path = root / "run/dracut-sshd-setup.lock";
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw base::system_error(path.string());
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0) {
    // For the one that is refused; without it, the lock holds as well.
    const auto holder = fmt::format("{}\n", getpid());
    if (ftruncate(fd_, 0) == 0) (void)!write(fd_, holder.data(), holder.size());
    return;
  }
  const auto why = errno;
  const auto holder = why == EWOULDBLOCK ? holder_of(fd_) : "";
  close(fd_);
  if (why != EWOULDBLOCK) {
    errno = why;
    throw base::system_error(path.string());
  }
  throw base::Error(fmt::format("another dracut-sshd setup is running{}", holder))
      .with_hint("wait until it has ended, then run setup again");
}

SetupLock::~SetupLock() { close(fd_); }

std::vector<std::string> Transaction::recover(const fs::path& root) {
  const auto journal = root / kPending;
  std::error_code error;
  remove_unfinished(journal.parent_path());
  if (!fs::exists(journal, error)) return {};
  const auto rows = base::lines(base::read_file(journal, kLongestJournal));
  const auto broken = [&](const std::string& why) {
    return base::Error(fmt::format("{}: {}", journal.string(), why))
        .with_hint(
            "an earlier setup was interrupted; compare the files ending in .setup-old with theirs, then remove it");
  };
  if (rows.empty() || rows[0] != kHeader) throw broken("is not the journal of an interrupted setup");
  std::vector<std::string> out;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto blank = rows[i].find(' ');
    const auto word = rows[i].substr(0, blank);
    const auto path = blank == std::string::npos ? "" : rows[i].substr(blank + 1);
    if ((word != "new" && word != "replaced" && word != "removed") || !is_place_of_setup(path))
      throw broken(fmt::format("line {} is none of setup's", i + 1));
    undo(on_system(root, path), word != "new");
    out.push_back(path);
  }
  fs::remove(journal);
  return out;
}

Transaction::Transaction(const Plan& plan, const fs::path& root, const base::Context& context) : root_(root) {
  std::string journal = std::string(kHeader) + "\n";
  std::error_code error;
  const auto note = [&](const std::string& path, bool removed) {
    const bool there = fs::exists(fs::symlink_status(on_system(root_, path), error));
    fs::remove(old_of(on_system(root_, path)), error);  // of a run that ended after its commit
    journal += fmt::format("{} {}\n", removed ? "removed" : there ? "replaced" : "new", path);
    changed_.push_back(path);
  };
  for (const auto& file : plan.write) note(file.path, false);
  if (plan.make_host_key) {
    note(kHostKey, false);
    note(std::string(kHostKey) + ".pub", false);
  }
  for (const auto& path : plan.remove) note(path, true);
  base::make_dirs((root_ / kPending).parent_path());
  base::write_file(root_ / kPending, journal, 0600);
  try {
    for (const auto& file : plan.write) {
      const auto at = on_system(root_, file.path);
      base::make_dirs(at.parent_path());
      base::write_file(fresh_of(at), file.content, file.mode);
      written_.push_back({file.path, base::sha256(file.content)});
    }
    if (plan.make_host_key) make_host_key(context);
    context.cancel.throw_if_requested();
    for (const auto& file : written_) {
      const auto at = on_system(root_, file.path);
      if (fs::exists(fs::symlink_status(at, error))) keep_old(at);
      fs::rename(fresh_of(at), at);
    }
    for (const auto& path : plan.remove) {
      fs::rename(on_system(root_, path), old_of(on_system(root_, path)));
      removed_.push_back(path);
    }
  } catch (...) {
    recover(root_);
    throw;
  }
}

void Transaction::make_host_key(const base::Context& context) {
  const auto at = on_system(root_, kHostKey);
  base::make_dirs(at.parent_path());
  std::error_code error;
  fs::remove(fresh_of(at), error);
  base::Command command;
  command.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "initramfs", "-f", fresh_of(at).string()};
  command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}, {"HOME", "/nonexistent"}};
  command.deadline = std::chrono::seconds(60);
  const auto outcome = context.runner.run(command, context.cancel);
  if (outcome.status != 0 || outcome.timed_out)
    throw base::Error(fmt::format("ssh-keygen could not make a host key: {}", outcome.tail));
  const fs::path made = fresh_of(at).string() + ".pub";
  const std::string pub = std::string(kHostKey) + ".pub";
  fs::rename(made, fresh_of(on_system(root_, pub)));
  written_.push_back({kHostKey, base::sha256_of_file(fresh_of(at))});
  written_.push_back({pub, base::sha256_of_file(fresh_of(on_system(root_, pub)))});
}

Transaction::~Transaction() {
  if (done_) return;
  try {
    recover(root_);
  } catch (const std::exception&) {
    // The journal stays, and the next run says what is wrong with it.
  }
}

void Transaction::commit(const std::optional<Manifest>& before, const NetworkPlan& network,
                         const std::string& nic_address, const std::string& now) {
  Manifest manifest;
  manifest.written = now;
  manifest.network = network.summary;
  manifest.network_address = nic_address;
  if (before) {
    for (const auto& file : before->files) {
      const bool again = std::ranges::find(written_, file.path, &ManifestFile::path) != written_.end();
      const bool gone = std::ranges::find(removed_, file.path) != removed_.end();
      if (!again && !gone) manifest.files.push_back(file);
    }
  }
  manifest.files.insert(manifest.files.end(), written_.begin(), written_.end());
  base::write_file(root_ / kManifest, manifest_text(manifest), 0600);
  fs::remove(root_ / kPending);
  done_ = true;
  std::error_code error;
  for (const auto& path : changed_) fs::remove(old_of(on_system(root_, path)), error);
}

Removal remove_written(const Manifest& manifest, const fs::path& root) {
  Removal out;
  for (const auto& file : manifest.files) {
    switch (state_of(file.path, manifest, root)) {
      case FileState::ours:
        fs::remove(on_system(root, file.path));
        out.removed.push_back(file.path);
        break;
      case FileState::foreign:
        out.kept.push_back({file.path, "it was changed after setup had written it"});
        break;
      case FileState::absent:
        break;
    }
  }
  fs::remove(root / kManifest);
  return out;
}

}  // namespace setup
