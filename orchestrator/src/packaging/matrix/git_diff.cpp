// SPDX-License-Identifier: GPL-3.0-or-later
#include "matrix/git_diff.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace matrix {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxOutput = 64U << 20U;
constexpr std::uint64_t kMaxText = 1U << 20U;
constexpr std::chrono::seconds kDeadline{120};

base::Error unknown(const std::string& revision, const std::string& why) {
  return base::Error(fmt::format("--changed-since {}: {}", base::printable(revision), why), base::Exit::usage);
}

bool is_object_name(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

GitDiff::GitDiff(const fs::path& folder, const std::string& revision, const base::Context& context)
    : folder_(fs::absolute(folder)), work_(base::temp_parent(), "orchestrator-git."), context_(context) {
  // Such a word would be an option of git's, or two words in its messages; no revision is called so.
  if (revision.starts_with('-') || std::ranges::any_of(revision, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    throw unknown(revision, "is not a revision").with_hint("a commit, a tag or a branch, as in origin/main");
  (void)ask({"init", "--quiet", "--bare", "--template=", (work_.path() / "git").string()}, false);
  find_tree(revision);
}

/// Git with an environment of its own. `own`: in the private repository, with the other one's objects and the folder as
/// the work tree; else in the folder as it is.
GitDiff::Said GitDiff::git(const std::vector<std::string>& words, bool own) const {
  base::Command command;
  command.argv = {"git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                 {"LC_ALL", "C"},
                 {"HOME", work_.path().string()},
                 {"GIT_CONFIG_NOSYSTEM", "1"},
                 {"GIT_CONFIG_GLOBAL", "/dev/null"},
                 {"GIT_OPTIONAL_LOCKS", "0"},
                 {"GIT_TERMINAL_PROMPT", "0"},
                 {"GIT_NO_REPLACE_OBJECTS", "1"},
                 // A partial clone would fetch what it lacks, by whatever program its configuration names.
                 {"GIT_NO_LAZY_FETCH", "1"},
                 {"GIT_ALLOW_PROTOCOL", "none"}};
  if (own) {
    command.env["GIT_DIR"] = (work_.path() / "git").string();
    command.env["GIT_WORK_TREE"] = folder_.string();
    command.env["GIT_OBJECT_DIRECTORY"] = objects_;
  }
  command.cwd = folder_;
  command.log = work_.path() / "log";
  command.stdout_to = work_.path() / "out";
  command.deadline = kDeadline;
  try {
    const auto outcome = context_.runner.run(command, context_.cancel);
    if (outcome.timed_out) throw base::Error(fmt::format("git {} took longer than {} s", words[0], kDeadline.count()));
    const bool said = outcome.status == 0 && fs::exists(command.stdout_to);
    return {outcome.status, said ? base::read_file(command.stdout_to, kMaxOutput) : "", outcome.tail};
  } catch (const base::Error& error) {
    if (error.exit() != base::Exit::missing_tool) throw;
    throw base::Error("--changed-since: " + std::string(error.what()), base::Exit::missing_tool)
        .with_hint("install git, or name no revision: every cell is listed then");
  }
}

std::string GitDiff::ask(const std::vector<std::string>& words, bool own) const {
  const auto said = git(words, own);
  if (said.status != 0)
    throw base::Error(fmt::format("git {} ended with {}: {}", words[0], said.status, base::trim(said.tail)));
  return said.out;
}

void GitDiff::find_tree(const std::string& revision) {
  const auto place = git({"rev-parse", "--show-prefix", "--is-shallow-repository", "--git-path", "objects"}, false);
  const auto lines = base::lines(place.out);
  if (place.status != 0 || lines.size() != 3)
    throw unknown(revision, fmt::format("{} is in no git repository that can be read", folder_.string()))
        .with_hint("work in a clone, or name no revision: every cell is listed then");
  objects_ = fs::absolute(folder_ / lines[2]).lexically_normal().string();
  const auto commit = git({"rev-parse", "--quiet", "--verify", revision + "^{commit}"}, false);
  const auto name = std::string(base::trim(commit.out));
  if (commit.status != 0 || !is_object_name(name)) {
    const bool is_shallow = lines[1] == "true";
    throw unknown(revision, is_shallow ? "this clone is shallow, and does not have that revision"
                                       : "the repository has no such revision")
        .with_hint(is_shallow ? "git fetch --unshallow; in a CI service: fetch-depth: 0, or GIT_DEPTH: 0"
                              : "git log --oneline shows those that there are; or was it not fetched?");
  }
  const auto tree =
      git({"rev-parse", "--quiet", "--verify", name + (lines[0].empty() ? "^{tree}" : ":" + lines[0])}, true);
  tree_ = std::string(base::trim(tree.out));
  if (tree.status != 0 || !is_object_name(tree_))
    throw unknown(revision, "that revision does not have this folder, or not all of it is in this clone");
}

std::vector<std::string> GitDiff::changed() const {
  (void)ask({"read-tree", "--empty"}, true);
  (void)ask({"read-tree", tree_}, true);
  const auto said = ask({"ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard"}, true);
  auto paths = base::split(said, '\0');
  std::erase(paths, "");
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());  // clang 14 does not take ranges::unique
  return paths;
}

std::optional<std::string> GitDiff::text(const std::string& path) const {
  const auto said = git({"cat-file", "blob", tree_ + ":" + path}, true);
  if (said.status != 0 || said.out.size() > kMaxText) return std::nullopt;
  return said.out;
}

}  // namespace matrix
