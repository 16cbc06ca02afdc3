// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/host_proof.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/key.hpp"
#include "openssh/wire.hpp"

namespace remote {
namespace {

constexpr std::uint64_t kLongestRecord = 1U << 18U;

/// The parent of a process; 0 if it cannot be told.
pid_t parent_of(pid_t pid) {
  std::string text;
  try {
    text = base::read_file(fmt::format("/proc/{}/stat", pid), 4096);
  } catch (const base::Error&) {
    return 0;
  }
  // "PID (NAME) STATE PARENT ...", and NAME may hold anything.
  const auto name_end = text.rfind(") ");
  if (name_end == std::string::npos) return 0;
  const auto words = base::split(text.substr(name_end + 2), ' ');
  if (words.size() < 2 || words[1].empty() || words[1].find_first_not_of("0123456789") != std::string::npos) return 0;
  return static_cast<pid_t>(std::strtol(words[1].c_str(), nullptr, 10));
}

bool is_own(int client) {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  return who.pid == getpid() || parent_of(who.pid) == getpid();
}

}  // namespace

bool OfferedKey::is_certificate() const { return type.find("-cert-v") != std::string::npos; }

std::string OfferedKey::fingerprint() const {
  const auto parsed = openssh::parse_public_key(type + " " + blob);
  return parsed.key ? openssh::fingerprint(*parsed.key) : "an unreadable key";
}

std::optional<OfferedKey> offered_key(const std::filesystem::path& record) {
  std::error_code none;
  if (!std::filesystem::exists(record, none)) return std::nullopt;
  std::optional<OfferedKey> out;
  for (const auto& line : base::lines(base::read_file(record, kLongestRecord))) {
    const auto words = base::split(line, ' ');  // reason, type, key
    if (words.size() == 3 && words[0] != "ORDER" && openssh::is_base64(words[2])) out = OfferedKey{words[1], words[2]};
  }
  return out;
}

Tripwire::Tripwire(const std::filesystem::path& path, const base::Cancel& cancel) : path_(path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = path.string();
  if (name.size() >= sizeof address.sun_path) throw base::Error(name + ": too long for a socket");
  std::memcpy(address.sun_path, name.data(), name.size());
  (void)unlink(name.c_str());
  listener_ = base::Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  end_ = base::Fd(eventfd(0, EFD_CLOEXEC));
  if (!listener_.is_open() || !end_.is_open() ||
      bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), 8) != 0)
    throw base::system_error("listening at " + base::printable(name, 200));
  thread_ = std::jthread([this, &cancel] { watch(cancel); });
}

Tripwire::~Tripwire() {
  const std::uint64_t one = 1;
  (void)!::write(end_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  (void)unlink(path_.c_str());
}

bool Tripwire::take() {
  for (;;) {
    base::Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.is_open()) return false;
    if (!is_own(client.get())) continue;
    client_ = std::move(client);
    return true;
  }
}

void Tripwire::watch(const base::Cancel& cancel) {
  for (;;) {
    pollfd watched[3] = {{listener_.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
    if (poll(watched, 3, -1) < 0) continue;
    if (watched[2].revents != 0) return;
    if (watched[1].revents != 0) {
      stop_.request(cancel.signal());
      return;
    }
    if (watched[0].revents != 0 && take()) {
      stop_.request(SIGTERM);
      return;
    }
  }
}

bool Tripwire::touched() {
  const std::uint64_t one = 1;
  (void)!::write(end_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  return client_.is_open() || take();
}

}  // namespace remote
