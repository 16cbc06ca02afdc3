// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace admin {

/// The lines of authorized_keys(5) that the values of --key name: each is such a line itself, or a file of them.
/// base::Error for one that lets nobody in: a private key, a broken line, one that has expired at `now` (seconds since
/// the epoch).
[[nodiscard]] std::vector<std::string> named_keys(const std::vector<std::string>& options, std::uint64_t now);

}  // namespace admin
