// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "signing/gnupg.hpp"

namespace cli {
namespace {

std::string until(const signing::Part& part) { return part.expires == 0 ? "never" : base::iso_date(part.expires); }

int list(const signing::Gnupg& gnupg, bool json) {
  auto document = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& key : gnupg.secret_keys()) {
    const auto fault = signing::obstacle(key, now());
    const auto& part = fault ? key.primary : signing::signer(key, now());
    const auto user = key.users.empty() ? "" : key.users.front();
    document.push_back(
        {{"fingerprint", key.primary.fingerprint},
         {"user", user},
         {"signs_with", fault ? "" : part.fingerprint},
         {"algorithm", part.algorithm},
         {"expires", key.primary.expires == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(key.primary.expires)},
         {"can_sign", !fault},
         {"why_not", fault ? fault->why : ""}});
    rows.push_back(
        {key.primary.fingerprint, part.algorithm, until(key.primary), fault ? "no: " + fault->why : "yes", user});
  }
  if (json) {
    fmt::print("{}\n", document.dump(2));
  } else if (rows.empty()) {
    fmt::print(stderr, "there is no secret key; orchestrator key new makes one\n");
  } else {
    fmt::print("{}", base::table({"key", "type", "expires", "can sign", "user"}, rows));
  }
  return 0;
}

int make(const signing::Gnupg& gnupg, const KeyArguments& arguments, const base::Context& context) {
  signing::NewKey wish;
  wish.user = arguments.user;
  wish.expires = arguments.expires;
  wish.protect = !arguments.no_passphrase;
  signing::check(wish);
  if (wish.protect) context.console.line("GnuPG asks for a passphrase now, in a window or on this terminal");
  const auto fingerprint = gnupg.create(wish);
  const auto key = gnupg.usable(fingerprint, now());
  fmt::print("{}\n", fingerprint);
  context.console.line(fmt::format("{}, {}, expires {}", key.users.empty() ? wish.user : key.users.front(),
                                   key.primary.algorithm, until(key.primary)));
  context.console.line("revocation certificate: " + gnupg.revocation_certificate(fingerprint));
  context.console.line(
      "  keep a copy of it where this machine's loss does not reach, and where nobody else does: whoever has it can "
      "revoke the key");
  context.console.line("its public part: orchestrator key export " + fingerprint);
  return 0;
}

int extend(const signing::Gnupg& gnupg, const KeyArguments& arguments, const base::Context& context) {
  gnupg.extend(arguments.fingerprint, arguments.expires);
  const auto key = gnupg.usable(arguments.fingerprint, now());
  fmt::print("{} expires {}\n", key.primary.fingerprint, until(key.primary));
  context.console.line("what is published has the old date until the next orchestrator publish, of any release");
  return 0;
}

}  // namespace

int key(const KeyArguments& arguments, bool json, const base::Context& context) {
  const signing::Gnupg gnupg(context);
  if (arguments.action == KeyAction::list) return list(gnupg, json);
  if (arguments.action == KeyAction::make) return make(gnupg, arguments, context);
  if (arguments.action == KeyAction::extend) return extend(gnupg, arguments, context);
  const auto key = gnupg.usable(arguments.fingerprint, now());
  fmt::print("{}", gnupg.public_key(key.primary.fingerprint));
  return 0;
}

}  // namespace cli
