// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/host_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace desk {
namespace {

constexpr std::string_view kFolderMark = "dracut-sshd-desk folder ";
constexpr std::uint64_t kLongestFolderLog = 256U << 10U;
constexpr std::chrono::seconds kFolderPatience{60};
constexpr std::chrono::seconds kFarewell{10};
constexpr std::chrono::milliseconds kLook{50};

/// One compound command, so that sh has read all of it before anything waits for the input's end. An empty file that
/// may be executed says whether programs may run there (mount(8), noexec).
constexpr const char* kScript = R"({
umask 077
gone() { rm -rf -- "$d"; }
for t in "${TMPDIR:-/tmp}" /tmp /var/tmp "$HOME"; do
  d=$(mktemp -d "$t/dracut-sshd-setup.XXXXXXXXXX" 2>/dev/null) || { d=; continue; }
  : >"$d/dracut-sshd" && chmod 700 "$d/dracut-sshd" && "$d/dracut-sshd" 2>/dev/null && break
  gone
  d=
done
[ -n "$d" ] || exit 3
trap gone EXIT
trap 'exit 1' HUP INT TERM PIPE
echo
echo "dracut-sshd-desk folder $d"
cat >/dev/null
exit 0
}
)";

}  // namespace

std::string folder_in(const std::string& text) {
  if (text.find('\n') == std::string::npos) return "";
  for (const auto& line : base::lines(text.substr(0, text.rfind('\n')))) {
    if (!line.starts_with(kFolderMark)) continue;
    auto path = std::string(base::trim(std::string_view(line).substr(kFolderMark.size())));
    const bool plain = std::ranges::all_of(path, [](unsigned char byte) {
      return byte < 0x80 && (std::isalnum(byte) != 0 ||
                             std::string_view("/._-").find(static_cast<char>(byte)) != std::string_view::npos);
    });
    if (!plain || path.size() > 256 || !path.starts_with('/') || path.find("/dracut-sshd-setup.") == std::string::npos)
      throw base::Error(fmt::format("the host names \"{}\" as its temporary folder", base::printable(path)))
          .with_hint("set TMPDIR on the host to a folder whose name has letters, digits, \"/._-\" alone");
    return path;
  }
  return "";
}

HostFolder::HostFolder(const Connection& connection, const std::filesystem::path& scratch, const base::Context& context)
    : connection_(connection) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw base::system_error("making a pipe");
  const base::Fd theirs(ends[0]);
  hold_ = base::Fd(ends[1]);
  base::write_all(hold_.get(), kScript, "making a pipe");  // less than a pipe holds
  const auto log = scratch / "folder";
  base::write_file(log, "");
  keeper_ = connection.start("/bin/sh -s", theirs.get(), log);
  const auto host = base::printable(connection.login().host);
  const auto due = context.clock.now() + static_cast<double>(kFolderPatience.count());
  while (path_.empty()) {
    const bool ended = keeper_->ended();
    path_ = folder_in(base::read_file(log, kLongestFolderLog));
    if (!path_.empty()) break;
    if (ended)
      throw base::Error(fmt::format("{}: no folder in which a program may run", host))
          .with_hint("make room in /tmp or /var/tmp there, or mount one of them without noexec");
    if (context.clock.now() >= due) throw base::Error(fmt::format("{}: no answer", host));
    context.clock.sleep(kLook, context.cancel);
  }
}

HostFolder::~HostFolder() {
  hold_.reset();
  const auto due = std::chrono::steady_clock::now() + kFarewell;
  while (!keeper_->ended() && std::chrono::steady_clock::now() < due) {
    pollfd watched{keeper_->fd(), POLLIN, 0};
    (void)::poll(&watched, 1, static_cast<int>(kLook.count()));
  }
}

void HostFolder::put(const std::string& name, int input) const {
  // No quote: any login shell reads it as it is.
  std::string words;
  const int status = connection_.send(fmt::format("cat >{}/{}", path_, name), input, [&words](std::string_view bytes) {
    if (words.size() < 4096) words += bytes;
  });
  if (status != 0)
    throw base::Error(fmt::format("{}: writing {}/{} failed: {}", base::printable(connection_.login().host), path_,
                                  name, base::printable(base::trim(words), 300)));
}

void HostFolder::put(const std::string& name, const std::string& content) const {
  const base::Fd file(::memfd_create("data", MFD_CLOEXEC));
  if (!file.is_open()) throw base::system_error("making a file in memory");
  base::write_all(file.get(), content, "writing a file in memory");
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw base::system_error("writing a file in memory");
  put(name, file.get());
}

std::string HostFolder::get(const std::string& name, std::size_t limit) const {
  std::string out;
  const int status = connection_.run(
      fmt::format("cat {}/{}", path_, name),
      [&](std::string_view bytes) {
        if (out.size() + bytes.size() > limit)
          throw base::Error(fmt::format("{}: its answer is longer than {}", base::printable(connection_.login().host),
                                        base::human_size(limit)));
        out += bytes;
      },
      nullptr);
  return status == 0 ? out : "";
}

}  // namespace desk
