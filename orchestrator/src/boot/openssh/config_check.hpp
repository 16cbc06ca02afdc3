// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openssh/config_line.hpp"
#include "openssh/criterion.hpp"
#include "openssh/keyword.hpp"

/// What sshd refuses of a line's arguments. For sshd_config.cpp.
namespace openssh {

[[nodiscard]] std::string argument_fault(const Keyword& keyword, const Tokens& tokens);  // empty: none

/// A Match line's criteria; sshd ends at a fault.
[[nodiscard]] std::string read_criteria(const std::vector<std::string>& arguments, std::vector<Criterion>& out);

/// sshd_config(5), TIME FORMATS: "1h30m", in seconds; nothing if it is none.
[[nodiscard]] std::optional<long> seconds_of(std::string_view text);
/// Zero or a positive int, which is all that sshd takes where it wants a number.
[[nodiscard]] std::optional<int> integer_of(std::string_view text);
/// A word with a name in /etc/services is a port, too, and what is in there is not known here.
[[nodiscard]] bool is_port(std::string_view text);

}  // namespace openssh
