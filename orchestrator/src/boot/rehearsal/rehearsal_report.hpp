// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "rehearsal/rehearse.hpp"

namespace rehearsal {

[[nodiscard]] nlohmann::ordered_json to_json(const Report& report);

/// One page, self-contained: the timeline as a picture, the findings of inspect, console and journal.
[[nodiscard]] std::string to_page(const Report& report);

/// The last lines of the console, and what sshd says in the journal: why a step failed.
[[nodiscard]] std::vector<std::string> console_tail(const Report& report, std::size_t lines);
[[nodiscard]] std::vector<std::string> words_of_sshd(const Report& report, std::size_t lines);

/// Writes the page, the JSON and the logs into a new folder that only its owner can read.
void keep(const Report& report, const std::filesystem::path& folder);

}  // namespace rehearsal
