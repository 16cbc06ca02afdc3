// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "services/service.hpp"

/// What the services that take a git push share.
namespace services {

/// base::Error (usage) when the order's place is no address and no whole path that git clones: SCHEME://...,
/// USER@HOST:PATH or /FOLDER. `what` and `hint` are for people.
void check_remote(const SubmitTarget& order, const std::string& what, const std::string& hint);
/// A commit in the folder `repository`, by the packager, whoever git takes the user for.
[[nodiscard]] Call commit(const model::Packager& packager, const std::string& message,
                          const std::vector<std::string>& options);
/// Why a push cannot go on, when what was cloned is another repository than the service's.
[[noreturn]] void refuse_repository(const Submission& submission, const std::string& why);

/// Fetches the tarball from the address that a recipe names, into the submission's folder. Its failure is an answer.
[[nodiscard]] Call fetch_source(const model::Project& project);
/// Why nobody could build what is pushed: the tarball was not there (`fetched` is fetch_source's reply), or is another
/// than the submission's own, which lies in `folder` at `place`. "" when it is that one.
[[nodiscard]] std::string source_refusal(const Call& fetch, const Reply& fetched, const std::filesystem::path& folder,
                                         const std::string& place);

}  // namespace services
