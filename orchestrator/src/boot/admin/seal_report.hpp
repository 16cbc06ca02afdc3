// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/sealed_image.hpp"
#include "seal/sealed_folder.hpp"
#include "seal/systemd_creds.hpp"

/// What `seal` says, as people and as machines read it.
namespace admin {

/// Of `seal` and `seal --reseal`.
struct SealReport {
  seal::Policy planned;
  bool unsealed_key = true;
  bool recovery_key = true;
  bool resealed = false;
  bool new_lines = true;     // desks have to change theirs
  bool by_recovery = false;  // the TPM had refused
  bool rebuild = true;
  bool dry_run = false;
  std::vector<std::string> notes;
  std::optional<seal::SealedFolder> folder;  // as it is now; nothing with --dry-run
};

/// Of `seal --status`.
struct SealStatus {
  std::optional<seal::SealedFolder> folder;  // nothing: sealing is off
  std::string why;                           // why the TPM does not open it; "": it does
  SealedImage image;
  bool without_unsealed = false;  // UNSEALED_KEY=no

  enum class InImage { same, other, none, unknown };
  [[nodiscard]] InImage in_image() const;
  /// It opens, and it is what boots next.
  [[nodiscard]] bool is_well() const;
};

[[nodiscard]] std::string to_text(const SealReport& report);
[[nodiscard]] nlohmann::ordered_json to_json(const SealReport& report);
[[nodiscard]] std::string to_text(const SealStatus& status);
[[nodiscard]] nlohmann::ordered_json to_json(const SealStatus& status);

}  // namespace admin
