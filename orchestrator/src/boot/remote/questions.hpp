// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "remote/passphrase_source.hpp"

/// The questions that wait in a machine's initramfs: which there are, which are to be answered, and how.
namespace remote {

/// Out of what `unlock --list --json` printed, on a host that has proven its key; at most 64, fields of at most 1,000
/// bytes, printable. An Error if it is not of that form.
[[nodiscard]] std::vector<Question> questions_of(const std::string& printed);

/// Those for a disk's passphrase, and those whose message has one of `answer` in it: other programs' (ZFS, bcachefs),
/// which an inventory names. Never one that may be for a PIN.
[[nodiscard]] std::vector<Question> to_answer(const std::vector<Question>& all, const std::vector<std::string>& answer);

/// The command that reads a passphrase and answers that question alone, and none for a PIN.
[[nodiscard]] std::string answer_command(const Question& question);

}  // namespace remote
