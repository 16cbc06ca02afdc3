// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/pristine_tree.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace source {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSource = 1024 * 1024;

bool plain_name(std::string_view path) {
  return base::is_safe_relative(path) && std::ranges::all_of(path, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("._+-/").find(c) != std::string_view::npos;
         });
}

void take(const fs::path& file, const std::string& name, base::SourceTree& tree, model::Findings& findings) {
  const auto refuse = [&](std::string message, std::string hint = "") {
    findings.push_back(
        {model::Severity::error, base::printable(file.string(), 200), std::move(message), std::move(hint)});
  };
  std::error_code fault;
  const auto status = fs::symlink_status(file, fault);
  if (!fs::is_regular_file(status)) return refuse("not a regular file", "the source tarball holds regular files alone");
  if (!plain_name(name)) return refuse("its name has a character other than letters, digits and . _ + -");
  const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  try {
    tree[name] = {executable ? 0755U : 0644U, base::read_file(file, kMaxSource)};
  } catch (const base::Error& error) {
    refuse(error.what(), error.hint());
  }
}

bool is_by_the_way(const fs::path& path) {
  const auto name = path.filename().string();
  return name.starts_with('.') || name.ends_with('~') || name == "__pycache__";
}

/// All files of a folder of the project, below `place` in the source.
void take_folder(const fs::path& root, const fs::path& folder, const std::string& place, const model::Project& project,
                 base::SourceTree& tree, model::Findings& findings) {
  std::error_code fault;
  fs::recursive_directory_iterator it(folder, fault);
  for (const fs::recursive_directory_iterator end; !fault && it != end; it.increment(fault)) {
    const bool is_folder = it->is_directory() && !it->is_symlink();
    const auto in_project = it->path().lexically_relative(root).string();
    if (is_by_the_way(it->path()) || std::ranges::find(project.left_out, in_project) != project.left_out.end()) {
      if (is_folder) it.disable_recursion_pending();
    } else if (!is_folder) {
      take(it->path(), (fs::path(place) / it->path().lexically_relative(folder)).string(), tree, findings);
    }
  }
  if (fault) findings.push_back({model::Severity::error, folder.string(), fault.message(), "is --project right?"});
}

}  // namespace

base::SourceTree pristine(const fs::path& root, const model::Project& project, model::Findings& findings) {
  base::SourceTree tree;
  for (const auto& [from, to] : project.sources) {
    const auto path = root / from;
    const auto status = fs::symlink_status(path);
    if (!fs::exists(status))
      findings.push_back({model::Severity::error, path.string(), "is not there", "is --project right?"});
    else if (fs::is_directory(status))
      take_folder(root, path, to, project, tree, findings);
    else
      take(path, to.empty() ? from : to, tree, findings);
  }
  return tree;
}

}  // namespace source
