// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/luks_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"

namespace detect {
namespace {

using Names = std::vector<std::string>;

void add_token(std::string_view type, Names& out) {
  const auto name = type == "systemd-tpm2"              ? "tpm2"
                    : type == "systemd-tpm2 with a PIN" ? "tpm2 with a PIN"
                    : type == "systemd-fido2"           ? "fido2"
                    : type == "systemd-pkcs11"          ? "pkcs11"
                    : type == "clevis"                  ? "clevis"
                                                        : "";
  if (*name != '\0' && std::ranges::find(out, name) == out.end()) out.emplace_back(name);
}

/// The metadata area of a LUKS2 header: {"tokens": {"0": {"type": "systemd-tpm2", ...}}}.
std::optional<Names> of_json(const std::string& text) {
  const auto header = nlohmann::json::parse(text, nullptr, false);
  if (!header.is_object()) return std::nullopt;
  Names out;
  const auto tokens = header.find("tokens");
  if (tokens == header.end() || !tokens->is_object()) return out;
  for (const auto& token : *tokens) {
    if (!token.is_object()) continue;
    const auto type = token.find("type");
    if (type == token.end() || !type->is_string()) continue;
    const auto pin = token.find("tpm2-pin");
    const bool asks = pin != token.end() && pin->is_boolean() && pin->get<bool>();
    add_token(asks ? "systemd-tpm2 with a PIN" : type->get<std::string>(), out);
  }
  return out;
}

/// "Tokens:", then "  0: clevis", until the next line that is not indented.
Names of_text(const std::string& text) {
  Names out;
  bool inside = false;
  for (const auto& line : base::lines(text)) {
    if (!line.starts_with(' ') && !line.starts_with('\t')) inside = line.starts_with("Tokens:");
    const auto colon = line.find(": ");
    if (inside && colon != std::string::npos) add_token(base::trim(line.substr(colon + 2)), out);
  }
  return out;
}

}  // namespace

Names luks_tokens(const Source& source, const std::string& device, const std::string& format, Names& faults) {
  if (format == "LUKS1") {
    const auto answer = source.commands.run({"clevis", "luks", "list", "-d", device});
    return answer.ok() && !base::trim(answer.out).empty() ? Names{"clevis"} : Names{};
  }
  auto answer = source.commands.run({"cryptsetup", "luksDump", "--dump-json-metadata", device});
  if (answer.ok()) {
    if (auto found = of_json(answer.out)) return *found;
  }
  if (answer.state == Answer::State::ran) answer = source.commands.run({"cryptsetup", "luksDump", device});
  if (answer.ok()) return of_text(answer.out);
  const auto* why = answer.state == Answer::State::absent      ? "cryptsetup is not installed"
                    : answer.state == Answer::State::timed_out ? "cryptsetup luksDump did not answer"
                                                               : "cryptsetup luksDump failed";
  faults.push_back(
      fmt::format("{}: whether a TPM, a FIDO2 key or clevis opens it is not known: {}", base::printable(device), why));
  return {};
}

}  // namespace detect
