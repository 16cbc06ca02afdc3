// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/known_hosts.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/host_alias.hpp"
#include "remote/ssh.hpp"

namespace remote {
namespace {

constexpr std::uint64_t kLongestAnswer = 1U << 20U;

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return host.find(':') != std::string::npos || inet_pton(AF_INET, host.c_str(), bytes.data()) == 1;
}

std::string short_name(const std::string& host) { return is_address(host) ? host : host.substr(0, host.find('.')); }

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

KnownHosts::KnownHosts(const std::vector<std::string>& list, std::filesystem::path scratch,
                       const base::Context& context)
    : scratch_(std::move(scratch)), environment_(ssh_environment(context.environment)), context_(context) {
  const auto path = environment_.find("PATH");
  if (!base::find_program("ssh-keygen", path == environment_.end() ? "" : path->second)) can_tell_ = false;
  for (const auto& each : list) add(each);
}

void KnownHosts::add(const std::string& list) {
  // Expansions that ssh has not made here (%k, ${...}) are not ours to guess.
  if (list.find('%') != std::string::npos || list.find("${") != std::string::npos) can_tell_ = false;
  const auto words = base::split(list, ' ');
  for (std::size_t begin = 0; begin < words.size();) {
    std::size_t end = words.size();  // the longest run of words that is a file
    std::string path;
    for (; end > begin; --end) {
      path = base::join(
          {words.begin() + static_cast<std::ptrdiff_t>(begin), words.begin() + static_cast<std::ptrdiff_t>(end)}, " ");
      if (path.starts_with("~/")) {
        if (const auto home = environment_.find("HOME"); home != environment_.end())
          path = home->second + path.substr(1);
      }
      if (is_file(path)) break;
    }
    if (end > begin) files_.push_back(path);
    if (first_.empty() && !path.empty() && path != "none") first_ = path;
    begin = std::max(end, begin + 1);
  }
}

KnownKeys KnownHosts::of(const std::string& name) const {
  KnownKeys out;
  for (const auto& file : files_) {
    base::Command command;
    command.argv = {"ssh-keygen", "-F", name, "-f", file};
    command.env = environment_;
    command.stdout_to = scratch_ / "known";
    command.deadline = std::chrono::seconds(30);
    if (context_.runner.run(command, context_.cancel).status != 0) continue;
    for (const auto& line : base::lines(base::read_file(command.stdout_to, kLongestAnswer))) {
      auto words = base::split(line, ' ');
      std::erase(words, "");
      if (words.empty() || words[0].starts_with('#')) continue;
      if (words[0] == "@cert-authority") {
        out.authority = true;
      } else if (words[0] == "@revoked") {
        out.revoked = true;
      } else if (words.size() >= 3) {
        out.keys.insert(words[2]);
      }
    }
  }
  return out;
}

std::vector<std::string> initramfs_names(const std::string& host, const std::string& resolved) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& name) {
    if (name.empty()) return;
    const auto alias = openssh::initramfs_alias(name);
    if (std::ranges::find(out, alias) == out.end()) out.push_back(alias);
  };
  std::string lower = host;
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  add(host);
  add(lower);
  add(resolved);
  add(short_name(openssh::real_name_of(lower)));
  add(short_name(openssh::real_name_of(resolved)));
  return out;
}

}  // namespace remote
