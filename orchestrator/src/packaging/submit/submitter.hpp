// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/context.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "services/service.hpp"

namespace submit {

/// The service does not know the user, or does not let them: no other submission would fare better.
class Denied final : public base::Error {
 public:
  explicit Denied(const base::Error& error) : base::Error(error) {}
};

enum class Handed { submitted, unchanged, under_way, failed };

/// What became of a submission.
struct SubmitResult {
  Handed verdict = Handed::failed;
  std::string say;                                          // why, in a sentence; may be ""
  std::vector<std::pair<std::string, std::string>> states;  // of each place, as the service names them
};

/// How submissions get their contents. Each lays what it says into the submission's folder.
struct Packing {
  std::function<void()> plain;                       // as it was built
  std::function<void(bool without_shared)> signed_;  // once more, signed, before it is handed over
};

/// Hands submissions over: calls the service's client, reads what it says, tries again what may pass, and asks again
/// before it does, because what was cut off may have arrived.
class Submitter {
 public:
  struct Setting {
    std::map<std::string, std::string> environment;  // of the clients
    bool isolated = true;                            // a call that wants no network gets none
    bool wait = true;                                // until the service has built it
    unsigned tries = 5;
    std::function<double()> chance;  // 0 to 1
  };

  Submitter(const services::Service& service, const base::Context& context, Setting setting);

  /// Throws base::Error when it is refused, and Denied.
  [[nodiscard]] SubmitResult hand_over(const services::Submission& submission, const std::filesystem::path& folder,
                                       const Packing& packing);

 private:
  using Calls = std::vector<services::Call>;
  [[nodiscard]] SubmitResult once(const services::Submission& submission, const std::filesystem::path& folder,
                                  const Packing& packing);
  void send(const services::Submission& submission, const std::filesystem::path& folder, const Packing& packing,
            bool without_shared);
  [[nodiscard]] services::Answer ask(const services::Submission& submission, const std::filesystem::path& folder);
  /// Asks until the build is over, or is none of this submission; `sent`: it is this submission's.
  [[nodiscard]] services::Answer watch(const services::Submission& submission, const std::filesystem::path& folder,
                                       services::Answer answer, bool sent);
  [[nodiscard]] std::vector<services::Reply> run(const services::Submission& submission, const Calls& calls,
                                                 const std::filesystem::path& folder);
  [[nodiscard]] services::Reply run(const services::Call& call, const std::filesystem::path& folder);
  /// Runs `action` until it ends without a transient failure.
  template <typename Action>
  auto patiently(const services::Submission& submission, const Action& action);
  void tell(const services::Submission& submission, const std::string& text);

  const services::Service& service_;
  base::Context context_;
  Setting setting_;
  base::TempDir talk_;
  std::set<std::string> shared_there_;  // the packages whose shared files the service has
};

/// Of the user's environment what a client needs: its home and configuration, agents, proxies. Nothing else is passed
/// on.
[[nodiscard]] std::map<std::string, std::string> client_environment(const std::map<std::string, std::string>& whole,
                                                                    const std::string& path_list);

}  // namespace submit
