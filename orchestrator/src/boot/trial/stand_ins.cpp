// SPDX-License-Identifier: GPL-3.0-or-later
#include "trial/stand_ins.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/authorized_keys.hpp"
#include "openssh/key.hpp"
#include "openssh/key_options.hpp"
#include "openssh/revoked.hpp"
#include "openssh/wire.hpp"

namespace trial {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kMostBits = 4096;  // a longer RSA key takes minutes to make

/// ssh-keygen's arguments for a key of the type; none for one that needs a token.
std::vector<std::string> kind_of(const openssh::PublicKey& key) {
  if (key.type == "ssh-ed25519") return {"-t", "ed25519"};
  if (key.type.starts_with("ecdsa-sha2-nistp")) return {"-t", "ecdsa", "-b", key.type.substr(16)};
  if (key.type == "ssh-rsa") return {"-t", "rsa", "-b", std::to_string(std::min(key.bits, kMostBits))};
  return {};
}

class Maker {
 public:
  Maker(const inspect::Facts& facts, const fs::path& tree, const fs::path& folder, const std::string& path,
        const base::Context& context)
      : facts_(facts), tree_(tree), folder_(folder), path_(path), context_(context) {}
  StandIns run();

 private:
  void add(const openssh::PublicKey& key, const std::optional<std::string>& command, bool authority,
           const std::string& principals);
  void keygen(std::vector<std::string> arguments);
  void exchange(const std::string& path);

  const inspect::Facts& facts_;
  const fs::path& tree_;
  const fs::path& folder_;
  const std::string& path_;
  const base::Context& context_;
  StandIns out_;
  std::map<std::string, std::string> exchanged_;  // base64 of a key -> that of its stand-in, without padding
  std::set<std::string> seen_;
  // A key revocation list has hashes, and no place for a stand-in: what it revokes has none.
  std::optional<openssh::RevokedKeys> in_list_;
};

void Maker::keygen(std::vector<std::string> arguments) {
  base::Command command;
  command.argv = {"ssh-keygen", "-q"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.env = {{"PATH", path_}, {"LC_ALL", "C"}};
  command.deadline = std::chrono::seconds(120);
  const auto done = context_.runner.run(command, context_.cancel);
  if (done.status != 0) throw base::Error("ssh-keygen ended with " + std::to_string(done.status) + ": " + done.tail);
}

void Maker::add(const openssh::PublicKey& key, const std::optional<std::string>& command, bool authority,
                const std::string& principals) {
  if (!seen_.insert(key.blob).second || (in_list_ && in_list_->revokes(key))) return;
  const auto kind = kind_of(key);
  const auto shown = openssh::fingerprint(key) + " " + key.type;
  if (kind.empty()) return out_.left_out.push_back(shown + ": no key of this type can be made without a token");
  if (out_.all.size() == kStandIns) return out_.left_out.push_back(shown + ": more keys than are tried");
  StandIn one{key.blob, fmt::format("key{}", out_.all.size()), command.value_or(""), command.has_value()};
  const auto file = (folder_ / one.name).string();
  const auto signer = authority ? file + "-authority" : file;
  auto arguments = kind;
  arguments.insert(arguments.end(), {"-N", "", "-C", "stand-in", "-f", signer});
  keygen(arguments);
  if (authority) {
    keygen({"-t", "ed25519", "-N", "", "-C", "stand-in", "-f", file});
    keygen({"-s", signer, "-I", "stand-in", "-n", principals, file + ".pub"});
  }
  const auto made = openssh::parse_public_key(base::read_file(signer + ".pub", 64U << 10U));
  if (!made.key) throw base::Error("ssh-keygen made a key that " + made.why);
  exchanged_[openssh::base64_encode(key.blob, false)] = openssh::base64_encode(made.key->blob, false);
  out_.all.push_back(std::move(one));
}

/// The file with the stand-ins' bytes; its owner and mode stay.
void Maker::exchange(const std::string& path) {
  const auto text = facts_.image.content(path);
  const auto real = facts_.image.resolve(path);
  const auto* node = facts_.image.find(path);
  if (!text || !real || node == nullptr) return;
  std::string fresh(*text);
  for (const auto& [from, to] : exchanged_) {
    // The padding, which the two may have at other places.
    for (const std::string padding : {"==", "=", ""}) {
      const auto padded = to + std::string((4 - to.size() % 4) % 4, '=');
      fresh = base::replace_all(fresh, from + padding, padded);
    }
  }
  if (fresh == *text) return;
  const auto file = tree_ / *real;
  base::write_file(file, fresh, node->mode & 0777U);
  if (lchown(file.c_str(), node->uid, node->gid) != 0) throw base::system_error(file.string());
  if (chmod(file.c_str(), node->mode & 07777U) != 0) throw base::system_error(file.string());
}

StandIns Maker::run() {
  const auto revoked = openssh::argument_of(facts_.effective.values, "revokedkeys", "none");
  const auto list = facts_.image.content(revoked).value_or("");
  if (list.starts_with("SSHKRL\n")) in_list_.emplace(list);
  for (const auto& file : facts_.key_files) {
    for (const auto& line : file.lines) {
      if (!line.key) continue;
      const auto named = openssh::option_value(line.options, "principals");
      add(*line.key, line.command(), line.is_authority(), named ? "root," + *named : "root");
    }
  }
  for (const auto& key : facts_.authorities.keys) add(key, {}, true, "root");
  for (const auto& file : facts_.key_files) exchange(file.path);
  if (!facts_.authorities.path.empty()) exchange(facts_.authorities.path);
  if (!in_list_) exchange(revoked);
  return std::move(out_);
}

}  // namespace

StandIns make_stand_ins(const inspect::Facts& facts, const fs::path& tree, const fs::path& folder,
                        const std::string& path, const base::Context& context) {
  return Maker(facts, tree, folder, path, context).run();
}

}  // namespace trial
