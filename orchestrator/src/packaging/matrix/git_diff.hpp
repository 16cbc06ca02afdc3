// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/files.hpp"

namespace matrix {

/// What git knows of a folder at one revision. A checkout may be anybody's: of its repository the name of a commit is
/// asked and the objects are read, by a git with a private configuration. No filter, hook, monitor, difference program
/// or transport that the checkout names is ever run, and nothing is fetched.
class GitDiff {
 public:
  /// base::Error (usage) when the folder is in no repository, or the repository has no such revision (a shallow clone
  /// is told so); (missing_tool) when there is no git.
  GitDiff(const std::filesystem::path& folder, const std::string& revision, const base::Context& context);

  /// Paths below the folder that are not as they were: changed, new, removed; both names of what was renamed. Files
  /// that .gitignore names do not count, others do although nobody has added them yet. Sorted.
  [[nodiscard]] std::vector<std::string> changed() const;
  /// A file as it was, at most 1 MiB; nothing when it was not there.
  [[nodiscard]] std::optional<std::string> text(const std::string& path) const;

 private:
  struct Said {
    int status;
    std::string out, tail;
  };
  [[nodiscard]] Said git(const std::vector<std::string>& words, bool own) const;
  [[nodiscard]] std::string ask(const std::vector<std::string>& words, bool own) const;
  void find_tree(const std::string& revision);

  std::filesystem::path folder_;
  base::TempDir work_;
  base::Context context_;
  std::string objects_;  // the repository's folder of objects
  std::string tree_;     // the folder's tree at that revision
};

}  // namespace matrix
