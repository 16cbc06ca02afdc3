// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/prove.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "proof/compare.hpp"

namespace proof {
namespace {

namespace fs = std::filesystem;

void append(model::Findings& all, model::Findings more) { all.insert(all.end(), more.begin(), more.end()); }

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink() || (!entry.is_regular_file() && !entry.is_directory()))
      throw base::Error(fmt::format("{}: not a regular file", entry.path().string()));
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::uint64_t size_of(const fs::path& output) {
  if (!fs::is_directory(output)) return fs::file_size(output);
  std::uint64_t sum = 0;
  for (const auto& file : files_below(output)) sum += fs::file_size(file);
  return sum;
}

}  // namespace

std::string digest_of(const fs::path& output) {
  const auto status = fs::symlink_status(output);
  if (fs::is_regular_file(status)) return base::sha256_of_file(output);
  if (!fs::is_directory(status)) throw base::Error(fmt::format("{} was not made", output.filename().string()));
  std::string list;
  for (const auto& file : files_below(output))
    list += fmt::format("{}  {}\n", base::sha256_of_file(file), file.lexically_relative(output).string());
  return base::sha256(list);
}

Report prove(const formats::Format& format, const formats::Ingredients& from, const model::Recipe& recipe,
             const fs::path& job, const std::vector<std::string>& digests) {
  Report report;
  bool tree_seen = false;
  bool source_seen = false;
  bool facts_seen = false;
  for (auto& reading : format.read(from, job)) {
    if (reading.source) {
      append(report.findings, compare_source(reading.expected_source ? *reading.expected_source : from.patched,
                                             reading.tree, reading.what));
      source_seen = true;
      continue;
    }
    if (reading.has_tree) {
      append(report.findings,
             compare_trees(format.expected_tree(from), reading.tree, format.tool_made(from), reading.what));
      report.tree = std::move(reading.tree);
      tree_seen = true;
    }
    if (reading.has_facts) {
      append(report.findings, compare_facts(format.expected_facts(from), reading.facts, reading.what));
      facts_seen = true;
    }
  }
  const bool is_compiled = from.project.making == model::Making::compiled;  // elsewhere, from this source package
  if (!facts_seen || !(is_compiled ? source_seen : tree_seen))
    report.findings.push_back(
        {model::Severity::error, std::string(format.name()), "the package was not read back", ""});
  for (std::size_t i = 0; i < recipe.outputs.size(); ++i) {
    const auto& output = recipe.outputs[i];
    VerifiedArtifact artifact;
    artifact.path_ = job / output.path;
    artifact.name_ = output.name;
    artifact.sha256_ = digest_of(artifact.path_);
    artifact.size_ = size_of(artifact.path_);
    if (artifact.sha256_ != digests.at(i))
      report.findings.push_back({model::Severity::error, output.name, "changed while it was read", ""});
    report.verified.push_back(std::move(artifact));
  }
  if (!report.findings.empty()) report.verified.clear();
  return report;
}

std::vector<VerifiedArtifact> recognise(const model::Recipe& recipe, const fs::path& job,
                                        const std::vector<std::string>& proven) {
  std::vector<VerifiedArtifact> out;
  for (std::size_t i = 0; i < recipe.outputs.size(); ++i) {
    VerifiedArtifact artifact;
    artifact.path_ = job / recipe.outputs[i].path;
    artifact.name_ = recipe.outputs[i].name;
    artifact.sha256_ = digest_of(artifact.path_);
    artifact.size_ = size_of(artifact.path_);
    if (artifact.sha256_ != proven.at(i)) throw base::Error(artifact.name_ + " is not the file that was proven");
    out.push_back(std::move(artifact));
  }
  return out;
}

}  // namespace proof
