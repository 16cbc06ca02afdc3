// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/host_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/key.hpp"
#include "setup/client_lines.hpp"

namespace desk {
namespace {

using nlohmann::json;

constexpr int kSchema = 1;
constexpr std::size_t kMostKeys = 10;
constexpr std::size_t kMostEntries = 500;   // of any other list
constexpr std::size_t kLongestText = 8192;  // of any string: an RSA key of 16384 bits has 2,800 bytes

base::Error fault(const std::string& where, const std::string& what) {
  return base::Error(fmt::format("setup --json: {}: {}", where, what));
}

const json& member(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw fault(fmt::format("/{}", name), "is missing");
  return *found;
}

std::string text_at(const json& value, const std::string& where) {
  if (!value.is_string()) throw fault(where, "expected a string");
  auto out = value.get<std::string>();
  if (out.size() > kLongestText) throw fault(where, fmt::format("is longer than {} bytes", kLongestText));
  return out;
}

/// The list's entries and where each stands; a list that is not there is empty.
template <typename Take>
void each_of(const json& object, const char* name, std::size_t most, Take take) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  const auto where = fmt::format("/{}", name);
  if (!found->is_array()) throw fault(where, "expected a list");
  if (found->size() > most) throw fault(where, fmt::format("has more than {} entries", most));
  std::size_t index = 0;
  for (const auto& entry : *found) take(entry, fmt::format("{}/{}", where, index++));
}

std::vector<std::string> texts(const json& object, const char* name) {
  std::vector<std::string> out;
  each_of(object, name, kMostEntries,
          [&](const json& entry, const std::string& where) { out.push_back(text_at(entry, where)); });
  return out;
}

/// A string in an entry that is an object.
std::string field(const json& entry, const char* name, const std::string& where) {
  if (!entry.is_object()) throw fault(where, "expected an object");
  const auto found = entry.find(name);
  return found == entry.end() ? "" : text_at(*found, fmt::format("{}/{}", where, name));
}

std::string port_in(const json& document) {
  auto text = text_at(member(document, "port"), "/port");
  const bool digits = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || text.front() == '0' || std::stoi(text) > 65535)
    throw fault("/port", fmt::format("\"{}\" is not a port", base::printable(text)));
  return text;
}

std::vector<std::string> read_keys(const json& document, const char* name) {
  std::vector<std::string> out;
  each_of(document, name, kMostKeys, [&](const json& entry, const std::string& where) {
    const auto text = text_at(entry, where);
    // As it goes into known_hosts: two words, one blank, nothing else.
    const auto words = base::split(text, ' ');
    const auto parsed = openssh::parse_public_key(text);
    if (words.size() != 2 || text.find_first_of("\t\r\n") != std::string::npos)
      throw fault(where, "expected \"TYPE BASE64\"");
    if (!parsed.key) throw fault(where, "the key " + parsed.why);
    if (openssh::is_certificate_type(parsed.key->type)) throw fault(where, "is a certificate; expected a key");
    if (std::ranges::find(out, text) == out.end()) out.push_back(text);
  });
  return out;
}

void read_names(const json& document, HostResult& out) {
  (void)member(document, "names");
  out.names = texts(document, "names");
  for (const auto& name : out.names) {
    if (!setup::is_host_name(name))
      throw fault("/names", fmt::format("\"{}\" is not a host name", base::printable(name)));
  }
  out.addresses = texts(document, "addresses");
  for (const auto& address : out.addresses) {
    if (!openssh::parse_address(std::string_view(address).substr(0, address.find('%'))))
      throw fault("/addresses", fmt::format("\"{}\" is not an address", base::printable(address)));
  }
}

inspect::Severity severity_of(const std::string& name, const std::string& where) {
  using enum inspect::Severity;
  for (const auto each : {good, note, warning, unknown, error}) {
    if (inspect::name_of(each) == name) return each;
  }
  if (name == "good") return good;
  throw fault(where, fmt::format("\"{}\" is not a severity", base::printable(name)));
}

/// Files: a path, or an object that also has a word about it.
std::vector<setup::PageFile> files(const json& document, const char* name, const char* about) {
  std::vector<setup::PageFile> out;
  each_of(document, name, kMostEntries, [&](const json& entry, const std::string& where) {
    if (entry.is_string())
      out.push_back({text_at(entry, where), ""});
    else
      out.push_back({field(entry, "path", where), field(entry, about, where)});
  });
  return out;
}

void read_reports(const json& document, HostResult& out) {
  out.written = files(document, "written", "purpose");
  out.unchanged = texts(document, "unchanged");
  out.kept = files(document, "kept", "why");
  out.notes = texts(document, "notes");
  each_of(document, "findings", kMostEntries, [&](const json& entry, const std::string& where) {
    out.findings.push_back({field(entry, "id", where), severity_of(field(entry, "severity", where), where),
                            field(entry, "message", where), field(entry, "remedy", where)});
  });
}

}  // namespace

HostResult parse_result(std::string_view text) {
  if (text.size() > kLongestResult)
    throw base::Error(fmt::format("setup --json: longer than {}", base::human_size(kLongestResult)));
  const auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) throw base::Error("setup --json: not a JSON document");
  if (!document.is_object()) throw base::Error("setup --json: expected an object");
  const auto& schema = member(document, "schema");
  if (!schema.is_number_integer() || schema != kSchema)
    throw fault("/schema", fmt::format("expected {}", kSchema))
        .with_hint("the host's dracut-sshd is of another version: name one with --program");
  HostResult out;
  const auto& exit = member(document, "exit");
  constexpr std::array kExits{0, 1, 4};
  const bool known = exit.is_number_integer() && std::ranges::any_of(kExits, [&](int each) { return exit == each; });
  if (!known) throw fault("/exit", "expected 0, 1 or 4");
  out.exit = exit.get<int>();
  out.port = port_in(document);
  if (const auto own = document.find("own_host_key"); own != document.end()) {
    if (!own->is_boolean()) throw fault("/own_host_key", "expected true or false");
    out.own_host_key = own->get<bool>();
  }
  read_names(document, out);
  (void)member(document, "host_keys");
  out.host_keys = read_keys(document, "host_keys");
  out.unsealed_host_keys = read_keys(document, "unsealed_host_keys");
  for (const auto& key : out.host_keys)
    out.fingerprints.push_back(openssh::fingerprint(*openssh::parse_public_key(key).key));
  read_reports(document, out);
  return out;
}

}  // namespace desk
