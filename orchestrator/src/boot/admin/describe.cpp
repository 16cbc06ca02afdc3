// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "admin/findings_text.hpp"
#include "base/text.hpp"
#include "inspect/client.hpp"

namespace admin {
namespace {

std::string summary(const initramfs::Image& image) {
  std::uint64_t unpacked = 0;
  std::vector<std::string> kinds;
  for (const auto& part : image.parts) {
    unpacked += part.unpacked;
    kinds.push_back(part.microcode                                ? "microcode"
                    : part.compression == base::Compression::none ? "plain cpio"
                                                                  : std::string(base::name_of(part.compression)));
  }
  // An image of very many parts is shown by its first ones.
  if (kinds.size() > 6) {
    const auto more = kinds.size() - 6;
    kinds.resize(6);
    kinds.push_back(fmt::format("{} more", more));
  }
  return fmt::format("{}{} ({}), {} unpacked, {} entries", image.is_uki ? "a unified kernel image's initramfs of " : "",
                     base::human_size(image.size), base::join(kinds, ", "), base::human_size(unpacked), image.entries);
}

std::string made_by(const inspect::Facts& facts) {
  std::string out = facts.generator.empty() ? "cannot be told" : facts.generator;
  if (!facts.modules.empty()) out += fmt::format(", modules: {}", base::join(facts.modules, " "));
  return base::printable(out, 1000);
}

void add_line(std::string& out, std::string_view head, const std::string& text) {
  out += fmt::format("  {:<12} {}\n", head, text);
}

std::string key_line(const openssh::PublicKey& key) {
  return fmt::format("{} {}{}", openssh::fingerprint(key), key.type,
                     key.comment.empty() ? "" : " " + base::printable(key.comment, 60));
}

/// What ties a key: ", only to run \"unlock\", only from 10.0.0.0/8".
std::string limits_of(const openssh::AuthorizedLine& line) {
  std::string out;
  if (const auto command = line.command()) out += fmt::format(", only to run \"{}\"", base::printable(*command, 120));
  if (const auto from = line.from()) out += fmt::format(", only from {}", base::printable(*from, 120));
  if (const auto expires = openssh::option_value(line.options, "expiry-time"))
    out += fmt::format(", until {}", base::printable(*expires, 20));
  return out;
}

std::string head(const Inspected& inspected) {
  const auto& facts = inspected.facts;
  std::string out =
      fmt::format("{}{}\n", inspected.name, inspected.source.empty() ? "" : "  (" + inspected.source + ")");
  add_line(out, "is", summary(inspected.image));
  add_line(out, "made by", made_by(facts));
  if (!facts.kernels.empty())
    add_line(out, "for kernel", base::printable(base::join(host::texts_of(facts.kernels), ", "), 200));
  for (const auto& file : facts.key_files) {
    for (const auto& line : file.lines) {
      if (line.key && line.fault.empty())
        add_line(out, line.is_authority() ? "authority" : "may log in",
                 fmt::format("{} (/{}:{}){}", key_line(*line.key), base::printable(file.path, 200), line.number,
                             limits_of(line)));
    }
  }
  if (facts.authorities.why_none.empty()) {
    for (const auto& key : facts.authorities.keys)
      add_line(out, "authority", fmt::format("{} (/{})", key_line(key), base::printable(facts.authorities.path, 200)));
  }
  if (facts.sealed && facts.sealed->key)
    add_line(out, "host key",
             fmt::format("{} (sealed: {})", key_line(*facts.sealed->key),
                         facts.sealed->parsed.credential ? facts.sealed->parsed.credential->policy()
                                                         : facts.sealed->parsed.why));
  for (const auto& key : facts.host_keys) {
    if (key.key.public_part)
      add_line(out, facts.sealed ? "unsealed" : "host key",
               fmt::format("{} (/{})", key_line(*key.key.public_part), base::printable(key.path, 200)));
  }
  return out;
}

}  // namespace

std::string to_text(const Inspected& inspected, bool quiet) {
  std::string out;
  if (!quiet) out += head(inspected) + "\n";
  out += findings_text(inspected.findings, quiet);
  const auto answer = inspect::answer_of(inspected.findings);
  if (!quiet && answer != inspect::Answer::will_not) {
    if (const auto client = inspect::client_of(inspected.facts); !client.known_hosts.empty())
      out += "\n" + inspect::client_text(client);
  }
  if (!quiet) out += "\n";
  return out + verdict_sentence(answer) + "\n";
}

}  // namespace admin
