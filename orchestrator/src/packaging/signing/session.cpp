// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace signing {
namespace {

constexpr std::uint64_t kLargest = 64U << 20U;

std::int64_t time_of(const Key& key, std::int64_t epoch, std::int64_t now) {
  std::int64_t time = std::max(std::min(epoch, now), key.primary.created);
  for (const auto& part : key.subkeys) time = std::max(time, part.created);
  return time;
}

base::Outcome gpg(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment,
                  const std::filesystem::path& to, const base::Context& context) {
  base::Command command;
  command.argv = std::move(arguments);
  command.env = environment;
  command.stdout_to = to;
  return context.runner.run(command, context.cancel);
}

/// Of what gpgv tells of each signature (GnuPG's doc/DETAILS, "Signature and verification"): its exit status is not 0
/// as soon as one of several is of a key that it does not know.
bool is_good(const std::string& status) {
  bool good = false;
  for (const auto& line : base::lines(status)) {
    if (line.starts_with("[GNUPG:] BADSIG ")) return false;
    // What a key has signed that has expired since is good: the key's end is told apart.
    good = good || line.starts_with("[GNUPG:] GOODSIG ") || line.starts_with("[GNUPG:] EXPKEYSIG ");
  }
  return good;
}

}  // namespace

Session::Session(const Gnupg& user, const Key& key, const std::optional<Key>& also, std::int64_t epoch,
                 std::int64_t now, const base::Context& context)
    : key_(key),
      public_key_(user.public_key(key.primary.fingerprint)),
      time_(time_of(key, epoch, now)),
      folder_(base::temp_parent(), "orchestrator-sign."),
      environment_(user.environment()),
      context_(context) {
  const auto home = folder_.path() / "gnupg";
  base::make_dirs(home);
  std::filesystem::permissions(home, std::filesystem::perms(0700));
  base::make_dirs(folder_.path() / "home");
  environment_["HOME"] = folder_.path() / "home";  // no ~/.rpmmacros, ~/.devscripts, ~/.gitconfig
  environment_["GNUPGHOME"] = home;
  environment_["TZ"] = "UTC";
  import(public_key_);
  const auto& part = signer(key_, time_);
  all_ = {"--local-user", part.fingerprint + "!"};
  if (also && !obstacle(*also, time_)) {
    import(user.public_key(also->primary.fingerprint));
    all_.insert(all_.end(), {"--local-user", signer(*also, time_).fingerprint + "!"});
  }
  base::write_file(home / "gpg.conf",
                   fmt::format("batch\nno-tty\nno-greeting\nno-autostart\nno-emit-version\nno-comments\n"
                               "digest-algo SHA512\ndefault-key {}!\nfaked-system-time {}!\n",
                               part.fingerprint, time_),
                   0600);
  user.start_agent();
  // libassuan follows such a file to a socket elsewhere (its manual, "Socket wrappers"). Where a home's socket is
  // looked for depends on whether the user has a /run/user/UID: gpgconf knows, and makes the folder.
  (void)gpg({"gpgconf", "--create-socketdir"}, environment_, folder_.path() / "out", context_);
  redirect_ = agent_socket(environment_, context_);
  base::write_file(redirect_, fmt::format("%Assuan%\nsocket={}\n", user.agent_socket()), 0600);
}

Session::~Session() {
  try {
    const base::Cancel never;
    std::filesystem::remove(redirect_);
    const base::Context anyway{context_.runner, never, context_.console, context_.environment, context_.clock};
    (void)gpg({"gpgconf", "--remove-socketdir"}, environment_, folder_.path() / "out", anyway);
  } catch (...) {  // an empty folder is all that may be left
  }
}

void Session::import(const std::string& public_key) const {
  base::write_file(folder_.path() / "key.asc", public_key, 0600);
  const auto imported = gpg({"gpg", "--batch", "--no-autostart", "--quiet", "--import", folder_.path() / "key.asc"},
                            environment_, folder_.path() / "out", context_);
  if (imported.status != 0) throw base::Error("gpg cannot read the public key: " + imported.tail);
}

std::string Session::sign(const std::vector<std::string>& how, const std::string& content) const {
  const auto from = folder_.path() / "in";
  const auto to = folder_.path() / "out";
  base::write_file(from, content, 0600);
  std::vector<std::string> argv = {"gpg"};
  argv.insert(argv.end(), how.begin(), how.end());
  argv.insert(argv.end(), {"--output", "-", from});
  const auto outcome = gpg(argv, environment_, to, context_);
  if (outcome.status != 0) {
    throw base::Error(fmt::format("signing with {}: gpg ended with {}: {}", fingerprint(), outcome.status,
                                  std::string(base::trim(outcome.tail))))
        .with_hint("gpg --sign with that key must work on this terminal; a passphrase is asked for by GnuPG's agent");
  }
  return base::read_file(to, kLargest);
}

std::string Session::detached(const std::string& content, bool armoured) const {
  return sign(armoured ? std::vector<std::string>{"--armor", "--detach-sign"}
                       : std::vector<std::string>{"--no-armor", "--detach-sign"},
              content);
}

std::string Session::detached_by_all(const std::string& content) const {
  auto how = all_;
  how.insert(how.end(), {"--armor", "--detach-sign"});
  return sign(how, content);
}

std::string Session::clear_signed_by_all(const std::string& content) const {
  auto how = all_;
  how.emplace_back("--clear-sign");
  return sign(how, content);
}

std::string why_not_signed(const std::string& content, const std::string& signature, const std::string& public_key,
                           const base::Context& context) {
  const base::TempDir folder(base::temp_parent(), "orchestrator-verify.");
  const auto at = [&folder](const char* name) { return folder.path() / name; };
  const std::map<std::string, std::string> environment = {{"LC_ALL", "C.UTF-8"},
                                                          {"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                                          {"HOME", folder.path()},
                                                          {"GNUPGHOME", folder.path()}};
  base::write_file(at("key.asc"), public_key, 0600);
  if (!signature.empty()) base::write_file(at("signature"), signature, 0600);
  base::write_file(at("content"), content, 0600);
  auto outcome = gpg({"gpg", "--batch", "--no-autostart", "--output", at("key.gpg"), "--dearmor", at("key.asc")},
                     environment, at("out"), context);
  if (outcome.status != 0) return "the key cannot be read: " + std::string(base::trim(outcome.tail));
  std::vector<std::string> ask = {"gpgv", "--status-fd", "1", "--keyring", at("key.gpg")};
  if (!signature.empty()) ask.push_back(at("signature"));
  ask.push_back(at("content"));
  outcome = gpg(ask, environment, at("out"), context);
  if (is_good(base::read_file(at("out"), kLargest))) return "";
  const auto said = base::lines(outcome.tail);
  return said.empty() ? "gpgv refuses it" : said.back();
}

std::string one_block(const std::vector<std::string>& armoured, const std::vector<std::string>& fingerprints,
                      const base::Context& context) {
  const base::TempDir folder(base::temp_parent(), "orchestrator-key.");
  const std::map<std::string, std::string> environment = {{"LC_ALL", "C.UTF-8"},
                                                          {"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                                          {"HOME", folder.path()},
                                                          {"GNUPGHOME", folder.path()}};
  const auto out = folder.path() / "out";
  for (const auto& text : armoured) {
    base::write_file(folder.path() / "key.asc", text, 0600);
    const auto imported = gpg({"gpg", "--batch", "--no-autostart", "--quiet", "--import", folder.path() / "key.asc"},
                              environment, out, context);
    if (imported.status != 0)
      throw base::Error("the public key cannot be read: " + std::string(base::trim(imported.tail)));
  }
  std::vector<std::string> ask = {"gpg",     "--batch",          "--no-autostart", "--quiet",
                                  "--armor", "--export-options", "export-minimal", "--export"};
  ask.insert(ask.end(), fingerprints.begin(), fingerprints.end());
  const auto exported = gpg(ask, environment, out, context);
  if (exported.status != 0) throw base::Error("the public key cannot be exported: " + exported.tail);
  return base::read_file(out, kLargest);
}

std::vector<Key> public_keys(const std::string& armoured, const base::Context& context) {
  const base::TempDir folder(base::temp_parent(), "orchestrator-key.");
  const std::map<std::string, std::string> environment = {{"LC_ALL", "C.UTF-8"},
                                                          {"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                                          {"HOME", folder.path()},
                                                          {"GNUPGHOME", folder.path()}};
  base::write_file(folder.path() / "key.asc", armoured, 0600);
  const auto outcome = gpg({"gpg", "--batch", "--no-autostart", "--with-colons", "--fixed-list-mode", "--show-keys",
                            folder.path() / "key.asc"},
                           environment, folder.path() / "out", context);
  if (outcome.status != 0) throw base::Error("the public key cannot be read: " + std::string(base::trim(outcome.tail)));
  return read_keys(base::read_file(folder.path() / "out", kLargest));
}

}  // namespace signing
