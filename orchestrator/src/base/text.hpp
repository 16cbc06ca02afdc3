// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Small questions about text that the standard library leaves open. Pure functions, no locale.
namespace base {

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);  // "a,,b" -> "a","","b"; "" -> {}
[[nodiscard]] std::vector<std::string> lines(
    std::string_view text);  // without '\n'; a last line without one counts too
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
[[nodiscard]] std::string_view trim(std::string_view text);  // spaces, tabs, CR, LF
[[nodiscard]] std::string replace_all(std::string text, std::string_view from, std::string_view to);

/// Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms); the byte offset of the first fault, else nothing.
[[nodiscard]] std::optional<std::size_t> utf8_fault(std::string_view text);
/// One line that is safe to show on a terminal: control characters and broken UTF-8 as \xNN, cut to `limit` bytes with
/// "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 80);

/// Several lines: as printable() without a limit, but newlines and tabs stay.
[[nodiscard]] std::string printable_text(std::string_view text);

/// The candidate that a typing error may have meant (Damerau-Levenshtein distance at most 1/3 of the length, at least
/// 1).
[[nodiscard]] std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& candidates);

/// A command line that can be pasted into a POSIX shell.
[[nodiscard]] std::string shell_quote(std::string_view word);
[[nodiscard]] std::string shell_quote(const std::vector<std::string>& argv);

[[nodiscard]] std::string human_size(std::uint64_t bytes);  // "38.2 KiB"
[[nodiscard]] std::string human_time(double seconds);       // "4.6 s", "1 min 12 s"

/// Days since 1970-01-01 of "YYYY-MM-DD" (proleptic Gregorian); nothing if it is no such day.
[[nodiscard]] std::optional<std::int64_t> days_of(std::string_view date);
/// "Tue, 24 Nov 2026 00:00:00 +0000" (RFC 5322, deb changelog) and "Tue Nov 24 2026" (rpm changelog) of a UTC epoch.
[[nodiscard]] std::string rfc5322_date(std::int64_t epoch);
[[nodiscard]] std::string rpm_date(std::int64_t epoch);
[[nodiscard]] std::string iso_date(std::int64_t epoch);  // "2026-11-24"

}  // namespace base
