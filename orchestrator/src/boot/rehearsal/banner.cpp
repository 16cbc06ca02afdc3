// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/banner.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "base/fd.hpp"

namespace rehearsal {
namespace {

// An emulated sshd takes some seconds to its first word, and as many again for whoever has given up and comes anew.
constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kUnanswered = std::chrono::seconds(1);
constexpr auto kLook = std::chrono::milliseconds(200);
constexpr std::size_t kLongest = 255;  // of a banner (RFC 4253)

}  // namespace

std::string first_words(const std::string& address, unsigned port, const std::function<bool()>& answers,
                        const base::Cancel& cancel) {
  const base::Fd line(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  if (!line.is_open() || inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1) return {};
  if (connect(line.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) return {};
  std::string said;
  const auto begin = std::chrono::steady_clock::now();
  while (said.find('\n') == std::string::npos && said.size() < kLongest) {
    pollfd watched[2] = {{line.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
    const int ready = poll(watched, 2, static_cast<int>(kLook.count()));
    if (ready < 0 || watched[1].revents != 0) break;
    if (ready == 0) {
      const auto waited = std::chrono::steady_clock::now() - begin;
      if (waited > kPatience || (waited > kUnanswered && !answers())) break;
      continue;
    }
    char buffer[kLongest];
    const auto count = read(line.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    said.append(buffer, static_cast<std::size_t>(count));
  }
  return said.substr(0, said.find('\n'));
}

}  // namespace rehearsal
