// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/git.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace services {
namespace {

constexpr std::uint64_t kLargest = 16U << 20U;
constexpr const char* kFetched = "fetched.tar.gz";

/// "ssh://HOST/PATH", and no scheme that makes git run a program ("ext::").
bool is_url(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kSchemes{"https", "ssh", "git", "http", "file"};
  const auto scheme = text.find("://");
  return scheme != std::string_view::npos && std::ranges::find(kSchemes, text.substr(0, scheme)) != kSchemes.end() &&
         text.size() > scheme + 4;
}

/// "USER@HOST:PATH"
bool is_scp(std::string_view text) {
  const auto at = text.find('@');
  const auto colon = text.find(':');
  return at != std::string_view::npos && colon != std::string_view::npos && colon > at &&
         text.find("::") == text.npos && is_word(text.substr(0, at), "._+-") &&
         is_word(text.substr(at + 1, colon - at - 1), ".-") && colon + 1 < text.size();
}

}  // namespace

void check_remote(const SubmitTarget& order, const std::string& what, const std::string& hint) {
  const auto& remote = order.place;
  const auto scheme = remote.find("://");
  const auto at = remote.find('@');
  if (scheme != std::string::npos && at != std::string::npos && remote.find(':', scheme + 3) < at)
    throw base::Error("no password belongs into an address", base::Exit::usage)
        .with_hint("git's credential helper keeps it: gitcredentials(7)");
  check_word(remote, ":/@._-+~", what, hint);
  const bool folder = remote.starts_with('/') && remote.size() > 1;
  if (!folder && !is_url(remote) && !is_scp(remote)) refuse_place(order, what, hint);
}

Call commit(const model::Packager& packager, const std::string& message, const std::vector<std::string>& options) {
  Call call;
  call.argv = {"git", "-c", "user.name=" + packager.name, "-c", "user.email=" + packager.mail, "commit", "--quiet"};
  call.argv.insert(call.argv.end(), options.begin(), options.end());
  call.argv.insert(call.argv.end(), {"--message", message});
  call.cwd = "repository";
  return call;
}

void refuse_repository(const Submission& submission, const std::string& why) {
  throw base::Error(fmt::format("{}: {} {}; nothing was pushed", submission.what, submission.to, why))
      .with_hint("--to SERVICE=PLACE names the repository; a push would replace what is in it");
}

Call fetch_source(const model::Project& project) {
  Call call;
  call.argv = {"curl",
               "--fail",
               "--silent",
               "--show-error",
               "--location",
               "--proto",
               "=https",
               "--retry",
               "3",
               "--max-time",
               "300",
               "--max-filesize",
               fmt::format("{}", kLargest),
               "--output",
               kFetched,
               model::download_address(project)};
  call.may_fail = true;
  return call;
}

std::string source_refusal(const Call& fetch, const Reply& fetched, const std::filesystem::path& folder,
                           const std::string& place) {
  const auto& address = fetch.argv.back();
  if (fetched.status != 0 || fetched.timed_out)
    return fmt::format("its recipe fetches {}, which cannot be had: {}; upload {} there first", address,
                       classify_failure(fetched).why, place);
  if (base::sha256(base::read_file(folder / kFetched, kLargest)) ==
      base::sha256(base::read_file(folder / place, kLargest)))
    return "";
  return fmt::format("its recipe fetches {}, which is another file than {}; build from that one: --source FILE",
                     address, place);
}

}  // namespace services
