// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/named_keys.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/small_file.hpp"
#include "openssh/authorized_keys.hpp"

namespace admin {
namespace {

void add_lines_of(const std::string& option, std::uint64_t now, std::vector<std::string>& out) {
  const auto wrong = [name = base::printable(option, 120)](const std::string& why) {
    return base::Error(fmt::format("--key {}: {}", name, why), base::Exit::usage);
  };
  const bool literal = option.find(" AAAA") != std::string::npos;
  const auto text = literal ? std::optional<std::string>(option) : host::read_small(option);
  if (!text) throw wrong("cannot be read; expected a public key or a file of them");
  if (text->find("PRIVATE KEY") != std::string::npos)
    throw wrong("is a private key; expected its public half")
        .with_hint(base::shell_quote({"ssh-keygen", "-y", "-f", option}));
  const auto rows = base::lines(*text);
  const auto parsed = openssh::parse_authorized_keys(*text, now);
  if (parsed.empty()) throw wrong("has no key");
  for (const auto& line : parsed) {
    if (!line.key || !line.fault.empty() || line.number == 0 || line.number > rows.size())
      throw wrong(fmt::format("line {}: {}", line.number, base::printable(line.fault, 200)));
    out.emplace_back(base::trim(rows[line.number - 1]));
  }
}

}  // namespace

std::vector<std::string> named_keys(const std::vector<std::string>& options, std::uint64_t now) {
  std::vector<std::string> out;
  for (const auto& option : options) add_lines_of(option, now, out);
  return out;
}

}  // namespace admin
