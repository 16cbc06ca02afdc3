// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gnupg.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace signing {
namespace {

// What gpg, its agent and its pinentry look at. Everything else stays out.
constexpr const char* kPassedOn[] = {"HOME",
                                     "GNUPGHOME",
                                     "GPG_TTY",
                                     "TERM",
                                     "DISPLAY",
                                     "WAYLAND_DISPLAY",
                                     "XAUTHORITY",
                                     "XDG_RUNTIME_DIR",
                                     "DBUS_SESSION_BUS_ADDRESS",
                                     "PINENTRY_USER_DATA"};
constexpr std::uint64_t kListing = 16U << 20U;

std::string value(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

bool bears(const Key& key, const std::string& fingerprint) {
  return key.primary.fingerprint == fingerprint ||
         std::ranges::any_of(key.subkeys, [&](const Part& part) { return part.fingerprint == fingerprint; });
}

/// "Name <mail>" as an OpenPGP user id has it, and nothing that gpg would take for an option or a line of its own.
void check_user(const std::string& user) {
  const auto open = user.find(" <");
  const bool fine =
      open != std::string::npos && open > 0 && user.size() < 200 && user.back() == '>' &&
      user.find('@', open) != std::string::npos && user.front() != '-' && !base::utf8_fault(user) &&
      std::ranges::none_of(user, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!fine) {
    throw base::Error("a key's user is \"Name <mail>\", not \"" + base::printable(user) + "\"", base::Exit::usage)
        .with_hint("--user 'A Packager <a@example.org>'");
  }
}

void check_expiry(const std::string& expires) {
  const bool fine = expires.size() >= 2 && expires.size() <= 5 && expires.front() != '0' &&
                    std::string_view("dwmy").find(expires.back()) != std::string_view::npos &&
                    expires.find_first_not_of("0123456789") == expires.size() - 1;
  if (!fine) {
    throw base::Error("\"" + base::printable(expires) + "\" is not a lifetime of a key", base::Exit::usage)
        .with_hint("a number and d, w, m or y: 2y, 18m. A key that never expires is not made");
  }
}

constexpr const char* kNote = "orchestrator-agent.";

/// "D 1234" in what gpg-connect-agent says; "" when there is no such line.
std::string pid_in(const std::string& said) {
  for (const auto& line : base::lines(said)) {
    if (line.starts_with("D ") && line.find_first_not_of("0123456789", 2) == std::string::npos) return line.substr(2);
  }
  return "";
}

bool is_agent(const std::string& pid) {
  if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) return false;
  try {
    return base::trim(base::read_file("/proc/" + pid + "/comm", 64)) == "gpg-agent";
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace

void check(const NewKey& wish) {
  check_user(wish.user);
  check_expiry(wish.expires);
}

Gnupg::Gnupg(const base::Context& context) : context_(context) {
  environment_ = {{"LC_ALL", "C.UTF-8"}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  for (const auto* name : kPassedOn) {
    if (const auto given = value(context.environment, name); !given.empty()) environment_[name] = given;
  }
  home_ = value(context.environment, "GNUPGHOME");
  if (home_.empty()) home_ = value(context.environment, "HOME") + "/.gnupg";
}

std::string Gnupg::run(const std::vector<std::string>& arguments, const std::string& what) const {
  start_agent();
  const base::TempDir folder(base::temp_parent(), "orchestrator-gpg.");
  base::Command command;
  command.argv = {"gpg", "--batch", "--no-tty", "--no-greeting", "--quiet"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.env = environment_;
  command.stdout_to = folder.path() / "out";
  const auto outcome = context_.runner.run(command, context_.cancel);
  if (outcome.status != 0)
    throw base::Error(what + ": gpg ended with " + std::to_string(outcome.status) + ": " +
                      std::string(base::trim(outcome.tail)));
  return base::read_file(command.stdout_to, kListing);
}

std::vector<Key> Gnupg::secret_keys() const {
  return read_keys(run({"--with-colons", "--fixed-list-mode", "--list-secret-keys"}, "listing the secret keys"));
}

std::optional<Key> Gnupg::find(const std::string& fingerprint) const {
  const auto keys =
      read_keys(run({"--with-colons", "--fixed-list-mode", "--with-secret", "--list-keys"}, "listing the public keys"));
  const auto found = std::ranges::find_if(keys, [&](const Key& key) { return bears(key, fingerprint); });
  return found == keys.end() ? std::nullopt : std::optional(*found);
}

Key Gnupg::known(const std::string& fingerprint) const {
  if (!is_fingerprint(fingerprint)) {
    throw base::Error("\"" + base::printable(fingerprint) + "\" is not the fingerprint of a key", base::Exit::usage)
        .with_hint("shorter names can be forged: give all 40 digits; orchestrator key list shows them");
  }
  const auto keys = secret_keys();
  const auto found = std::ranges::find_if(keys, [&](const Key& key) { return bears(key, fingerprint); });
  if (found == keys.end()) {
    throw base::Error("no secret key " + fingerprint + " in " + home_, base::Exit::usage)
        .with_hint("orchestrator key list shows those that are there; orchestrator key new makes a first one");
  }
  return *found;
}

Key Gnupg::usable(const std::string& fingerprint, std::int64_t now) const {
  auto key = known(fingerprint);
  if (const auto fault = obstacle(key, now)) {
    throw base::Error("the key " + fingerprint + " cannot sign: " + fault->why, base::Exit::usage)
        .with_hint(fault->remedy);
  }
  return key;
}

void Gnupg::extend(const std::string& fingerprint, const std::string& expires) const {
  check_expiry(expires);
  const auto key = known(fingerprint);
  const auto& primary = key.primary;
  if (primary.revoked)
    throw base::Error("the key " + fingerprint + " is revoked: it stays so", base::Exit::usage)
        .with_hint("orchestrator key new makes another one");
  (void)run({"--quick-set-expire", primary.fingerprint, expires}, "extending the key");
  std::vector<std::string> arguments = {"--quick-set-expire", primary.fingerprint, expires};
  for (const auto& part : key.subkeys) {
    if (part.can_sign && part.has_secret && !part.revoked) arguments.push_back(part.fingerprint);
  }
  if (arguments.size() > 3) (void)run(arguments, "extending its subkeys");
}

std::string Gnupg::create(const NewKey& wish) const {
  check(wish);
  for (const auto& key : secret_keys()) {
    if (std::ranges::find(key.users, wish.user) != key.users.end()) {
      throw base::Error("there is a key of \"" + wish.user + "\" already: " + key.primary.fingerprint,
                        base::Exit::usage)
          .with_hint("publish with that one, or take another name; orchestrator key extend lets a key live longer");
    }
  }
  std::vector<std::string> arguments = {"--status-fd",
                                        "1",
                                        "--cert-digest-algo",
                                        "SHA512",
                                        "--digest-algo",
                                        "SHA512",
                                        "--default-preference-list",
                                        "SHA512 SHA384 SHA256 AES256 AES192 AES ZLIB Uncompressed"};
  // Empty, and so no secret: a key without protection has none.
  if (!wish.protect) arguments.insert(arguments.end(), {"--pinentry-mode", "loopback", "--passphrase", ""});
  arguments.insert(arguments.end(), {"--quick-generate-key", wish.user, "rsa4096", "sign,cert", wish.expires});
  for (const auto& line : base::lines(run(arguments, "making a key"))) {
    const auto words = base::split(line, ' ');  // [GNUPG:] KEY_CREATED P FINGERPRINT
    if (words.size() >= 4 && words[1] == "KEY_CREATED" && is_fingerprint(words[3])) return words[3];
  }
  throw base::Error("making a key: gpg did not say which one it made").with_hint("orchestrator key list");
}

std::string Gnupg::public_key(const std::string& fingerprint) const {
  auto armoured =
      run({"--armor", "--export-options", "export-minimal", "--export", fingerprint}, "exporting the public key");
  if (armoured.find("-----BEGIN PGP PUBLIC KEY BLOCK-----") == std::string::npos) {
    throw base::Error("gpg has exported no public key " + fingerprint);
  }
  return armoured;
}

std::string Gnupg::revocation_certificate(const std::string& fingerprint) const {
  return home_ + "/openpgp-revocs.d/" + fingerprint + ".rev";
}

std::string Gnupg::agent_socket() const { return signing::agent_socket(environment_, context_); }

std::filesystem::path agent_socket(const std::map<std::string, std::string>& environment,
                                   const base::Context& context) {
  const base::TempDir folder(base::temp_parent(), "orchestrator-gpg.");
  base::Command command;
  command.argv = {"gpgconf", "--list-dirs", "agent-socket"};
  command.env = environment;
  command.stdout_to = folder.path() / "out";
  if (context.runner.run(command, context.cancel).status != 0)
    throw base::Error("gpgconf does not say where the agent's socket is");
  return std::string(base::trim(base::read_file(command.stdout_to, kListing)));
}

void Gnupg::start_agent() const {
  if (agent_is_asked_) return;
  base::Command command;
  command.env = environment_;
  command.argv = {"gpg-connect-agent", "--no-autostart", "GETINFO pid", "/bye"};
  const auto asked = context_.runner.run(command, context_.cancel);
  // It ends with 0 whether there is an agent or none, and says so.
  agent_is_asked_ = true;
  auto pid = pid_in(asked.tail);
  if (asked.status == 0 && asked.tail.find("no gpg-agent running") == std::string::npos) {
    agent_is_ours_ = was_left(pid);
  } else {
    auto launch = command;
    launch.argv = {"gpgconf", "--launch", "gpg-agent"};
    const auto launched = context_.runner.run(launch, context_.cancel);
    if (launched.status != 0) throw base::Error("gpg-agent does not start: " + launched.tail);
    agent_is_ours_ = true;
    pid = pid_in(context_.runner.run(command, context_.cancel).tail);
  }
  if (!agent_is_ours_) return;
  note_ = std::make_unique<base::TempDir>(base::temp_parent(), kNote);
  base::write_file(note_->path() / "agent", pid + " " + home_ + "\n", 0600);
}

bool Gnupg::was_left(const std::string& pid) const {
  bool found = false;
  for (const auto& folder : base::abandoned(base::temp_parent(), kNote)) {
    std::string note;
    try {
      note = base::read_file(folder / "agent", kListing);
    } catch (const base::Error&) {  // it was killed before it had written it
    }
    const bool is_this = !pid.empty() && note == pid + " " + home_ + "\n";
    // Of another home's agent that still runs, the next one who uses that home takes care.
    if (!is_this && is_agent(note.substr(0, note.find(' ')))) continue;
    found = found || is_this;
    base::remove_tree(folder);
  }
  return found;
}

Gnupg::~Gnupg() {
  if (!agent_is_ours_) return;
  try {
    base::Command command;
    command.env = environment_;
    command.argv = {"gpgconf", "--kill", "gpg-agent"};
    const base::Cancel never;
    (void)context_.runner.run(command, never);
  } catch (...) {  // what had to be done is done; the agent goes by itself when its home does
  }
}

}  // namespace signing
