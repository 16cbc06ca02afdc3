// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inspect/facts.hpp"
#include "inspect/openings.hpp"
#include "inspect/report.hpp"

/// By what a disk opens (crypttab(5)), and whether somebody is asked for its passphrase where that fails.
namespace inspect {

struct UnlockWay {
  std::string text;   // "by the TPM; if that fails, a passphrase is asked for"; "": a passphrase is asked for, as ever
  Findings concerns;  // crypt.opens: what will not do as it is meant
};

/// `where` is what the concerns begin with.
[[nodiscard]] UnlockWay unlock_way(const Facts& facts, const Opening& opening, const std::string& where);

/// The value of an option, where several have it the last one's; "" for the bare name, nothing if it is not there.
[[nodiscard]] std::optional<std::string> option_of(const Opening& opening, std::string_view name);

/// Whether nobody is asked.
[[nodiscard]] bool is_headless(const Opening& opening);

}  // namespace inspect
