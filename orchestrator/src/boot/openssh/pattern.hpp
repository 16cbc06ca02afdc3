// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Patterns as ssh_config(5), PATTERNS, has them, and as sshd's match.c applies them.
namespace openssh {

/// '*' is any text, '?' any character. Time grows with the product of the lengths, not faster.
[[nodiscard]] bool matches(std::string_view text, std::string_view pattern);

/// A list with commas: `denied` if a pattern behind a '!' matches, otherwise whether another one does.
enum class ListMatch { none, matched, denied };
[[nodiscard]] ListMatch match_list(std::string_view text, std::string_view patterns);

/// A Match block's "Group": one of the groups matches, and none is denied.
[[nodiscard]] bool match_groups(const std::vector<std::string>& groups, std::string_view patterns);

[[nodiscard]] std::string lower(std::string_view text);                // ASCII alone
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);  // but for ASCII's capital letters

}  // namespace openssh
