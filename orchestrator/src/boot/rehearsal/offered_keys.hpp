// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "inspect/facts.hpp"
#include "openssh/authorized_keys.hpp"

/// The image's own keys, whose private halves are elsewhere: they are offered to its sshd, and not one is signed with.
namespace rehearsal {

/// A key that the image's sshd takes, as inspect shows it.
struct OfferedKey {
  std::string fingerprint;
  std::string file;   // its public half
  std::string apart;  // why sshd may take it and refuse it here, or it cannot be offered; "": there is no such reason
};

/// The lines that let somebody in with a key, and not with a certificate.
[[nodiscard]] std::vector<const openssh::AuthorizedLine*> usable_lines(const inspect::Facts& facts);

/// The types of keys that this machine's ssh knows. What it says is left in the folder.
[[nodiscard]] std::set<std::string> types_of_client(const std::filesystem::path& folder, const base::Context& context);

/// The public halves of those lines' keys, each in a file of its own; of many, the first few.
[[nodiscard]] std::vector<OfferedKey> offered_keys(const std::vector<const openssh::AuthorizedLine*>& lines,
                                                   const std::set<std::string>& types,
                                                   const std::filesystem::path& folder);

/// What came of it.
struct Offers {
  bool good = false;
  std::string detail;
};

/// `taken`: the fingerprints of those that sshd has taken. That it takes none is a fault unless each has a reason.
[[nodiscard]] Offers outcome_of(const std::vector<OfferedKey>& offered, const std::set<std::string>& taken);

}  // namespace rehearsal
