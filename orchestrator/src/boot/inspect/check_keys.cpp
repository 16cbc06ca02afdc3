// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "host/host.hpp"
#include "host/small_file.hpp"
#include "inspect/check.hpp"

namespace inspect {
namespace {

const std::string kKeys =
    "put your public key into /etc/dracut-sshd/authorized_keys, one line a key, and type dracut-sshd-rebuild";

/// Why sshd with StrictModes passes over a file (misc.c, safe_path).
struct Unsafe {
  std::string why;       // "": it does not
  bool certain = false;  // false: a patched sshd lets the user's own group write
};

Unsafe why_unsafe(const Facts& facts, const std::string& path) {
  const auto real = facts.image.resolve(path);
  if (!real) return {};
  Unsafe out;
  const auto look = [&](const std::string& at) {
    const auto* node = facts.image.find(at);
    if (node == nullptr || out.certain) return;
    const bool own_group = (node->mode & 022U) == 020U && node->gid == 0;
    if (node->uid == 0 && (node->mode & 022U) == 0) return;
    if (own_group && !out.why.empty()) return;
    out.why = node->uid != 0 ? fmt::format("/{} belongs to user {}", at, node->uid)
                             : fmt::format("/{} has mode {:04o}", at, node->mode & 07777U);
    out.certain = node->uid != 0 || !own_group;
  };
  look(*real);
  const auto home = facts.image.resolve(facts.home).value_or(facts.home);
  for (std::string at = *real; !at.empty();) {
    const auto slash = at.rfind('/');
    at.resize(slash == std::string::npos ? 0 : slash);
    look(at);
    if (at == home) break;
  }
  return out;
}

bool is_strict(const Facts& facts) {
  return openssh::argument_of(facts.effective.values, "strictmodes", "yes") != "no";
}

/// The smallest RSA key that sshd takes, its own as well (RequiredRSASize; 9.1).
unsigned least_rsa(const Facts& facts) {
  unsigned out = 0;
  for (const char digit : openssh::argument_of(facts.effective.values, "requiredrsasize", "0")) {
    if (digit < '0' || digit > '9' || out > 100000) return 0;
    out = out * 10 + static_cast<unsigned>(digit - '0');
  }
  return out;
}

/// Whether this OpenSSH may know types of keys that this program does not.
bool is_newer(const Facts& facts) { return facts.sshd.version && openssh::is_unseen(*facts.sshd.version); }

/// Why sshd loads no host key from a file; "" if it does.
std::string why_unusable(const Facts& facts, const HostKey& key) {
  if (key.node == nullptr || !key.node->is_file()) return "is not there";
  if (key.node->uid == 0 && (key.node->mode & 077U) != 0)
    return fmt::format("has mode {:04o}; sshd wants one that others cannot read", key.node->mode & 07777U);
  if (!key.node->content) return "was not looked into";
  if (key.key.format.empty()) return "is not a private key" + (key.key.why.empty() ? "" : ": " + key.key.why);
  if (key.key.encrypted) return "has a passphrase, which nobody is there to type";
  if (!key.key.public_part && !key.key.why.empty()) return key.key.why;
  if (key.key.public_part && key.key.public_part->type == "ssh-rsa" && key.key.public_part->bits < least_rsa(facts))
    return fmt::format("has {} bits, and RequiredRSASize is {}", key.key.public_part->bits, least_rsa(facts));
  return {};
}

/// The system's own host keys, by their public halves.
std::vector<std::string> blobs_of_system(const Facts& facts) {
  std::vector<std::string> out;
  for (const auto* type : {"rsa", "ecdsa", "ed25519"}) {
    const auto text =
        host::read_small(*facts.options.host / "etc/ssh" / (std::string("ssh_host_") + type + "_key.pub"));
    if (!text) continue;
    if (const auto parsed = openssh::parse_public_key(base::trim(*text)); parsed.key) out.push_back(parsed.key->blob);
  }
  return out;
}

/// Whether a text holds a private key at the beginning of one of its lines. A program that knows how keys begin is no
/// text.
bool holds_private_key(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  for (auto at = text.find("PRIVATE KEY"); at != std::string_view::npos; at = text.find("PRIVATE KEY", at + 1)) {
    const auto end_before = text.rfind('\n', at);
    const auto line = text.substr(end_before == std::string_view::npos ? 0 : end_before + 1);
    if (line.starts_with("-----BEGIN ") || line.starts_with("---- BEGIN ") || line.starts_with("SSH PRIVATE KEY FILE"))
      return true;
  }
  return false;
}

/// The private keys in an image, wherever they lie: the system's own, and those that are neither its nor a host key of
/// the image's.
struct PrivateKeys {
  std::vector<std::string> of_system;
  std::vector<std::string> others;
};

PrivateKeys private_keys_of(const Facts& facts, const std::vector<const HostKey*>& usable) {
  PrivateKeys out;
  const auto system = blobs_of_system(facts);
  facts.image.each([&](const std::string& path, const initramfs::Node& node) {
    if (!node.is_file() || !node.content || !holds_private_key(*node.content)) return;
    const auto key = openssh::read_private(*node.content);
    if (key.public_part && std::ranges::find(system, key.public_part->blob) != system.end())
      out.of_system.push_back("/" + path);
    else if (std::ranges::none_of(usable, [&](const HostKey* host) { return host->node == &node; }))
      out.others.push_back("/" + path);
  });
  return out;
}

}  // namespace

void check_authorized(const Facts& facts, Findings& out) {
  std::size_t good = 0;
  std::size_t passed_over = 0;  // in files that others can write
  std::size_t authorities = 0;
  std::vector<std::string> looked;
  for (const auto& file : facts.key_files) {
    looked.push_back("/" + file.path);
    if (file.too_long)
      out.push_back(
          {"keys.authorized", Severity::unknown, fmt::format("/{} is too long to be read here", file.path), ""});
    for (const auto& line : file.lines) {
      if (!line.fault.empty()) {
        out.push_back({"keys.authorized", Severity::warning,
                       fmt::format("/{}:{}: {}", file.path, line.number, line.fault), kKeys});
        continue;
      }
      if (!line.note.empty())
        out.push_back(
            {"keys.authorized", Severity::note, fmt::format("/{}:{}: {}", file.path, line.number, line.note), ""});
      if (line.is_authority())
        ++authorities;
      else if (is_strict(facts) && !why_unsafe(facts, file.path).why.empty())
        ++passed_over;
      else
        ++good;
    }
  }
  if (!facts.authorities.path.empty() && !facts.authorities.why_none.empty())
    out.push_back({"keys.authorized", Severity::warning, facts.authorities.why_none,
                   "put the file into the image: install_items+=\" FILE \" in dracut.conf"});
  const bool others = authorities > 0 || (!facts.authorities.path.empty() && facts.authorities.why_none.empty());
  const auto command = openssh::argument_of(facts.effective.values, "authorizedkeyscommand", "none");
  if (good > 0)
    return out.push_back({"keys.authorized", Severity::good,
                          fmt::format("{} {} in {}", good, good == 1 ? "key" : "keys", base::join(looked, ", ")), ""});
  if (passed_over > 0) return;  // keys.modes says it
  if (others)
    return out.push_back(
        {"keys.authorized", Severity::good, "none by itself; certificates of an authority may log in", ""});
  if (command != "none" && facts.has(command.starts_with('/') ? command.substr(1) : command))
    return out.push_back({"keys.authorized", Severity::unknown,
                          fmt::format("only {} may know a key (AuthorizedKeysCommand)", base::printable(command, 200)),
                          ""});
  const bool too_long = std::ranges::any_of(facts.key_files, [](const KeyFile& file) { return file.too_long; });
  if (too_long) return;
  const bool faulty = std::ranges::any_of(facts.key_files, [](const KeyFile& file) { return !file.lines.empty(); });
  out.push_back({"keys.authorized", is_newer(facts) && faulty ? Severity::unknown : Severity::error,
                 looked.empty() ? std::string("sshd is told to look for keys nowhere (AuthorizedKeysFile none)")
                                : "there is no key that may log in: looked into " + base::join(looked, ", "),
                 kKeys});
}

void check_key_modes(const Facts& facts, Findings& out) {
  if (!is_strict(facts)) return out.push_back({"keys.modes", Severity::note, "StrictModes no: sshd does not look", ""});
  bool any = false;
  bool all_bad = true;  // of those that hold a key
  bool certain = true;
  std::vector<std::string> faults;
  for (const auto& file : facts.key_files) {
    if (file.node == nullptr) continue;
    any = true;
    const bool holds_key =
        std::ranges::any_of(file.lines, [](const openssh::AuthorizedLine& line) { return line.fault.empty(); });
    const auto unsafe = why_unsafe(facts, file.path);
    if (!unsafe.why.empty()) {
      faults.push_back(unsafe.why);
      certain = certain && (unsafe.certain || !holds_key);
    } else if (holds_key) {
      all_bad = false;
    }
  }
  if (!any) return;
  if (faults.empty()) return out.push_back({"keys.modes", Severity::good, "", ""});
  const auto worst = certain ? Severity::error : Severity::unknown;
  out.push_back(
      {"keys.modes", all_bad ? worst : Severity::warning,
       (certain ? "sshd passes over keys: " : "sshd passes over keys, unless a patch lets root's group write: ") +
           base::join(faults, ", "),
       "build the image again with this module, which sets them: dracut-sshd-rebuild"});
}

bool has_clear_host_key(const Facts& facts) {
  return std::ranges::any_of(facts.host_keys, [&](const HostKey& key) { return why_unusable(facts, key).empty(); });
}

void check_host_keys(const Facts& facts, Findings& out) {
  std::vector<std::string> good;
  std::vector<std::string> bad;
  std::vector<const HostKey*> usable;
  for (const auto& key : facts.host_keys) {
    if (key.node == nullptr && key.by_default) continue;
    if (auto why = why_unusable(facts, key); !why.empty()) {
      bad.push_back(fmt::format("/{} {}", key.path, why));
      continue;
    }
    good.push_back("/" + key.path);
    usable.push_back(&key);
  }
  const std::string remedy =
      "make one for the initramfs alone: ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key; then "
      "dracut-sshd-rebuild";
  const bool unsure = is_newer(facts) || std::ranges::any_of(facts.host_keys, [](const HostKey& key) {
                        return key.node != nullptr && key.node->is_file() && !key.node->content;
                      });
  if (good.empty() && facts.sealed) return;  // hostkeys.sealed says it
  if (good.empty())
    return out.push_back({"hostkeys.present", unsure && !bad.empty() ? Severity::unknown : Severity::error,
                          bad.empty() ? "there is no host key in it" : base::join(bad, "; "), remedy});
  for (const auto& why : bad) out.push_back({"hostkeys.present", Severity::warning, why, remedy});
  out.push_back({"hostkeys.present", Severity::good, base::join(good, ", "), ""});
  bool match = true;
  for (const auto* key : usable) {
    if (!key->beside || !key->key.public_part || *key->beside == *key->key.public_part) continue;
    match = false;
    out.push_back({"hostkeys.match", Severity::warning,
                   fmt::format("/{0}.pub is not the public half of /{0}", key->path),
                   fmt::format("ssh-keygen -y -f /{0} >/{0}.pub on the system (for its dracut_ name, if that is the "
                               "one), then dracut-sshd-rebuild",
                               key->path)});
  }
  if (match) out.push_back({"hostkeys.match", Severity::good, "", ""});
  if (!facts.options.host) return;
  const auto keys = private_keys_of(facts, usable);
  for (const auto& path : keys.others)
    out.push_back(
        {"hostkeys.own", Severity::note,
         fmt::format("{} is a private key, too, and no host key of the image's; who has the disk can read it", path),
         ""});
  if (!keys.of_system.empty())
    return out.push_back(
        {"hostkeys.own", Severity::warning,
         fmt::format("the system's own private host key is in it, readable for whoever has the disk: {}",
                     base::join(keys.of_system, ", ")),
         remedy});
  out.push_back({"hostkeys.own", Severity::good, "", ""});
}

}  // namespace inspect
