// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "build/job.hpp"
#include "services/service.hpp"
#include "signing/gnupg.hpp"
#include "submit/submitter.hpp"

namespace submit {

struct SubmitOptions {
  std::filesystem::path out;  // dist/, where packages are, or are built into
  std::vector<std::filesystem::path> tool_folders;
  std::string fingerprint;  // of the key that signs, where a service wants a signature
  unsigned jobs = 1;        // of a build
  bool wait = true;         // until the service has built it
  unsigned tries = 5;
};

struct SubmitRow {
  services::Submission submission;
  SubmitResult result;
};

/// What is handed over, and how: nothing runs.
[[nodiscard]] std::vector<services::Submission> submissions_of(const std::vector<build::Job>& jobs,
                                                               const services::Service& service,
                                                               const services::SubmitTarget& order);

/// Builds what is not built yet, takes what was proven, and hands it over. What fails is told as it happens, and is in
/// its row; the others are handed over all the same, unless the service does not know the user. base::Error
/// (missing_tool) before anything is built when a client is missing.
[[nodiscard]] std::vector<SubmitRow> submit(std::vector<build::Job>& jobs, const services::Service& service,
                                            const services::SubmitTarget& order, const SubmitOptions& options,
                                            const signing::Gnupg& gnupg, std::int64_t now,
                                            const base::Context& context);

}  // namespace submit
