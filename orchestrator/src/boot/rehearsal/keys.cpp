// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "rehearsal/offered_keys.hpp"

namespace rehearsal {
namespace {

/// As ssh-keygen calls it: where sshd takes only some kinds of keys, it takes those of the image.
std::vector<std::string> kind_of_key(const inspect::Facts& facts) {
  const auto lines = usable_lines(facts);
  const auto type = lines.empty() ? std::string("ssh-ed25519") : lines.front()->key->type;
  if (type == "ssh-rsa") return {"-t", "rsa", "-b", "3072"};
  if (type.starts_with("ecdsa-sha2-nistp")) return {"-t", "ecdsa", "-b", type.substr(16)};
  return {"-t", "ed25519"};
}

void make_pair(const std::string& key, const std::vector<std::string>& kind, const base::Context& context) {
  base::Command command;
  command.argv = {"ssh-keygen", "-q", "-N", "", "-C", "rehearsal", "-f", key};
  command.argv.insert(command.argv.end(), kind.begin(), kind.end());
  command.env = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}};
  command.dies_with_parent = true;
  if (const auto done = context.runner.run(command, context.cancel); done.status != 0)
    throw base::Error("ssh-keygen failed: " + done.tail);
}

/// The first that is there.
const inspect::KeyFile* file_of_keys(const inspect::Facts& facts) {
  const auto file =
      std::ranges::find_if(facts.key_files, [](const inspect::KeyFile& one) { return one.node != nullptr; });
  return file == facts.key_files.end() ? nullptr : &*file;
}

}  // namespace

bool takes_throw_away_key(const inspect::Facts& facts) {
  const auto* const file = file_of_keys(facts);
  const auto path = file == nullptr ? std::nullopt : facts.image.resolve(file->path);
  return path && facts.image.content(*path).has_value();
}

std::string add_throw_away_key(Overlay& overlay, const inspect::Facts& facts, const std::filesystem::path& folder,
                               const base::Context& context) {
  const auto* const file = file_of_keys(facts);
  const auto path = file == nullptr ? std::nullopt : facts.image.resolve(file->path);
  const auto content = path ? facts.image.content(*path) : std::nullopt;
  if (!content) throw base::Error("no file of authorized keys is in the image, so nobody can log in");
  auto key = (folder / "throw-away").string();
  make_pair(key, kind_of_key(facts), context);
  OverlayFile out;
  out.mode = file->node->mode;
  out.uid = file->node->uid;
  out.gid = file->node->gid;
  out.content = std::string(*content) + "\n" + base::read_file(key + ".pub", 65536);
  overlay[*path] = std::move(out);
  return key;
}

std::string add_throw_away_host_key(Overlay& overlay, const std::filesystem::path& folder,
                                    const base::Context& context) {
  const std::string place = "etc/ssh/ssh_host_ed25519_key";
  const auto key = (folder / "host-key").string();
  make_pair(key, {"-t", "ed25519"}, context);
  const auto line = base::read_file(key + ".pub", 65536);
  overlay[place] = {.mode = 0100600, .content = base::read_file(key, 65536)};
  overlay[place + ".pub"] = {.mode = 0100644, .content = line};
  const auto words = base::split(line, ' ');
  if (words.size() < 2) throw base::Error("ssh-keygen wrote no public key");
  return words[0] + " " + std::string(base::trim(words[1]));
}

}  // namespace rehearsal
