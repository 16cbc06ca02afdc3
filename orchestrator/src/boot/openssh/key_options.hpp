// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The options before a key in authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT; auth-options.c).
namespace openssh {

using KeyOption = std::pair<std::string, std::optional<std::string>>;  // name as it stands there, value without quotes

struct KeyOptions {
  std::vector<KeyOption> options;
  std::string fault;  // what makes sshd refuse the line; empty: nothing
};

/// What stands before the first blank that is not in quotes; nothing if a quote has no end.
[[nodiscard]] std::optional<std::string_view> options_part(std::string_view line);

/// `text` is what options_part() gave; `now`, in seconds since the epoch, is what expiry-time is compared with. Times
/// without a "Z" are taken as UTC, which an initramfs without a time zone has.
[[nodiscard]] KeyOptions parse_key_options(std::string_view text, std::uint64_t now);

/// Whether it has the option, in any case.
[[nodiscard]] bool has_option(const std::vector<KeyOption>& options, std::string_view name);

/// The value of the first such option; nothing if there is none.
[[nodiscard]] std::optional<std::string> option_value(const std::vector<KeyOption>& options, std::string_view name);

/// "YYYYMMDD[HHMM[SS]][Z]" in seconds since the epoch; nothing if it is none. A day that a
/// month does not have is one of the next month, as mktime(3) has it.
[[nodiscard]] std::optional<std::uint64_t> absolute_time(std::string_view text);

/// The names that sshd knows: flags (those that "no-" may stand before are listed with it, too), and those with a
/// value.
[[nodiscard]] const std::vector<std::string>& known_flags();
[[nodiscard]] const std::vector<std::string>& known_valued_options();

}  // namespace openssh
