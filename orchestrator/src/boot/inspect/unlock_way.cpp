// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/unlock_way.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"

namespace inspect {
namespace {

/// What systemd-cryptsetup can open a disk by, and the libraries that it loads for it by name.
struct TokenKind {
  std::string_view option;
  std::string_view by;
  std::vector<std::string_view> libraries;
  std::string_view remedy;
};

const std::array<TokenKind, 3>& token_kinds() {
  static const std::array<TokenKind, 3> kinds{
      TokenKind{"tpm2-device",
                "the TPM",
                {"libtss2-esys.so.0", "libtss2-rc.so.0", "libtss2-mu.so.0"},
                "install tpm2-tools, which dracut's module tpm2-tss needs, and type dracut-sshd-rebuild"},
      TokenKind{"fido2-device",
                "a FIDO2 token",
                {"libfido2.so.1"},
                "install libfido2, which dracut's module fido2 takes along, and type dracut-sshd-rebuild"},
      TokenKind{"pkcs11-uri",
                "a smart card",
                {"libp11-kit.so.0"},
                "install p11-kit, which dracut's module pkcs11 takes along, and type dracut-sshd-rebuild"}};
  return kinds;
}

/// Where it is; "" if it is nowhere.
std::string library_path(const Facts& facts, std::string_view name) {
  for (const auto* top : {"usr/lib", "usr/lib64", "lib", "lib64"}) {
    const auto folder = std::string(top) + "/";
    if (auto path = folder + std::string(name); facts.has(path)) return path;
    // usr/lib/x86_64-linux-gnu
    for (const auto& each : facts.image.list(top)) {
      auto path = folder + each + "/" + std::string(name);
      if (each.find("-linux-") != std::string::npos && facts.has(path)) return path;
    }
  }
  return {};
}

/// systemd-cryptsetup of systemd 252 ends where no smart card is plugged in; that of 257 waits and asks.
bool asks_without_card(const Facts& facts) {
  constexpr std::string_view kShared = "libsystemd-shared-";
  std::vector<std::string> folders;
  for (const std::string top : {"usr/lib", "lib", "usr/lib64", "lib64"}) {
    folders.push_back(top + "/systemd");
    for (const auto& each : facts.image.list(top)) {
      if (each.find("-linux-") != std::string::npos) folders.push_back(fmt::format("{}/{}/systemd", top, each));
    }
  }
  return std::ranges::none_of(folders, [&](const std::string& folder) {
    return std::ranges::any_of(facts.image.list(folder), [&](const std::string& name) {
      const auto version = name.starts_with(kShared) ? name.substr(kShared.size(), 3) : "";
      return version >= "200" && version <= "252";
    });
  });
}

/// What one of the libraries needs and has not got: then it cannot be loaded. "" for nothing.
std::string lacking_need(const Facts& facts, const std::vector<std::string_view>& libraries) {
  if (!facts.loader) return {};
  for (const auto& library : libraries) {
    const auto closure = facts.closure_of(library_path(facts, library));
    if (!closure.missing.empty())
      return fmt::format("{}, which {} needs", base::printable(closure.missing.front().soname), library);
  }
  return {};
}

class WayJudge {
 public:
  WayJudge(const Facts& facts, const Opening& opening, const std::string& where)
      : facts_(facts), opening_(opening), where_(where) {}

  UnlockWay judge() {
    for (const auto& kind : token_kinds()) judge_token(kind);
    judge_key_file();
    const bool keyless = by_.empty();
    judge_waiting(keyless);
    if (is_headless(opening_)) judge_headless(keyless);
    if (out_.text.empty() && !keyless)
      out_.text = fmt::format("by {}; if that fails, a passphrase is asked for", base::join(by_, " or "));
    add_agents();
    return std::move(out_);
  }

 private:
  void concern(Severity severity, const std::string& message, const std::string& remedy) {
    out_.concerns.push_back({"crypt.opens", severity, where_ + ": " + message, remedy});
  }

  void judge_token(const TokenKind& kind) {
    if (!option_of(opening_, kind.option) && (kind.option != "fido2-device" || !option_of(opening_, "fido2-cid")))
      return;
    const auto missing = std::ranges::find_if(
        kind.libraries, [&](std::string_view library) { return library_path(facts_, library).empty(); });
    if (missing != kind.libraries.end())
      return concern(Severity::warning,
                     fmt::format("it is to be opened by {}, but {} is not in the image: it will not open by itself",
                                 kind.by, *missing),
                     std::string(kind.remedy));
    // Seen with systemd 252 and pkcs11-uri=: the unit fails at once, and nobody is asked.
    if (const auto need = lacking_need(facts_, kind.libraries); !need.empty())
      return concern(Severity::error,
                     fmt::format("it is to be opened by {}, but {} is not in the image: systemd-cryptsetup may end "
                                 "without asking for a passphrase",
                                 kind.by, need),
                     "dracut-sshd-rebuild");
    if (kind.option == "pkcs11-uri" && !asks_without_card(facts_))
      return concern(Severity::warning,
                     "it is to be opened by a smart card, and the systemd in the image gives up where none is plugged "
                     "in: then nobody is asked for a passphrase",
                     "take pkcs11-uri= out of its line in crypttab, and type dracut-sshd-rebuild");
    by_.emplace_back(kind.by);
    if (option_of(opening_, "token-timeout").value_or("") == "0")
      concern(Severity::warning,
              fmt::format("with token-timeout=0 nobody is asked for a passphrase as long as {} is not there", kind.by),
              "write token-timeout=30s, and type dracut-sshd-rebuild");
  }

  void judge_key_file() {
    if (!opening_.line) return;
    const auto& line = *opening_.line;
    if (line.has_random_key() || line.key.starts_with("/dev/")) return;
    const auto colon = line.key.rfind(':');
    if (line.key.starts_with('/') && colon != std::string::npos)
      by_.push_back(fmt::format("the key file {} on {}", base::printable(line.key.substr(0, colon)),
                                base::printable(line.key.substr(colon + 1))));
    else if (line.key.starts_with('/') && facts_.has(line.key.substr(1)))
      by_.push_back("the key file " + base::printable(line.key));
  }

  void judge_waiting(bool keyless) {
    const auto limit = option_of(opening_, "timeout").value_or("0");
    if (limit.empty() || limit == "0" || is_headless(opening_)) return;
    concern(Severity::warning,
            fmt::format("{}its passphrase is asked for for {}, and then the boot gives up",
                        keyless ? "" : "after that ", base::printable(limit, 40)),
            "unlock --retry asks again then; or take timeout= away, and type dracut-sshd-rebuild");
  }

  void judge_headless(bool keyless) {
    const std::string remedy = "take headless= away, and type dracut-sshd-rebuild";
    if (keyless)
      return concern(Severity::error, "nothing opens it by itself, and with headless= nobody is asked", remedy);
    out_.text = fmt::format("by {}; if that fails, nobody is asked (headless=)", base::join(by_, " or "));
    concern(Severity::warning,
            fmt::format("if {} does not open it, with headless= nobody is asked, and a login is of no use",
                        base::join(by_, " or ")),
            remedy);
  }

  /// Who answers prompts by themselves. Whether the disk is bound to them is in its header, not in the image.
  void add_agents() {
    std::vector<std::string> agents;
    if (facts_.has_module("clevis")) agents.emplace_back("Clevis");
    if (facts_.has_module("mandos")) agents.emplace_back("Mandos");
    if (agents.empty() || is_headless(opening_)) return;
    if (out_.text.empty()) out_.text = "by a passphrase";
    out_.text += fmt::format("; {}, which is in the image, answers in its place if the disk is enrolled there",
                             base::join(agents, " or "));
  }

  const Facts& facts_;
  const Opening& opening_;
  const std::string& where_;
  std::vector<std::string> by_;
  UnlockWay out_;
};

}  // namespace

std::optional<std::string> option_of(const Opening& opening, std::string_view name) {
  std::optional<std::string> out;
  for (const auto& each : opening.options) {
    if (each == name) out = "";
    if (each.starts_with(name) && each.size() > name.size() && each[name.size()] == '=')
      out = each.substr(name.size() + 1);
  }
  return out;
}

bool is_headless(const Opening& opening) {
  const auto value = option_of(opening, "headless");
  return value && std::ranges::any_of(std::vector<std::string_view>{"", "1", "yes", "y", "true", "t", "on"},
                                      [&](std::string_view word) { return *value == word; });
}

UnlockWay unlock_way(const Facts& facts, const Opening& opening, const std::string& where) {
  return WayJudge(facts, opening, where).judge();
}

}  // namespace inspect
