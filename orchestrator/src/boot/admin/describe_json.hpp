// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "admin/describe.hpp"
#include "base/error.hpp"

/// `dracut-sshd inspect --json`: orchestrator/man/inspect.schema.json says what is in it, dracut-sshd(1) for people.
namespace admin {

/// Grows when a field is taken away or comes to mean something else; new fields may come without.
inline constexpr int kInspectSchema = 2;

[[nodiscard]] nlohmann::ordered_json to_json(const Inspected& inspected);
/// Of an image that cannot be read.
[[nodiscard]] nlohmann::ordered_json to_json(const std::string& image, const base::Error& error);

}  // namespace admin
