// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/monitor.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"

namespace vm {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);  // qemu starts slowly on a machine with much to do
constexpr std::size_t kLongest = 1U << 20U;

}  // namespace

Monitor::Monitor() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw base::system_error("a socket for qemu");
  ours_ = base::Fd(ends[0]);
  theirs_ = base::Fd(ends[1]);
}

void Monitor::begin() {
  theirs_.reset();  // so that qemu's end is noticed
  (void)line();
  (void)command("qmp_capabilities");
}

std::string Monitor::command(const std::string& name) {
  base::write_all(ours_.get(), nlohmann::json{{"execute", name}}.dump() + "\n", "qemu's monitor");
  return answer();
}

std::string Monitor::human(const std::string& line) {
  const nlohmann::json text{{"execute", "human-monitor-command"}, {"arguments", {{"command-line", line}}}};
  base::write_all(ours_.get(), text.dump() + "\n", "qemu's monitor");
  const auto said = nlohmann::json::parse(answer(), nullptr, false);
  return said.is_string() ? said.get<std::string>() : std::string();
}

std::string Monitor::answer() {
  for (;;) {
    const auto said = nlohmann::json::parse(line(), nullptr, false);
    if (!said.is_object()) throw base::Error("qemu's monitor does not speak QMP");
    if (said.contains("return")) return said["return"].dump();
    if (said.contains("error"))
      throw base::Error("qemu refuses: " + base::printable(said["error"].value("desc", "no reason given"), 300));
    // An event: what this program wants to know, it sees elsewhere.
  }
}

std::string Monitor::line() {
  const auto due = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      auto out = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return out;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now()).count();
    pollfd watched{ours_.get(), POLLIN, 0};
    const int ready = left > 0 ? poll(&watched, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) throw base::Error("qemu's monitor does not answer");
    char buffer[4096];
    const auto count = read(ours_.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || pending_.size() > kLongest) throw base::Error("qemu has ended");
    pending_.append(buffer, static_cast<std::size_t>(count));
  }
}

unsigned forwarded_port(const std::string& info) {
  // TCP[HOST_FORWARD]  13  127.0.0.1 40993  10.0.2.15 22  0  0
  for (const auto& row : base::lines(info)) {
    if (row.find("HOST_FORWARD") == std::string::npos) continue;
    std::vector<std::string> words;
    for (auto& word : base::split(base::trim(row), ' ')) {
      if (!word.empty()) words.push_back(std::move(word));
    }
    unsigned port = 0;
    if (words.size() > 3 && std::from_chars(words[3].data(), words[3].data() + words[3].size(), port).ec == std::errc())
      return port;
  }
  return 0;
}

}  // namespace vm
