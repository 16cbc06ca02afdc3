// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "openssh/algorithms.hpp"
#include "openssh/config_check.hpp"
#include "openssh/config_values.hpp"
#include "openssh/pattern.hpp"

/// Lists of names: a '+' or '^' before them adds to the default, a '-' takes away. What is taken away need not exist.
namespace openssh {
namespace {

struct Name {
  std::string_view text;
  Version since{};  // {}: OpenSSH 8.0 had it
  Version until{};  // {}: the newest known has it
};

// From cipher.c, mac.c and kex-names.c; the versions from the release notes.
constexpr Name kCiphers[] = {{"3des-cbc"},
                             {"aes128-cbc"},
                             {"aes192-cbc"},
                             {"aes256-cbc"},
                             {"aes128-ctr"},
                             {"aes192-ctr"},
                             {"aes256-ctr"},
                             {"aes128-gcm@openssh.com"},
                             {"aes256-gcm@openssh.com"},
                             {"chacha20-poly1305@openssh.com"},
                             {"rijndael-cbc@lysator.liu.se", {}, {8, 5, 0}},
                             {"none", {}, {8, 0, 0}}};  // within sshd alone
constexpr Name kMacs[] = {{"hmac-sha1"},
                          {"hmac-sha1-96"},
                          {"hmac-sha2-256"},
                          {"hmac-sha2-512"},
                          {"hmac-md5"},
                          {"hmac-md5-96"},
                          {"umac-64@openssh.com"},
                          {"umac-128@openssh.com"},
                          {"hmac-sha1-etm@openssh.com"},
                          {"hmac-sha1-96-etm@openssh.com"},
                          {"hmac-sha2-256-etm@openssh.com"},
                          {"hmac-sha2-512-etm@openssh.com"},
                          {"hmac-md5-etm@openssh.com"},
                          {"hmac-md5-96-etm@openssh.com"},
                          {"umac-64-etm@openssh.com"},
                          {"umac-128-etm@openssh.com"}};
constexpr Name kExchanges[] = {{"diffie-hellman-group1-sha1"},
                               {"diffie-hellman-group14-sha1"},
                               {"diffie-hellman-group14-sha256"},
                               {"diffie-hellman-group16-sha512"},
                               {"diffie-hellman-group18-sha512"},
                               {"diffie-hellman-group-exchange-sha1"},
                               {"diffie-hellman-group-exchange-sha256"},
                               {"ecdh-sha2-nistp256"},
                               {"ecdh-sha2-nistp384"},
                               {"ecdh-sha2-nistp521"},
                               {"curve25519-sha256"},
                               {"curve25519-sha256@libssh.org"},
                               {"sntrup4591761x25519-sha512@tinyssh.org", {}, {8, 5, 0}},
                               {"sntrup761x25519-sha512@openssh.com", {8, 5, 0}},
                               {"sntrup761x25519-sha512", {9, 9, 0}},
                               {"mlkem768x25519-sha256", {9, 9, 0}},
                               {"mlkem768nistp256-sha256", {10, 6, 0}}};
// Signals of the protocol, which sshd has as strings, and takes from no list.
constexpr std::string_view kSignals[] = {"ext-info-c", "ext-info-s", "kex-strict-c-v00@openssh.com",
                                         "kex-strict-s-v00@openssh.com"};

std::string shown(std::string_view text) { return '"' + base::printable(text, 60) + '"'; }

bool before(const Version& version, const Version& other) { return Version{version.major, version.minor, 0} < other; }

void judge(std::string_view name, std::span<const Name> all, const Version& version, std::vector<AlgorithmFault>& out) {
  const auto known = std::ranges::find(all, name, &Name::text);
  const bool signal = std::ranges::find(kSignals, name) != std::end(kSignals);
  // The exchanges of a patch for GSSAPI, whose names are made while it runs.
  if (known == all.end()) {
    if (name.starts_with("gss-")) return;
    out.push_back({shown(name) + " is none that it knows", signal ? std::string() : std::string(name)});
  } else if (before(version, known->since)) {
    out.push_back(
        {fmt::format("{} came with OpenSSH {}", shown(name), to_string(known->since)), std::string(name), true});
  } else if (known->until != Version{} && !before(version, known->until)) {
    out.push_back({shown(name) + " is none that it knows", ""});
  }
}

/// A class of RFC 2474 and its followers, by name or number, or what came before them.
void judge_class(std::string_view name, const Version& version, std::vector<AlgorithmFault>& out) {
  constexpr std::string_view kNames[] = {"lowdelay", "throughput", "reliability", "none", "ef", "le"};
  const auto word = lower(name);
  if (word == "va" && before(version, {10, 1, 0}))
    return out.push_back({shown(name) + " came with OpenSSH 10.1", word, true});
  if (word == "va") return;
  const bool series = (word.starts_with("cs") && word.size() == 3 && word[2] >= '0' && word[2] <= '7') ||
                      (word.starts_with("af") && word.size() == 4 && word[2] >= '1' && word[2] <= '4' &&
                       word[3] >= '1' && word[3] <= '3');
  if (series || std::ranges::find(kNames, word) != std::end(kNames)) return;
  if (name.starts_with("0x") || integer_of(name).value_or(256) <= 255) return;  // older ones take 0x10
  out.push_back({shown(name) + " is not a class that it knows", integer_of(name) ? std::string() : word});
}

/// Lists of key types may hold wildcards, each of which has to match something.
void judge_type(std::string_view name, bool certificates, const Version& version, std::vector<AlgorithmFault>& out) {
  const auto all = supported_algorithms(version);
  const bool known = std::ranges::any_of(
      all, [&](const std::string& each) { return (certificates || !names_certificate(each)) && matches(each, name); });
  if (known) return;
  const bool certificate = !certificates && names_certificate(name);
  const bool gone = name == "ssh-dss" || name.find_first_of("*?") != std::string_view::npos || certificate;
  out.push_back({shown(name) + " is not a type of key that it knows", gone ? std::string() : std::string(name)});
}

}  // namespace

std::vector<AlgorithmFault> algorithm_faults(std::string_view keyword, std::string_view value, const Version& version) {
  std::vector<AlgorithmFault> out;
  if (keyword == "ipqos") {
    judge_class(value, version, out);
    return out;
  }
  const bool types = keyword == "hostkeyalgorithms" || keyword == "pubkeyacceptedalgorithms" ||
                     keyword == "hostbasedacceptedalgorithms" || keyword == "casignaturealgorithms";
  std::span<const Name> names;
  if (keyword == "ciphers") names = kCiphers;
  if (keyword == "macs") names = kMacs;
  if (keyword == "kexalgorithms") names = kExchanges;
  if ((!types && names.empty()) || value.starts_with('-')) return out;
  if (value.starts_with('+') || value.starts_with('^')) value.remove_prefix(1);
  if (value.empty()) out.push_back({"it names none", ""});
  constexpr std::size_t kMost = 8;  // more of them say no more
  while (!value.empty() && out.size() < kMost) {
    const auto name = value.substr(0, value.find(','));
    value.remove_prefix(std::min(name.size() + 1, value.size()));
    if (name.empty()) continue;
    if (types)
      judge_type(name, keyword != "casignaturealgorithms", version, out);
    else
      judge(name, names, version, out);
  }
  return out;
}

}  // namespace openssh
