// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/poller.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/error.hpp"

namespace watch {
namespace {

constexpr double kSoon = 0.3;         // after a held connection has ended: whoever listens next may need a moment
constexpr double kShortestHold = 8;   // whatever has ended connections before
constexpr int kKeepAlivePause = 2;    // seconds between probes that nobody answers
constexpr int kKeepAliveProbes = 3;   // and so many
constexpr int kReceiveBuffer = 4096;  // of a connection from which nothing is read
constexpr std::size_t kEventsAtOnce = 64;

template <typename Value>
void set_option(int fd, int level, int name, const Value& value) {
  (void)setsockopt(fd, level, name, &value, sizeof value);  // without it things work, less well
}

/// The error of a connection; 0 if there is none, or it is still being made.
int error_of(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Answer answer_of(int error) { return error == ETIMEDOUT ? Answer::timeout : Answer::refused; }

}  // namespace

std::optional<Address> address_of(const std::string& digits, std::uint16_t port) {
  Address out;
  auto& four = reinterpret_cast<sockaddr_in&>(out.bytes);
  if (inet_pton(AF_INET, digits.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    out.size = sizeof four;
    return out;
  }
  auto& six = reinterpret_cast<sockaddr_in6&>(out.bytes);
  const auto percent = digits.find('%');
  if (inet_pton(AF_INET6, digits.substr(0, percent).c_str(), &six.sin6_addr) != 1) return std::nullopt;
  if (percent != std::string::npos) {
    six.sin6_scope_id = if_nametoindex(digits.c_str() + percent + 1);
    if (six.sin6_scope_id == 0) return std::nullopt;
  }
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  out.size = sizeof six;
  return out;
}

Poller::Poller(const Pace& pace, std::uint32_t seed)
    : pace_(pace), random_(seed), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.is_open()) throw base::system_error("making an epoll descriptor");
}

std::size_t Poller::add(double now) {
  hosts_.emplace_back();
  hosts_.back().hold = pace_.hold;
  std::uniform_real_distribution<double> within(0, pace_.interval);
  set_timer(hosts_.size() - 1, now + within(random_));
  return hosts_.size() - 1;
}

void Poller::set_addresses(std::size_t number, std::vector<Address> addresses, double now) {
  auto& host = hosts_[number];
  const bool had_none = host.addresses.empty();
  host.addresses = std::move(addresses);
  host.next = 0;
  host.tried = 0;
  if (had_none && host.phase == Phase::idle) set_timer(number, now);
}

void Poller::pause(std::size_t number) {
  auto& host = hosts_[number];
  close(host);
  host.phase = Phase::paused;
  host.lost = false;
  ++host.stamp;
}

void Poller::resume(std::size_t number, double now) {
  auto& host = hosts_[number];
  if (host.phase != Phase::paused) return;
  host.phase = Phase::idle;
  set_timer(number, now + kSoon);
}

double Poller::next_due() const {
  if (!queue_.empty() && being_made_ < pace_.at_once) return 0;
  return timers_.empty() ? kNever : timers_.top().due;
}

std::vector<Look> Poller::step(double now) {
  std::array<epoll_event, kEventsAtOnce> events{};
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int index = 0; index < count; ++index) {
      const auto& event = events[static_cast<std::size_t>(index)];
      on_event(event.data.u64, event.events, now);
    }
    if (count < static_cast<int>(events.size())) break;
  }
  while (!timers_.empty() && timers_.top().due <= now) {
    const auto timer = timers_.top();
    timers_.pop();
    if (hosts_[timer.host].stamp == timer.stamp) on_timer(timer.host, now);
  }
  start_queued(now);
  return std::exchange(looks_, {});
}

void Poller::set_timer(std::size_t number, double due) { timers_.push({due, number, ++hosts_[number].stamp}); }

void Poller::close(Host& host) {
  if (!host.socket.is_open()) return;
  host.socket.reset();  // and so out of the epoll set
  --open_;
  if (host.phase == Phase::connecting || host.phase == Phase::reading) --being_made_;
  host.phase = Phase::idle;
}

void Poller::start_queued(double now) {
  while (!queue_.empty() && being_made_ < pace_.at_once) {
    const auto number = queue_.front();
    queue_.pop_front();
    if (hosts_[number].phase == Phase::queued) connect(number, now);
  }
}

void Poller::connect(std::size_t number, double now) {
  auto& host = hosts_[number];
  host.phase = Phase::idle;
  if (host.addresses.empty()) return;
  const auto& address = host.addresses[host.next];
  host.socket = base::Fd(socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // No descriptor, or no memory: that says nothing about the host.
  if (!host.socket.is_open()) return set_timer(number, now + jittered(pace_, pace_.interval, random_));
  const int fd = host.socket.get();
  ++open_;
  ++being_made_;
  host.phase = Phase::connecting;
  host.reader = {};
  host.began = now;
  set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = number;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) != 0 && errno != EINPROGRESS)
    return failed(number, answer_of(errno), now);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw base::system_error("watching a connection");
  set_timer(number, now + pace_.connect_timeout);
}

void Poller::on_timer(std::size_t number, double now) {
  auto& host = hosts_[number];
  switch (host.phase) {
    case Phase::idle:
      host.phase = Phase::queued;
      queue_.push_back(number);
      return;
    case Phase::connecting:
      return failed(number, Answer::timeout, now);
    case Phase::reading:
      return failed(number, Answer::silent, now);
    case Phase::held:
      // It has lasted: the next one may last longer.
      close(host);
      host.hold = std::min(pace_.hold, host.hold * 1.5);
      return set_timer(number, now);
    case Phase::queued:
    case Phase::paused:
      return;
  }
}

void Poller::on_event(std::size_t number, std::uint32_t events, double now) {
  auto& host = hosts_[number];
  if (!host.socket.is_open()) return;
  if (host.phase == Phase::held) {
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) on_held_end(number, now);
    return;
  }
  if (host.phase == Phase::connecting) {
    if (const int error = error_of(host.socket.get()); error != 0) return failed(number, answer_of(error), now);
    if ((events & (EPOLLOUT | EPOLLIN)) == 0) return;
    host.phase = Phase::reading;
    set_timer(number, now + pace_.banner_timeout);
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) read(number, now);
}

void Poller::read(std::size_t number, double now) {
  auto& host = hosts_[number];
  std::array<char, 1024> buffer{};
  for (;;) {
    const auto count = recv(host.socket.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return failed(number, Answer::closed, now);
    const auto found = host.reader.add({buffer.data(), static_cast<std::size_t>(count)});
    if (found == Identification::Found::line) return identified(number, now);
    if (found == Identification::Found::fault) return failed(number, Answer::garbage, now);
  }
}

void Poller::identified(std::size_t number, double now) {
  auto& host = hosts_[number];
  Look look{number, Answer::identified, host.reader.line(), host.reader.line() != host.last, host.lost};
  host.last = look.identification;
  host.lost = false;
  host.down_since = -1;
  host.tried = 0;
  host.misses = 0;
  looks_.push_back(std::move(look));
  --being_made_;
  host.phase = Phase::held;
  keep(number, now);
}

void Poller::keep(std::size_t number, double now) {
  auto& host = hosts_[number];
  if (pace_.hold <= 0) {
    close(host);
    return set_timer(number, now + jittered(pace_, pace_.interval, random_));
  }
  const int fd = host.socket.get();
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, static_cast<int>(std::lround(pace_.interval))));
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAlivePause);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  epoll_event event{};
  event.events = EPOLLRDHUP | EPOLLET;  // whatever else it sends stays in the kernel, up to kReceiveBuffer
  event.data.u64 = number;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) throw base::system_error("watching a connection");
  set_timer(number, now + jittered(pace_, host.hold, random_));
}

void Poller::on_held_end(std::size_t number, double now) {
  auto& host = hosts_[number];
  close(host);
  // It has rebooted, or limits how long a connection may last without a login.
  host.hold = std::clamp((now - host.began) * 0.7, std::min(kShortestHold, pace_.hold), pace_.hold);
  host.lost = true;
  set_timer(number, now + kSoon);
}

void Poller::failed(std::size_t number, Answer answer, double now) {
  auto& host = hosts_[number];
  close(host);
  host.next = (host.next + 1) % host.addresses.size();
  if (++host.tried < host.addresses.size()) return set_timer(number, now);
  host.tried = 0;
  looks_.push_back({number, answer, {}, false, host.lost});
  host.lost = false;
  if (host.down_since < 0) host.down_since = now;
  const auto down_for = now - host.down_since;
  const auto pause = pause_when_down(pace_, down_for, host.misses);
  if (down_for >= pace_.rebooting) ++host.misses;
  set_timer(number, now + jittered(pace_, pause, random_));
}

}  // namespace watch
