// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/next_boot.hpp"
#include "setup/client_lines.hpp"
#include "setup/setup_plan.hpp"

/// What `setup` says, as people and as machines read it.
namespace admin {

/// What came of a rehearsal.
struct Rehearsed {
  std::string why_not;        // it was not tried: why
  std::optional<int> status;  // as `rehearse` exits
};

struct SetupResult {
  setup::Plan plan;
  std::vector<std::string> written;  // files that were written or removed
  bool rebuilt = false;
  NextBootJudgement boot;
  Rehearsed rehearsed;
  setup::ClientFacts client;
  inspect::Answer answer = inspect::Answer::cannot_tell;  // of inspect and rehearsal together
};

/// The plan before it is carried out: what is found, what will be written, what will be run.
[[nodiscard]] std::string plan_text(const setup::Plan& plan);
/// The same for --dry-run: each file as a unified diff (diff(1)), each command as a line for a shell.
[[nodiscard]] std::string plan_diff(const setup::Plan& plan, const std::filesystem::path& root, bool rebuild);
/// `sshfp`: with DNS records.
[[nodiscard]] std::string result_text(const SetupResult& result, bool sshfp);
/// What a written file is for; "" if the plan does not have it.
[[nodiscard]] std::string purpose_of(const setup::Plan& plan, const std::string& path);
[[nodiscard]] nlohmann::ordered_json result_json(const SetupResult& result);

}  // namespace admin
