// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/algorithms.hpp"
#include "openssh/client_algorithms.hpp"
#include "openssh/config_check.hpp"
#include "openssh/key_paths.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr std::string_view kAccepted = "pubkeyacceptedalgorithms";
constexpr Version kDsaOptional{9, 8, 0};  // from here on it is built in only on demand
constexpr Version kSha1Gone{8, 8, 0};

/// "USER" or "USER@HOSTS": a '!' is no negation in USER, and it is one in HOSTS.
bool match_user(const Connection& connection, std::string_view pattern) {
  const auto at = pattern.rfind('@');
  if (!matches(connection.user, pattern.substr(0, at))) return false;
  return at == std::string_view::npos ||
         match_host_and_address(connection.name(), connection.address, pattern.substr(at + 1)) == AddressMatch::matched;
}

/// What speaks against root's login.
class Judge {
 public:
  Judge(const Values& values, const Connection& connection, const LoginFacts& facts)
      : values_(values), connection_(connection), facts_(facts) {}
  std::vector<Objection> all();

 private:
  using Keys = std::vector<const LoginKey*>;
  void switches();
  void root_login();
  void users();
  void groups();
  void methods();
  void key_files();
  void commands_for_keys();
  void host_algorithms();
  void transport();
  void session();
  // Each leaves the keys that pass it, and objects where none does.
  void keys();
  void by_address(Keys& keys);
  void by_root_login(Keys& keys);
  void by_algorithm(Keys& keys);
  void by_size(Keys& keys);
  void by_command(const Keys& keys);

  void object(std::string_view keyword, std::string why, std::string remedy, Weight weight = Weight::refuses);
  [[nodiscard]] std::string value(std::string_view keyword) const {
    return lower(argument_of(values_, lower(keyword), ""));
  }
  [[nodiscard]] bool is_none(std::string_view keyword) const {
    const auto* line = find_value(values_, lower(keyword));
    return line == nullptr || same_word(line->arguments.empty() ? "" : line->arguments.front(), "none");
  }
  [[nodiscard]] CommandUse use_of(std::string_view command) const {
    return facts_.judge_command ? facts_.judge_command(command) : CommandUse{};
  }
  /// By the value of PubkeyAcceptedAlgorithms or HostKeyAlgorithms. Asked once a type: there may be thousands of keys.
  [[nodiscard]] bool usable(const LoginKey& key, std::string_view keyword);

  const Values& values_;
  const Connection& connection_;
  const LoginFacts& facts_;
  std::vector<Objection> out_;
  std::map<std::pair<std::string_view, std::string>, std::optional<bool>> usable_;  // keyword, type
};

void Judge::object(std::string_view keyword, std::string why, std::string remedy, Weight weight) {
  const auto* line = find_value(values_, lower(keyword));
  out_.push_back(
      {std::string(keyword), line == nullptr ? "" : line->origin, std::move(why), std::move(remedy), weight});
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
           Weight::risk);
  if (value("PerSourceMaxStartups") == "0")
    object("PerSourceMaxStartups", "accepts no connection", "PerSourceMaxStartups none");
}

void Judge::session() {
  const auto sessions = integer_of(value("MaxSessions"));
  if (sessions && *sessions <= 0) object("MaxSessions", "opens no session after the login", "MaxSessions 10");
}

void Judge::root_login() {
  if (value("PermitRootLogin") == "no")
    object("PermitRootLogin", "does not let root in", "PermitRootLogin prohibit-password");
}

bool any_user(const Connection& connection, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return match_user(connection, pattern); });
}

void Judge::users() {
  if (any_user(connection_, all_arguments(values_, "denyusers")))
    object("DenyUsers", "refuses root by name", "take the pattern that fits root out of DenyUsers");
  const auto patterns = all_arguments(values_, "allowusers");
  if (!patterns.empty() && !any_user(connection_, patterns))
    object("AllowUsers", "lets in only others than root by name", "AllowUsers root");
}

bool any_group(const std::vector<std::string>& groups, const std::vector<std::string>& patterns) {
  for (const auto& group : groups)
    for (const auto& pattern : patterns)
      if (matches(group, pattern)) return true;
  return false;
}

void Judge::groups() {
  const auto& groups = connection_.groups;
  const auto denied = all_arguments(values_, "denygroups");
  const auto allowed = all_arguments(values_, "allowgroups");
  // sshd refuses whom it finds in no group as soon as either is said.
  if (groups.empty() && !(denied.empty() && allowed.empty()))
    return object(allowed.empty() ? "DenyGroups" : "AllowGroups",
                  "refuses root, which is in no group: /etc/group has none",
                  "take AllowGroups and DenyGroups out, or put root's groups into the image's /etc/group");
  if (any_group(groups, denied))
    object("DenyGroups", "refuses a group that root is in", "take the pattern that fits it out of DenyGroups");
  if (!allowed.empty() && !any_group(groups, allowed))
    object("AllowGroups", "lets in only groups that root is not in", "AllowGroups root");
}

void Judge::methods() {
  const auto lists = all_arguments(values_, "authenticationmethods");
  if (lists.empty() || lists.front() == "any") return;
  bool twice = false;
  for (const auto& list : lists) {
    if (list == "publickey") return;
    const auto parts = base::split(list, ',');
    twice = twice || (facts_.keys.size() >= parts.size() &&
                      std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part == "publickey"; }));
  }
  object("AuthenticationMethods",
         twice ? "asks for more than one key" : "asks for more than a key: nobody can answer that in an initramfs",
         "AuthenticationMethods publickey", twice ? Weight::depends : Weight::refuses);
}

bool Judge::usable(const LoginKey& key, std::string_view keyword) {
  auto& known = usable_[{keyword, (key.is_authority ? "signs " : "") + key.key.type}];
  if (known) return *known;
  const auto value = argument_of(values_, keyword, "");
  // What an authority signs with is looked at, too (CASignatureAlgorithms; sshd's default has all but SHA-1).
  if (key.is_authority) {
    const auto own = signature_algorithms(key.key.type);
    const auto signs = argument_of(values_, "casignaturealgorithms", "");
    if (std::none_of(own.begin(), own.end(),
                     [&](const auto& name) { return is_accepted(name, signs, facts_.version); })) {
      known = false;
      return false;
    }
  }
  auto names = signature_algorithms(key.key.type);
  // Of which type the certificates are that an authority signed is not known: any will do.
  if (key.is_authority) {
    names = supported_algorithms(facts_.version);
    names.erase(std::remove_if(names.begin(), names.end(), [](const auto& name) { return !names_certificate(name); }),
                names.end());
  }
  known = std::any_of(names.begin(), names.end(),
                      [&](const auto& name) { return is_accepted(name, value, facts_.version); });
  return *known;
}

/// Of a key that stands there twice the first line counts whose from= fits: sshd goes on to the next one where it does
/// not.
void Judge::by_address(Keys& keys) {
  Keys left;
  std::set<std::pair<std::string, bool>> seen;
  for (const auto* key : keys) {
    if (key->from &&
        match_host_and_address(connection_.name(), connection_.address, *key->from) != AddressMatch::matched)
      continue;
    if (seen.emplace(key->key.blob, key->is_authority).second) left.push_back(key);
  }
  if (left.empty())
    object("from", "takes no key: from= before each of them names other addresses",
           "take from= out, or name a network that you will come from");
  keys = std::move(left);
}

void Judge::by_root_login(Keys& keys) {
  if (value("PermitRootLogin") != "forced-commands-only") return;
  // A certificate may bring its own force-command.
  std::erase_if(keys, [](const LoginKey* key) { return !key->command && !key->is_authority; });
  if (keys.empty())
    object("PermitRootLogin", "lets root in only by a key with command= before it, and none has one",
           "PermitRootLogin prohibit-password");
  else if (std::all_of(keys.begin(), keys.end(), [](const LoginKey* key) { return !key->command; }))
    object("PermitRootLogin", "lets root in only by a certificate with a forced command",
           "PermitRootLogin prohibit-password", Weight::depends);
}

void Judge::by_algorithm(Keys& keys) {
  const auto accepted = argument_of(values_, kAccepted, "");
  std::vector<std::string> types;
  for (const auto* key : keys)
    if (std::find(types.begin(), types.end(), key->key.type) == types.end()) types.push_back(key->key.type);
  std::erase_if(keys, [this](const LoginKey* key) { return !usable(*key, kAccepted); });
  const bool dsa = types == std::vector<std::string>{"ssh-dss"};
  if (keys.empty())
    return object("PubkeyAcceptedAlgorithms", fmt::format("accepts none of the keys ({})", base::join(types, ", ")),
                  dsa || accepted.empty()
                      ? "make a key with ssh-keygen -t ed25519"
                      : fmt::format("PubkeyAcceptedAlgorithms +{}", signature_algorithms(types.front())[0]));
  const bool only_dsa =
      std::all_of(keys.begin(), keys.end(), [](const LoginKey* key) { return key->key.type == "ssh-dss"; });
  if (only_dsa && facts_.version >= kDsaOptional)
    object("PubkeyAcceptedAlgorithms", "may have no DSA built in any more, and all usable keys are DSA",
           "make a key with ssh-keygen -t ed25519", Weight::depends);
  // A list without sha2 leaves RSA keys with SHA-1 alone, which no client signs with unasked since 8.8.
  const auto signs = [&](const LoginKey* key) {
    if (key->is_authority || plain_type(key->key.type) != "ssh-rsa") return true;
    return is_accepted("rsa-sha2-512", accepted, facts_.version) ||
           is_accepted("rsa-sha2-256", accepted, facts_.version) || facts_.version < kSha1Gone;
  };
  std::erase_if(keys, [&](const LoginKey* key) { return !signs(key); });
  if (keys.empty())
    object("PubkeyAcceptedAlgorithms", "accepts RSA keys with SHA-1 alone, which clients no longer sign with",
           "PubkeyAcceptedAlgorithms +rsa-sha2-512,rsa-sha2-256");
}

void Judge::by_size(Keys& keys) {
  const auto required = integer_of(value("RequiredRSASize"));
  if (!required) return;
  unsigned largest = 0;
  std::erase_if(keys, [&](const LoginKey* key) {
    if (key->is_authority || plain_type(key->key.type) != "ssh-rsa") return false;
    largest = std::max(largest, key->key.bits);
    return static_cast<int>(key->key.bits) < *required;
  });
  if (keys.empty())
    object("RequiredRSASize", fmt::format("wants RSA keys of {} bits, and the largest has {}", *required, largest),
           fmt::format("make a key with ssh-keygen -t ed25519, or RequiredRSASize {}", largest));
}

void Judge::by_command(const Keys& keys) {
  const auto* forced = find_value(values_, "forcecommand");
  if (forced != nullptr && !same_word(forced->rest, "none")) {
    const auto use = use_of(forced->rest);
    if (use.kind != CommandUse::Kind::useful)
      object("ForceCommand",
             fmt::format("runs {} for whoever logs in, which {}", base::printable(forced->rest, 60), use.why),
             "ForceCommand none, or ForceCommand unlock",
             use.kind == CommandUse::Kind::useless ? Weight::refuses : Weight::depends);
    return;
  }
  const LoginKey* first = nullptr;
  CommandUse worst;
  for (const auto* key : keys) {
    const auto use = key->command ? use_of(*key->command) : CommandUse{};
    if (use.kind == CommandUse::Kind::useful) return;
    // What cannot be told may be of use; of what is useless the first is named.
    if (first == nullptr || (worst.kind == CommandUse::Kind::useless && use.kind == CommandUse::Kind::unknown)) {
      first = key;
      worst = use;
    }
  }
  if (first == nullptr) return;
  object("command",
         fmt::format("runs {} for {}, which {}", base::printable(*first->command, 60),
                     keys.size() == 1 ? "the key" : "a key, and nothing better for the others", worst.why),
         "put a key without command= into /etc/dracut-sshd/authorized_keys, or one with command=\"unlock\"",
         worst.kind == CommandUse::Kind::useless ? Weight::refuses : Weight::depends);
}

void Judge::keys() {
  Keys left;
  for (const auto& key : facts_.keys) left.push_back(&key);
  if (left.empty()) return;
  by_address(left);
  if (!left.empty()) by_root_login(left);
  if (!left.empty()) by_algorithm(left);
  if (!left.empty()) by_size(left);
  if (!left.empty()) by_command(left);
}

void Judge::key_files() {
  const bool command = !is_none("AuthorizedKeysCommand");
  const bool authority = !is_none("TrustedUserCAKeys");
  if (authorized_keys_files(values_).empty() && !command && !authority)
    object("AuthorizedKeysFile", "looks for keys in no file", "AuthorizedKeysFile .ssh/authorized_keys");
}

void Judge::commands_for_keys() {
  for (const std::string_view keyword : {"AuthorizedKeysCommand", "AuthorizedPrincipalsCommand"}) {
    const auto user = std::string(keyword) + "User";
    if (!is_none(keyword) && find_value(values_, lower(user)) == nullptr)
      object(keyword, fmt::format("does not start without {}", user), fmt::format("{} nobody", user));
  }
}

void Judge::host_algorithms() {
  if (facts_.host_keys.empty()) return;
  const auto value = argument_of(values_, "hostkeyalgorithms", "");
  const auto any_of = [&](const auto& accepts) {
    return std::any_of(facts_.host_keys.begin(), facts_.host_keys.end(), [&](const PublicKey& key) {
      const auto names = signature_algorithms(key.type);
      return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return is_accepted(name, value, facts_.version) && accepts(name);
      });
    });
  };
  if (!any_of([](const std::string&) { return true; }))
    return object("HostKeyAlgorithms", "has no algorithm for any of the host keys, so that no client can connect",
                  value.empty() ? "make a host key with ssh-keygen -t ed25519" : "take HostKeyAlgorithms out");
  if (!any_of([](const std::string& name) { return is_offered_by_clients(name); }))
    object("HostKeyAlgorithms", "has only algorithms for its host keys that clients no longer accept",
           "take HostKeyAlgorithms out, or make a host key with ssh-keygen -t ed25519");
}

void Judge::transport() {
  for (const auto& one : why_no_client_connects(values_))
    object(one.keyword, one.why, fmt::format("take {} out", one.keyword),
           one.certain ? Weight::refuses : Weight::depends);
}

std::vector<Objection> Judge::all() {
  switches();
  root_login();
  users();
  groups();
  methods();
  keys();
  key_files();
  commands_for_keys();
  host_algorithms();
  transport();
  session();
  return std::move(out_);
}

}  // namespace

std::vector<Objection> judge_connection(const Values& values, const Connection& connection, const LoginFacts& facts) {
  return Judge(values, connection, facts).all();
}

}  // namespace openssh
