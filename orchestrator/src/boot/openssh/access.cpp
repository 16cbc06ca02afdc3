// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "openssh/algorithms.hpp"
#include "openssh/config_check.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr std::string_view kAccepted = "pubkeyacceptedalgorithms";
constexpr Version kDsaOptional{9, 8, 0};  // from here on it is built in only on demand

/// Settings of which none is undecided.
struct Case {
  const Values& values;
  const Connection& connection;
  const std::vector<LoginKey>& keys;
  const std::vector<PublicKey>& host_keys;
  const Version& version;
};

/// What speaks against root's login in them.
class Judge {
 public:
  explicit Judge(const Case& one) : case_(one) {}
  std::vector<Objection> all();

 private:
  void switches();
  void root_login();
  void users();
  void groups();
  void methods();
  void algorithms();
  void rsa_size();
  void key_files();
  void host_algorithms();
  void commands();
  void session();

  void object(std::string_view keyword, std::string why, std::string remedy, bool certain = true);
  [[nodiscard]] std::string value(std::string_view keyword) const {
    return lower(argument_of(case_.values, lower(keyword), ""));
  }
  [[nodiscard]] bool is_none(std::string_view keyword) const {
    const auto* line = find_value(case_.values, lower(keyword));
    return line == nullptr || same_word(line->arguments.empty() ? "" : line->arguments.front(), "none");
  }
  /// By the value of PubkeyAcceptedAlgorithms or HostKeyAlgorithms. Asked once a type: there may be thousands of keys.
  [[nodiscard]] bool usable(const LoginKey& key, std::string_view keyword);

  const Case& case_;
  std::vector<Objection> out_;
  std::map<std::pair<std::string_view, std::string>, std::optional<bool>> usable_;  // keyword, type
};

void Judge::object(std::string_view keyword, std::string why, std::string remedy, bool certain) {
  const auto* line = find_value(case_.values, lower(keyword));
  out_.push_back(
      {std::string(keyword), line == nullptr ? "" : line->origin, std::move(why), std::move(remedy), certain});
}

void Judge::switches() {
  if (value("PubkeyAuthentication") == "no")
    object("PubkeyAuthentication", "takes no keys at all", "PubkeyAuthentication yes");
  if (value("RefuseConnection") == "yes")
    object("RefuseConnection", "ends every connection before anybody can log in", "RefuseConnection no");
  const auto tries = integer_of(value("MaxAuthTries"));
  if (tries && *tries <= 0) object("MaxAuthTries", "allows no attempt at all", "MaxAuthTries 6");
  if (tries && *tries == 1)
    object("MaxAuthTries", "allows one attempt: a client that offers another key first is refused", "MaxAuthTries 6",
           false);
}

void Judge::session() {
  const auto sessions = integer_of(value("MaxSessions"));
  if (sessions && *sessions <= 0) object("MaxSessions", "opens no session after the login", "MaxSessions 10");
  if (!is_none("ChrootDirectory"))
    object("ChrootDirectory", "shuts root into a folder, which must be in the image with a shell in it",
           "ChrootDirectory none", false);
}

void Judge::root_login() {
  const auto permit = value("PermitRootLogin");
  if (permit == "no") object("PermitRootLogin", "does not let root in", "PermitRootLogin prohibit-password");
  if (permit != "forced-commands-only" || case_.keys.empty()) return;
  const bool forced =
      std::any_of(case_.keys.begin(), case_.keys.end(), [](const LoginKey& key) { return key.has_command; });
  const bool authority =
      std::any_of(case_.keys.begin(), case_.keys.end(), [](const LoginKey& key) { return key.is_authority; });
  // A certificate may bring its own force-command.
  if (!forced)
    object("PermitRootLogin", "lets root in only by a key with command= before it, and none has one",
           "PermitRootLogin prohibit-password", !authority);
}

/// The strongest answer of a list of patterns.
Answer any_user(std::string_view user, const std::vector<std::string>& patterns) {
  Answer out = Answer::no;
  for (const auto& pattern : patterns) {
    const auto one = match_user(user, pattern);
    if (one == Answer::yes) return one;
    if (one == Answer::undecided) out = one;
  }
  return out;
}

void Judge::users() {
  const auto denied = any_user(case_.connection.user, all_arguments(case_.values, "denyusers"));
  if (denied != Answer::no)
    object("DenyUsers", denied == Answer::yes ? "refuses root by name" : "refuses root from some hosts",
           "take the pattern that fits root out of DenyUsers", denied == Answer::yes);
  const auto patterns = all_arguments(case_.values, "allowusers");
  if (patterns.empty()) return;
  const auto allowed = any_user(case_.connection.user, patterns);
  if (allowed != Answer::yes)
    object("AllowUsers",
           allowed == Answer::no ? "lets in only others than root by name" : "lets root in only from some hosts",
           "AllowUsers root", allowed == Answer::no);
}

bool any_group(const std::vector<std::string>& groups, const std::vector<std::string>& patterns) {
  for (const auto& group : groups)
    for (const auto& pattern : patterns)
      if (matches(group, pattern)) return true;
  return false;
}

void Judge::groups() {
  const auto& groups = case_.connection.groups;
  if (any_group(groups, all_arguments(case_.values, "denygroups")))
    object("DenyGroups", "refuses a group that root is in", "take the pattern that fits it out of DenyGroups");
  const auto allowed = all_arguments(case_.values, "allowgroups");
  if (!allowed.empty() && !any_group(groups, allowed))
    object("AllowGroups", "lets in only groups that root is not in", "AllowGroups root");
}

void Judge::methods() {
  const auto lists = all_arguments(case_.values, "authenticationmethods");
  if (lists.empty() || lists.front() == "any") return;
  bool twice = false;
  for (const auto& list : lists) {
    if (list == "publickey") return;
    const auto parts = base::split(list, ',');
    twice = twice || (case_.keys.size() >= parts.size() &&
                      std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part == "publickey"; }));
  }
  object("AuthenticationMethods",
         twice ? "asks for more than one key" : "asks for more than a key: nobody can answer that in an initramfs",
         "AuthenticationMethods publickey", !twice);
}

bool Judge::usable(const LoginKey& key, std::string_view keyword) {
  auto& known = usable_[{keyword, key.is_authority ? "" : key.key.type}];
  if (known) return *known;
  const auto value = argument_of(case_.values, keyword, "");
  auto names = signature_algorithms(key.key.type);
  // Of which type the certificates are that an authority signed is not known: any will do.
  if (key.is_authority) {
    names = supported_algorithms(case_.version);
    names.erase(std::remove_if(names.begin(), names.end(), [](const auto& name) { return !names_certificate(name); }),
                names.end());
  }
  known = std::any_of(names.begin(), names.end(),
                      [&](const auto& name) { return is_accepted(name, value, case_.version); });
  return *known;
}

void Judge::algorithms() {
  if (case_.keys.empty()) return;
  const auto accepted = argument_of(case_.values, kAccepted, "");
  if (std::any_of(case_.keys.begin(), case_.keys.end(), [this](const auto& key) { return usable(key, kAccepted); })) {
    const bool only_dsa = std::none_of(case_.keys.begin(), case_.keys.end(), [this](const auto& key) {
      return key.key.type != "ssh-dss" && usable(key, kAccepted);
    });
    if (only_dsa && case_.version >= kDsaOptional)
      object("PubkeyAcceptedAlgorithms", "may have no DSA built in any more, and all usable keys are DSA",
             "make a key with ssh-keygen -t ed25519", false);
    return;
  }
  std::vector<std::string> types;
  for (const auto& key : case_.keys)
    if (std::find(types.begin(), types.end(), key.key.type) == types.end()) types.push_back(key.key.type);
  const bool dsa = types == std::vector<std::string>{"ssh-dss"};
  object("PubkeyAcceptedAlgorithms", fmt::format("accepts none of the keys ({})", base::join(types, ", ")),
         dsa || accepted.empty() ? "make a key with ssh-keygen -t ed25519"
                                 : fmt::format("PubkeyAcceptedAlgorithms +{}", signature_algorithms(types.front())[0]));
}

void Judge::rsa_size() {
  const auto required = integer_of(value("RequiredRSASize"));
  if (!required || case_.keys.empty()) return;
  unsigned largest = 0;
  for (const auto& key : case_.keys) {
    if (!usable(key, kAccepted)) continue;
    if (key.is_authority || plain_type(key.key.type) != "ssh-rsa") return;
    largest = std::max(largest, key.key.bits);
  }
  if (largest != 0 && static_cast<int>(largest) < *required)
    object("RequiredRSASize", fmt::format("wants RSA keys of {} bits, and the largest has {}", *required, largest),
           fmt::format("make a key with ssh-keygen -t ed25519, or RequiredRSASize {}", largest));
}

void Judge::key_files() {
  const bool command = !is_none("AuthorizedKeysCommand");
  const bool authority = !is_none("TrustedUserCAKeys");
  if (authorized_keys_files(case_.values).empty() && !command && !authority)
    object("AuthorizedKeysFile", "looks for keys in no file", "AuthorizedKeysFile .ssh/authorized_keys");
  if (!is_none("RevokedKeys"))
    object("RevokedKeys",
           fmt::format("takes no key at all unless {} is in the image and readable",
                       base::printable(argument_of(case_.values, "revokedkeys", ""), 60)),
           "RevokedKeys none, or put the file into the image", false);
}

void Judge::commands() {
  for (const std::string_view keyword : {"AuthorizedKeysCommand", "AuthorizedPrincipalsCommand"}) {
    const auto user = std::string(keyword) + "User";
    if (!is_none(keyword) && find_value(case_.values, lower(user)) == nullptr)
      object(keyword, fmt::format("does not start without {}", user), fmt::format("{} nobody", user));
  }
}

void Judge::host_algorithms() {
  if (case_.host_keys.empty()) return;
  const auto value = argument_of(case_.values, "hostkeyalgorithms", "");
  for (const auto& key : case_.host_keys)
    if (usable({key, false, false}, "hostkeyalgorithms")) return;
  object("HostKeyAlgorithms", "has no algorithm for any of the host keys, so that no client can connect",
         value.empty() ? "make a host key with ssh-keygen -t ed25519" : "take HostKeyAlgorithms out");
}

std::vector<Objection> Judge::all() {
  switches();
  root_login();
  users();
  groups();
  methods();
  algorithms();
  rsa_size();
  key_files();
  commands();
  host_algorithms();
  session();
  return std::move(out_);
}

std::vector<Objection> verdicts(const Case& one) { return Judge(one).all(); }

}  // namespace

namespace {

bool same_objection(const Objection& a, const Objection& b) { return a.keyword == b.keyword && a.origin == b.origin; }

const Objection* find_in(const std::vector<Objection>& all, const Objection& one) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&one](const Objection& other) { return same_objection(other, one); });
  return found == all.end() ? nullptr : &*found;
}

/// What comes in place of a file that AuthorizedKeysFile has a '%' in; false if sshd would end at it.
bool expand(std::string_view pattern, const std::string& home, std::string& out) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      out += pattern[at];
      continue;
    }
    if (++at == pattern.size()) return false;
    switch (pattern[at]) {
      case '%':
        out += '%';
        break;
      case 'h':
        out += home;
        break;
      case 'u':
        out += "root";
        break;
      case 'U':
        out += '0';
        break;
      default:
        return false;
    }
  }
  return true;
}

}  // namespace

std::vector<std::string> authorized_keys_files(const Values& values, const std::string& home) {
  auto patterns = all_arguments(values, "authorizedkeysfile");
  if (patterns.empty()) patterns = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
  std::vector<std::string> out;
  for (const auto& pattern : patterns) {
    if (same_word(pattern, "none")) continue;
    std::string path;
    // sshd itself is root: '~' is its own home
    const bool tilde = pattern == "~" || pattern.starts_with("~/");
    if (!expand(tilde ? home + pattern.substr(1) : pattern, home, path)) continue;
    if (!path.starts_with('/')) path = home + '/' + path;
    out.push_back(std::move(path));
  }
  return out;
}

std::vector<std::string> host_key_files(const Values& values, const Version& version) {
  const auto named = all_arguments(values, "hostkey");
  std::vector<std::string> out;
  if (named.empty()) {
    out = {"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"};
    if (version >= Version{10, 6, 0}) out.emplace_back("/etc/ssh/ssh_host_mldsa44_ed25519_key");
    return out;
  }
  for (const auto& path : named)
    if (!same_word(path, "none")) out.push_back(path);
  return out;
}

std::vector<Objection> judge_root_login(const Effective& effective, const std::vector<LoginKey>& keys,
                                        const std::vector<PublicKey>& host_keys, const Version& version) {
  auto out = verdicts({effective.values, effective.connection, keys, host_keys, version});
  for (const auto& block : effective.undecided) {
    const auto inside = verdicts({block.otherwise, effective.connection, keys, host_keys, version});
    const auto where = fmt::format("Match {} ({})", block.criteria, block.origin);
    for (auto& objection : out) {
      if (!objection.certain || find_in(inside, objection) != nullptr) continue;
      objection.certain = false;
      objection.why += fmt::format("; not so if {} matches", where);
    }
    for (auto objection : inside) {
      if (find_in(out, objection) != nullptr) continue;
      objection.certain = false;
      objection.why += fmt::format(", if {} matches", where);
      out.push_back(std::move(objection));
    }
  }
  if (effective.cut)
    for (auto& objection : out) objection.certain = false;
  return out;
}

}  // namespace openssh
