// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/repo_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLargest = 64U << 20U;

}  // namespace

std::string content_of(const fs::path& file) { return base::read_file(file, kLargest); }

std::string content_or_fault(const fs::path& site, const std::string& path, std::vector<std::string>& faults) {
  try {
    return content_of(site / path);
  } catch (const base::Error& error) {
    faults.emplace_back(error.what());
    return "";
  }
}

void check_listed(const fs::path& site, const std::string& path, std::string_view sha256,
                  std::vector<std::string>& faults) {
  if (!base::is_safe_relative(path)) {
    faults.push_back(fmt::format("\"{}\" is listed, and is not a valid relative path", base::printable(path)));
    return;
  }
  if (!fs::is_regular_file(fs::symlink_status(site / path))) {
    faults.push_back(path + " is listed, and is not there");
    return;
  }
  if (base::sha256_of_file(site / path) != sha256) faults.push_back(path + " is another file than the one listed");
}

std::vector<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
  std::vector<std::string> out;
  for (auto start = text.find(before); start != std::string_view::npos; start = text.find(before, start)) {
    start += before.size();
    const auto end = text.find(after, start);
    if (end == std::string_view::npos) break;
    out.emplace_back(text.substr(start, end - start));
    start = end;
  }
  return out;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code none;
  for (fs::directory_iterator it(folder, none), end; !none && it != end; it.increment(none)) {
    if (it->is_regular_file() && !it->is_symlink()) out.push_back(it->path());
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace repos
