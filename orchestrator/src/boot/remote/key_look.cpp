// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/key_look.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/key.hpp"
#include "openssh/wire.hpp"

namespace remote {
namespace {

/// A key's type begins its blob: a length of four bytes, then the name (RFC 4253, section 6.6).
struct TypePrefix {
  std::string_view base64;  // of the length and the name, as far as whole groups of three bytes go
  std::string_view name;    // ssh-keyscan's
};
constexpr std::array<TypePrefix, 3> kTypes{
    {{"AAAAC3NzaC1lZDI1NTE5", "ed25519"}, {"AAAAE2VjZHNhLXNoYTItbmlzdHA", "ecdsa"}, {"AAAAB3NzaC1yc2E", "rsa"}}};

std::set<std::string> types_of(const KnownKeys& known) {
  std::set<std::string> out;
  for (const auto& key : known.keys) {
    for (const auto& type : kTypes) {
      if (key.starts_with(type.base64)) out.emplace(type.name);
    }
  }
  return out;
}

std::uint16_t port_of(const std::string& text) {
  std::uint16_t out = 0;
  const auto* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  return parsed.ec == std::errc() && parsed.ptr == end && out != 0 ? out : 22;
}

Prepared::Stamp stamp_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {path, 0, 0};
  return {path, found.st_ctim.tv_sec * 1'000'000'000 + found.st_ctim.tv_nsec,
          static_cast<std::uint64_t>(found.st_size)};
}

bool share(const KnownKeys& one, const KnownKeys& other) {
  return std::ranges::any_of(one.keys, [&](const auto& key) { return other.keys.contains(key); });
}

/// "h7" of "h7" and of "[h7]:2222".
std::string_view id_of(std::string_view word) {
  if (!word.starts_with('[')) return word;
  const auto end = word.find("]:");
  return end == std::string_view::npos ? std::string_view{} : word.substr(1, end - 1);
}

}  // namespace

bool Prepared::is_stale() const {
  return std::ranges::any_of(files, [](const Stamp& stamp) { return stamp_of(stamp.path) != stamp; });
}

std::vector<std::string> Prepared::types() const {
  std::vector<std::string> out;
  for (const auto* known : {&initramfs, &unsealed, &real}) {
    const auto has = types_of(*known);
    if (has.empty() || std::ranges::any_of(out, [&](const auto& type) { return has.contains(type); })) continue;
    for (const auto& type : kTypes) {
      if (!has.contains(std::string(type.name))) continue;
      out.emplace_back(type.name);
      break;
    }
  }
  return out;
}

Prepared prepare(const Target& target, const base::Context& context) {
  const base::TempDir scratch(scratch_parent(), "dracut-sshd-watch.");
  Prepared out;
  out.machine = look_up(target, scratch.path(), context);
  const auto& machine = out.machine;
  out.host_name = machine.early_host;
  out.port = port_of(machine.early_port);
  out.direct = !machine.proxied;
  out.initramfs = machine.initramfs;
  out.unsealed = machine.unsealed;
  out.real = machine.real;
  out.comparable = machine.can_tell && !out.initramfs.authority && !out.types().empty();
  for (const auto& file : machine.files) out.files.push_back(stamp_of(file));
  return out;
}

Shown parse_shown(std::string_view printed, const std::set<std::string>& ids) {
  Shown out;
  for (const auto& line : base::lines(printed)) {
    // "# ID:PORT SSH-2.0-...": what the host calls itself
    if (line.starts_with('#')) continue;
    const auto words = base::split(line, ' ');
    if (words.size() != 3 || !openssh::is_key_type(words[1]) || !openssh::is_base64(words[2])) continue;
    const std::string id(id_of(words[0]));
    if (ids.contains(id)) out[id].push_back({words[1], words[2]});
  }
  return out;
}

Shown shown_keys(const std::vector<KeyQuestion>& questions, std::chrono::seconds timeout,
                 const base::Context& context) {
  // ssh-keyscan has one port and one list of types a process.
  std::map<std::pair<std::uint16_t, std::string>, std::vector<const KeyQuestion*>> groups;
  for (const auto& question : questions) groups[{question.port, base::join(question.types, ",")}].push_back(&question);
  Shown out;
  for (const auto& [common, group] : groups) {
    std::set<std::string> ids;
    std::string list;
    for (const auto* question : group) {
      ids.insert(question->id);
      list += question->address + " " + question->id + "\n";
    }
    base::Command command;
    command.argv = {"ssh-keyscan", "-T", std::to_string(timeout.count()), "-p", std::to_string(common.first)};
    if (!common.second.empty()) command.argv.insert(command.argv.end(), {"-t", common.second});
    command.argv.insert(command.argv.end(), {"-f", "-"});
    command.env = ssh_environment(context.environment);
    command.data[0] = list;
    command.capture = 4096 + group.size() * 16384;  // keys of 16384 bits have 3 KiB
    command.deadline = 3 * timeout + std::chrono::seconds(10);
    const auto outcome = context.runner.run(command, context.cancel);
    for (auto& [id, keys] : parse_shown(outcome.out, ids)) out[id].insert(out[id].end(), keys.begin(), keys.end());
  }
  return out;
}

Shows what_it_shows(const Prepared& prepared, const std::vector<OfferedKey>& keys) {
  if (keys.empty()) return Shows::nothing;
  const auto has = [&](const KnownKeys& known) {
    return std::ranges::any_of(keys, [&](const OfferedKey& key) { return known.keys.contains(key.blob); });
  };
  const bool early = has(prepared.initramfs);
  const bool later = has(prepared.real);
  if (early && later && share(prepared.initramfs, prepared.real)) return Shows::both;
  // Who shows keys of both is no host of ours; ssh decides.
  if (early) return Shows::initramfs;
  if (has(prepared.unsealed)) return Shows::unsealed;
  return later ? Shows::real : Shows::stranger;
}

}  // namespace remote
