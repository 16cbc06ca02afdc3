// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/offered_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/key.hpp"
#include "openssh/wire.hpp"

namespace rehearsal {
namespace {

constexpr std::size_t kMostOffered = 5;  // sshd's MaxAuthTries is 6 where nobody has said otherwise

std::string why_apart(const openssh::AuthorizedLine& line, const std::set<std::string>& types) {
  if (!types.contains(line.key->type)) return fmt::format("this machine's ssh does not know {}", line.key->type);
  return openssh::has_option(line.options, "from") ? "from= wants another address than the one here" : "";
}

}  // namespace

std::vector<const openssh::AuthorizedLine*> usable_lines(const inspect::Facts& facts) {
  std::vector<const openssh::AuthorizedLine*> out;
  for (const auto& file : facts.key_files) {
    for (const auto& line : file.lines) {
      if (line.key && line.fault.empty() && !line.is_authority() && !openssh::is_certificate_type(line.key->type))
        out.push_back(&line);
    }
  }
  return out;
}

std::set<std::string> types_of_client(const std::filesystem::path& folder, const base::Context& context) {
  base::Command command;
  command.argv = {"ssh", "-Q", "key"};
  command.env = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}};
  command.dies_with_parent = true;
  command.stdout_to = folder / "types";  // all of them, and not the last ones
  const auto done = context.runner.run(command, context.cancel);
  if (done.status != 0) throw base::Error("ssh does not say which types of keys it knows: " + done.tail);
  const auto types = base::lines(base::read_file(command.stdout_to, 65536));
  return {types.begin(), types.end()};
}

std::vector<OfferedKey> offered_keys(const std::vector<const openssh::AuthorizedLine*>& lines,
                                     const std::set<std::string>& types, const std::filesystem::path& folder) {
  std::vector<OfferedKey> out;
  for (const auto* line : lines) {
    const auto fingerprint = openssh::fingerprint(*line->key);
    auto apart = why_apart(*line, types);
    if (const auto known = std::ranges::find(out, fingerprint, &OfferedKey::fingerprint); known != out.end()) {
      if (apart.empty()) known->apart.clear();  // sshd reads on where one line does not let in
      continue;
    }
    if (out.size() == kMostOffered) break;
    const auto file = folder / fmt::format("offered{}.pub", out.size());
    base::write_file(file, fmt::format("{} {}\n", line->key->type, openssh::base64_encode(line->key->blob, true)));
    out.push_back({fingerprint, file.string(), std::move(apart)});
  }
  return out;
}

Offers outcome_of(const std::vector<OfferedKey>& offered, const std::set<std::string>& taken) {
  std::set<std::string> reasons;
  std::size_t refused = 0;
  for (const auto& key : offered) {
    if (taken.contains(key.fingerprint)) continue;
    if (key.apart.empty())
      ++refused;
    else
      reasons.insert(key.apart);
  }
  if (taken.empty() && refused > 0) return {false, "sshd accepts none of the keys in the image"};
  if (refused > 0) reasons.insert("sshd tries so many and no more, or an option forbids one");
  auto detail = fmt::format("{} of {}", taken.size(), offered.size());
  if (!reasons.empty())
    detail += (taken.empty() ? ", which says nothing: " : "; not all of them: ") +
              base::join({reasons.begin(), reasons.end()}, ", ");
  return {true, detail};
}

}  // namespace rehearsal
