// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "watch/watcher.hpp"

/// journald's native protocol (systemd, "Native Journal Protocol"): one datagram to kJournalSocket.
namespace watch {

inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";
/// Of a change of a host's state: journalctl MESSAGE_ID=...
inline constexpr const char* kChangeMessageId = "5f0d2a0c9c3c4a56b2f4c2f1c6a8e7d3";

/// A field's name has A-Z, 0-9 and _, begins with a letter, and has at most 64 bytes; its value any bytes.
using JournalFields = std::vector<std::pair<std::string, std::string>>;

/// "NAME=VALUE\n", or, where a value has a newline, "NAME\n", its length as 64 bits, little-endian, the value, "\n".
/// base::Error for a name that is none: journald would drop it.
[[nodiscard]] std::string journal_entry(const JournalFields& fields);
[[nodiscard]] JournalFields journal_fields(const Change& change);

/// False if there is no journal, or it does not take it. Never waits.
bool send_to_journal(std::string_view entry, const std::string& socket = kJournalSocket);

}  // namespace watch
