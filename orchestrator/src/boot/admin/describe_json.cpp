// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/describe_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "admin/findings_text.hpp"
#include "inspect/client.hpp"

namespace admin {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const openssh::PublicKey& key) {
  return {{"type", key.type}, {"bits", key.bits}, {"fingerprint", openssh::fingerprint(key)}, {"comment", key.comment}};
}

ordered_json parts_of(const initramfs::Image& image) {
  auto out = ordered_json::array();
  for (const auto& part : image.parts)
    out.push_back({{"compression", base::name_of(part.compression)},
                   {"offset", part.offset},
                   {"packed", part.packed},
                   {"unpacked", part.unpacked},
                   {"window", part.window},
                   {"entries", part.entries},
                   {"microcode", part.microcode}});
  return out;
}

ordered_json or_null(const std::optional<std::string>& text) {
  return text ? ordered_json(*text) : ordered_json(nullptr);
}

/// A line of authorized_keys, with what ties its key.
ordered_json json_of(const std::string& file, const openssh::AuthorizedLine& line) {
  auto out = json_of(*line.key);
  out["file"] = fmt::format("/{}:{}", file, line.number);
  out["command"] = or_null(line.command());
  out["from"] = or_null(line.from());
  out["expiry_time"] = or_null(openssh::option_value(line.options, "expiry-time"));
  out["cert_authority"] = line.is_authority();
  out["fault"] = line.fault;
  return out;
}

ordered_json keys_of(const inspect::Facts& facts) {
  auto out = ordered_json::array();
  for (const auto& file : facts.key_files) {
    for (const auto& line : file.lines)
      if (line.key) out.push_back(json_of(file.path, line));
  }
  if (!facts.authorities.why_none.empty()) return out;
  for (const auto& key : facts.authorities.keys) {
    openssh::AuthorizedLine line;
    line.key = key;
    auto one = json_of(facts.authorities.path, line);
    one["file"] = "/" + facts.authorities.path;
    one["cert_authority"] = true;
    out.push_back(std::move(one));
  }
  return out;
}

ordered_json host_keys_of(const inspect::Facts& facts) {
  auto out = ordered_json::array();
  for (const auto& key : facts.host_keys) {
    if (!key.key.public_part) continue;
    auto one = json_of(*key.key.public_part);
    one["file"] = "/" + key.path;
    out.push_back(std::move(one));
  }
  return out;
}

ordered_json sealed_key_of(const inspect::Facts& facts) {
  if (!facts.sealed) return nullptr;
  ordered_json out = facts.sealed->key ? json_of(*facts.sealed->key) : ordered_json::object();
  const auto& parsed = facts.sealed->parsed;
  out["policy"] = parsed.credential ? ordered_json(parsed.credential->policy()) : ordered_json();
  return out;
}

}  // namespace

ordered_json to_json(const Inspected& inspected) {
  const auto& facts = inspected.facts;
  const auto client = inspect::client_of(facts);
  return {{"schema", kInspectSchema},
          {"image", inspected.name},
          {"found_as", inspected.source},
          {"answer", answer_code(inspect::answer_of(inspected.findings))},
          {"error", nullptr},
          {"uki", inspected.image.is_uki},
          {"size", inspected.image.size},
          {"entries", inspected.image.entries},
          {"parts", parts_of(inspected.image)},
          {"made_by", facts.generator},
          {"modules", facts.modules},
          {"kernels", host::texts_of(facts.kernels)},
          {"openssh", facts.sshd.version ? openssh::to_string(*facts.sshd.version) : ""},
          {"authorized_keys", keys_of(facts)},
          {"host_keys", host_keys_of(facts)},
          {"sealed_host_key", sealed_key_of(facts)},
          {"known_hosts", client.known_hosts},
          {"ssh_config", client.ssh_config},
          {"findings", inspect::findings_json(inspected.findings)}};
}

ordered_json to_json(const std::string& image, const base::Error& error) {
  return {{"schema", kInspectSchema},
          {"image", image},
          {"answer", answer_code(inspect::Answer::cannot_tell)},
          {"error", {{"message", error.what()}, {"hint", error.hint()}}}};
}

}  // namespace admin
