// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sandbox.hpp"

#include <fmt/format.h>

#include <system_error>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace base {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* kHome = "/tmp/home";
constexpr const char* kHostPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct EtcFile {
  const char* path;
  const char* content;
};

/// The same on every machine, so that no account, no makepkg.conf and no vendor of the host gets into a package.
constexpr EtcFile kEtc[] = {
    {"/etc/passwd",
     "root:x:0:0:root:/tmp/home:/bin/sh\n"
     "builder:x:1000:1000:builder:/tmp/home:/bin/sh\n"
     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
    {"/etc/group", "root:x:0:\nbuilder:x:1000:\nnogroup:x:65534:\n"},
    {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"},
    {"/etc/hosts", "127.0.0.1 localhost build\n::1 localhost build\n"},
};

/// What tools under /usr reach through /etc: Debian's alternatives (awk, editor), the loader's cache, macros, a crypto
/// library's policy.
constexpr const char* kHostEtc[] = {"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf",     "/etc/ld.so.conf.d",
                                    "/etc/rpm",          "/etc/debhelper",   "/etc/crypto-policies"};

void add(Words& argv, const Words& more) { argv.insert(argv.end(), more.begin(), more.end()); }

void add_etc(Command& wrapped) {
  for (const char* const path : kHostEtc) add(wrapped.argv, {"--ro-bind-try", path, path});
  int descriptor = 3;
  for (const auto& [path, content] : kEtc) {
    while (wrapped.data.contains(descriptor)) ++descriptor;
    wrapped.data[descriptor] = content;
    add(wrapped.argv, {"--perms", "0644", "--file", std::to_string(descriptor), path});
  }
}

/// Where the command starts, as a path inside.
std::string place_inside(const fs::path& cwd, const fs::path& job) {
  if (cwd.empty()) return kInside;
  const auto below = [&](const fs::path& top) -> std::string {
    const std::string rest = cwd.lexically_normal().lexically_relative(top.lexically_normal()).string();
    if (rest.empty() || rest.starts_with("..")) return "";
    return (fs::path(kInside) / rest).lexically_normal().string();
  };
  for (const auto& top : {fs::path(kInside), job}) {
    std::string inside = below(top);
    while (inside.size() > 1 && (inside.ends_with("/.") || inside.ends_with('/'))) inside.pop_back();
    if (!inside.empty()) return inside;
  }
  throw Error(fmt::format("a build step starts in {}, which is not below {}", printable(cwd.string(), 400), kInside));
}

}  // namespace

/// "/" with /usr and the folders beside it, as links or as folders, as the host has them.
Words system_binds() {
  Words argv{"--ro-bind", "/usr", "/usr"};
  for (const char* const folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code code;
    const auto target = fs::read_symlink(folder, code);
    if (!code) {
      add(argv, {"--symlink", target.string(), folder});
    } else if (fs::is_directory(folder, code)) {
      add(argv, {"--ro-bind", folder, folder});
    }
  }
  add(argv, {"--proc", "/proc", "--dev", "/dev"});
  for (const char* const scratch : {"/tmp", "/var/tmp"}) add(argv, {"--perms", "1777", "--tmpfs", scratch});
  add(argv, {"--perms", "0755", "--tmpfs", "/run"});
  return argv;
}

Command wrap(const Command& command, const Sandbox& sandbox) {
  if (sandbox.job.empty()) throw Error("a sandbox without a folder");
  Command wrapped;
  wrapped.log = command.log;
  wrapped.stdout_to = command.stdout_to;
  wrapped.deadline = command.deadline;
  wrapped.data = command.data;
  wrapped.env = {{"PATH", kHostPath}};
  wrapped.argv = {"bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"};
  add(wrapped.argv,
      {"--uid", std::to_string(sandbox.uid), "--gid", std::to_string(sandbox.uid), "--hostname", "build"});
  add(wrapped.argv, system_binds());
  add(wrapped.argv, {"--perms", "0700", "--dir", kHome});
  add_etc(wrapped);
  add(wrapped.argv, {"--bind", sandbox.job.string(), kInside});
  for (const auto& [host, inside] : sandbox.read_only) {
    if (!inside.starts_with('/') || !is_safe_relative(inside.substr(1))) {
      throw Error(fmt::format("{} cannot be shown inside as {}: not an absolute path", printable(host.string(), 400),
                              printable(inside, 400)));
    }
    add(wrapped.argv, {"--ro-bind-try", host.string(), inside});
  }
  add(wrapped.argv, {"--remount-ro", "/", "--chdir", place_inside(command.cwd, sandbox.job)});
  for (const auto& [name, value] : command.env) {
    if (name != "HOME") add(wrapped.argv, {"--setenv", name, value});
  }
  add(wrapped.argv, {"--setenv", "HOME", kHome, "--"});
  add(wrapped.argv, command.argv);
  return wrapped;
}

std::string why_no_sandbox(const Context& context) {
  try {
    const TempDir job(temp_parent(), "sandbox-");
    Command trial;
    trial.argv = {"true"};
    trial.env = {{"PATH", kHostPath}};
    trial.deadline = std::chrono::seconds(20);
    const Outcome outcome = context.runner.run(wrap(trial, {.job = job.path(), .read_only = {}}), context.cancel);
    if (outcome.timed_out) return "bubblewrap does not answer";
    if (outcome.status == 0) return "";
    const auto said = lines(outcome.tail);
    return said.empty() ? fmt::format("bubblewrap ended with status {}", outcome.status) : said.back();
  } catch (const Error& error) {
    if (error.exit() == Exit::missing_tool) return "bubblewrap is not installed (package: bubblewrap)";
    return error.what();
  }
}

}  // namespace base
