// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/executor.hpp"

#include <fmt/format.h>

#include <chrono>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "proof/prove.hpp"

namespace build {
namespace {

namespace fs = std::filesystem;

/// No package of ours takes longer; a tool that waits for something must not hold the others for ever.
constexpr std::chrono::seconds kDeadline{900};

void stage(const model::Recipe& recipe, const fs::path& folder, std::int64_t epoch) {
  for (const auto& [name, file] : model::staged_files(recipe)) {
    if (!base::is_safe_relative(name)) throw base::Error(fmt::format("\"{}\" cannot be staged", base::printable(name)));
    const auto path = folder / name;
    base::make_dirs(path.parent_path());
    base::write_scratch(path, file.content, file.mode);
  }
  base::set_times(folder, epoch);
}

std::string differences(const model::Findings& findings) {
  std::string text =
      fmt::format("the proof found {} difference{}:\n", findings.size(), findings.size() == 1 ? "" : "s");
  for (const auto& finding : findings) text += fmt::format("  {}: {}\n", finding.where, finding.message);
  return text;
}

}  // namespace

Executor::Executor(const base::Context& context, ToolRegistry& tools, Places places, bool sandboxed)
    : context_(context), tools_(tools), places_(std::move(places)), sandboxed_(sandboxed) {}

Result Executor::run(const Job& job, const std::function<void(const std::string&)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  Result result;
  const auto id = job.profile.key();
  result.log = places_.logs / (id + ".log");
  try {
    fs::remove(result.log);
    base::TempDir folder(places_.work, id);
    if (places_.keep) {
      folder.keep();
      result.kept = folder.path();
    }
    const auto build = folder.path() / "build";
    base::make_dirs(build);
    stage(job.recipe, build, job.project.epoch());
    run_steps(job, job.recipe.steps, build, result, progress);
    std::vector<std::string> digests;
    for (const auto& output : job.recipe.outputs) digests.push_back(proof::digest_of(build / output.path));
    run_steps(job, job.recipe.reading, build, result, progress);
    progress("proof");
    const auto from = job.ingredients();
    auto report = proof::prove(*job.format, from, job.recipe, build, digests);
    result.findings = report.findings;
    if (!report.findings.empty()) throw base::Error(differences(report.findings));
    for (const auto& artifact : report.verified)
      result.outputs.push_back({artifact.name(), artifact.sha256(), artifact.size()});
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    install(job, job.recipe.outputs, build, result, std::move(report.tree));
    result.verdict = Verdict::proven;
  } catch (const base::Interrupted&) {
    result.verdict = Verdict::cancelled;
  } catch (const base::Error& error) {
    result.failure = error.hint().empty() ? error.what() : fmt::format("{}\nhint: {}", error.what(), error.hint());
    result.outputs.clear();
  } catch (const std::exception& error) {  // the file system, memory: this thread has nobody above it
    result.failure = error.what();
    result.outputs.clear();
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

void Executor::make(const Job& job, const fs::path& folder, const fs::path& log) {
  Result result;
  result.log = log;
  base::make_dirs(folder);
  stage(job.recipe, folder, job.project.epoch());
  run_steps(job, job.recipe.steps, folder, result, [](const std::string&) {});
}

std::vector<proof::VerifiedArtifact> Executor::prove_again(const Job& job, const fs::path& folder,
                                                           const fs::path& log) {
  Result result;
  result.log = log;
  base::remove_tree(folder / "reading");  // of an earlier proof
  std::vector<std::string> digests;
  for (const auto& output : job.recipe.outputs) digests.push_back(proof::digest_of(folder / output.path));
  run_steps(job, job.recipe.reading, folder, result, [](const std::string&) {});
  auto report = proof::prove(*job.format, job.ingredients(), job.recipe, folder, digests);
  if (!report.findings.empty()) throw base::Error(differences(report.findings));
  return report.verified;
}

void Executor::run_steps(const Job& job, const std::vector<model::Step>& steps, const fs::path& folder, Result& result,
                         const std::function<void(const std::string&)>& progress) {
  for (const auto& step : steps) {
    context_.cancel.throw_if_requested();
    progress(step.title);
    base::Command command;
    command.argv = step.argv;
    command.env = step_environment(job, step);
    command.env["PATH"] = tools_.path_list();
    command.cwd = step.cwd;
    command.log = result.log;
    command.deadline = kDeadline;
    if (!step.stdout_to.empty()) {
      if (!base::is_safe_relative(step.stdout_to)) throw base::Error("a step's output escapes the job's folder");
      command.stdout_to = folder / step.stdout_to;
      base::make_dirs(command.stdout_to.parent_path());
    }
    base::Sandbox sandbox;
    sandbox.job = folder;
    sandbox.uid = job.recipe.uid;
    for (const auto& [host, inside] : job.recipe.read_only) sandbox.read_only.emplace_back(host, inside);
    for (const auto& root : tools_.roots()) sandbox.read_only.emplace_back(root, root.string());
    const auto outcome = context_.runner.run(
        sandboxed_ ? base::wrap(command, sandbox) : base::unwrapped(command, sandbox), context_.cancel);
    result.steps.push_back({step.title, &steps == &job.recipe.reading, outcome.seconds});
    if (outcome.timed_out)
      throw base::Error(
          fmt::format("{} took longer than {} s: {}", step.title, kDeadline.count(), base::shell_quote(step.argv)));
    if (outcome.status != 0) {
      throw base::Error(fmt::format("{} ended with {}\ncommand: {}\nits last lines:\n{}", step.title, outcome.status,
                                    base::shell_quote(step.argv), outcome.tail))
          .with_hint(fmt::format("the whole log is {}; --keep-work keeps the job's folder", result.log.string()));
    }
  }
}

void Executor::install(const Job& job, const std::vector<model::Output>& outputs, const fs::path& folder,
                       Result& result, base::ListedTree tree) {
  const auto& profile = job.profile;
  const auto fresh = places_.work / (profile.key() + ".new");
  base::remove_tree(fresh);
  base::make_dirs(fresh);
  for (const auto& output : outputs) {
    fs::rename(folder / output.path, fresh / output.name);
    if (fs::is_regular_file(fresh / output.name)) fs::permissions(fresh / output.name, fs::perms(0644));
  }
  Manifest manifest;
  manifest.key = job.key;
  manifest.format = job.recipe.format;
  manifest.distribution = profile.id;
  manifest.release = profile.release;
  manifest.version = job.project.version();
  manifest.isolated = sandboxed_;
  manifest.seconds = result.seconds;
  manifest.outputs = result.outputs;
  manifest.tree = std::move(tree);
  base::write_file(fresh / "manifest.json", to_json(manifest));
  base::replace_tree(fresh, places_.out / profile.key());
}

}  // namespace build
