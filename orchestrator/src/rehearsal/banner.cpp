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

constexpr auto kPatience = std::chrono::seconds(4);
constexpr std::size_t kLongest = 255;  // of a banner (RFC 4253)

}  // namespace

std::string first_words(const std::string& address, unsigned port, const base::Cancel& cancel) {
  const base::Fd line(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  if (!line.is_open() || inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1) return {};
  if (connect(line.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) return {};
  std::string said;
  const auto due = std::chrono::steady_clock::now() + kPatience;
  while (said.find('\n') == std::string::npos && said.size() < kLongest) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(due - std::chrono::steady_clock::now()).count();
    pollfd watched[2] = {{line.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
    if (left <= 0 || poll(watched, 2, static_cast<int>(left)) <= 0 || watched[1].revents != 0) break;
    char buffer[kLongest];
    const auto count = read(line.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    said.append(buffer, static_cast<std::size_t>(count));
  }
  return said.substr(0, said.find('\n'));
}

}  // namespace rehearsal
