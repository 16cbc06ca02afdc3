// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>
#include <utility>

#include "base/text.hpp"
#include "inspect/gather.hpp"
#include "openssh/access.hpp"

namespace inspect {
namespace {

HostKey host_key(const Facts& facts, const std::string& path, bool by_default) {
  HostKey out;
  out.path = path;
  out.by_default = by_default;
  out.node = facts.image.find(path);
  if (const auto text = facts.image.content(path)) out.key = openssh::read_private(*text);
  if (const auto text = facts.image.content(path + ".pub")) {
    auto parsed = openssh::parse_public_key(base::trim(*text));
    out.beside = std::move(parsed.key);
    out.beside_why = std::move(parsed.why);
  }
  return out;
}

}  // namespace

void gather_keys(Facts& facts) {
  for (const auto& path : openssh::authorized_keys_files(facts.effective.values, "/" + facts.home)) {
    KeyFile file;
    file.path = path.starts_with('/') ? path.substr(1) : path;
    file.node = facts.image.find(file.path);
    if (const auto text = facts.image.content(file.path))
      file.lines = openssh::parse_authorized_keys(*text, static_cast<std::uint64_t>(facts.options.now));
    else
      file.too_long = file.node != nullptr && file.node->is_file();
    facts.key_files.push_back(std::move(file));
  }
  const bool by_default = openssh::all_arguments(facts.effective.values, "hostkey").empty();
  for (const auto& path :
       openssh::host_key_files(facts.effective.values, facts.sshd.version.value_or(openssh::Version{10, 0, 0})))
    facts.host_keys.push_back(host_key(facts, path.starts_with('/') ? path.substr(1) : path, by_default));
}

}  // namespace inspect
