// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "remote/known_hosts.hpp"

/// The files of the user's own ssh that the desk writes: lines appended to known_hosts, and a file of stanzas that
/// their ssh_config includes. Nothing that the user wrote is changed.
namespace desk {

using LookUp = std::function<remote::KnownKeys(const std::string& alias)>;

/// What known_hosts lacks.
struct KnownHostsPlan {
  std::vector<std::string> append;  // lines, without their ends
  std::vector<std::string> notes;   // names that are left alone, and why
};

/// Lines for these keys ("TYPE BASE64") under each alias. The first alias is what `dracut-sshd unlock` looks for: where
/// it has another key, or one of these is revoked, base::Error says so with both fingerprints and what to type. Another
/// alias that has other keys is left alone. `file` is what the hint names.
[[nodiscard]] KnownHostsPlan plan_known_hosts(const std::vector<std::string>& aliases,
                                              const std::vector<std::string>& host_keys, const LookUp& known,
                                              const std::string& file);

/// Appends them in one step; makes the file (0600) and its folder (0700) where they are missing. A link is followed.
void append_lines(const std::filesystem::path& file, const std::vector<std::string>& lines);

/// `before` is the text of a known_hosts: without the lines that append_lines() wrote for these aliases. A line that
/// has more than one name, a hashed one, a marker or a comment is not one of them. What was taken out is put into
/// `removed`.
[[nodiscard]] std::string without_lines(const std::string& before, const std::vector<std::string>& aliases,
                                        std::vector<std::string>& removed);

/// `before` is the text of a file of stanzas that setup keeps. The alias's stanza is put in, or takes the place of the
/// one that is there; all others stay as they are, byte for byte. With "" as stanza it is taken out.
[[nodiscard]] std::string with_stanza(const std::string& before, const std::string& alias, const std::string& stanza);

/// `before` is the user's ssh_config: with the line in front of everything, because behind a Host it would hold for
/// that one alone (ssh_config(5), Include). As it is where the line is there already before any Host or Match.
[[nodiscard]] std::string with_include(const std::string& before, const std::string& line);

/// The text of a file of the user's; "" if there is none.
[[nodiscard]] std::string text_of_file(const std::filesystem::path& file);
/// Written aside, then renamed; a link's target is written. New files are 0600, others keep their mode.
void replace_text(const std::filesystem::path& file, const std::string& text);

}  // namespace desk
