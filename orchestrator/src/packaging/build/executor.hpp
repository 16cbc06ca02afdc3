// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/context.hpp"
#include "build/job.hpp"
#include "build/manifest.hpp"
#include "build/tool_registry.hpp"
#include "model/finding.hpp"
#include "proof/prove.hpp"

namespace build {

enum class Verdict { proven, unchanged, failed, cancelled };

/// How long one step took, and whether it made a package or read one back.
struct StepTime {
  std::string title;
  bool reading = false;
  double seconds = 0;
};

struct Result {
  Verdict verdict = Verdict::failed;
  double seconds = 0;
  std::vector<Manifest::File> outputs;
  std::string failure;       // what went wrong, with the command and its last lines
  model::Findings findings;  // of the proof
  std::vector<StepTime> steps;
  std::filesystem::path log;
  std::filesystem::path kept;  // the job's folder, with --keep-work
};

/// Where an executor may write. All on one file system: what is finished is renamed into place.
struct Places {
  std::filesystem::path out;   // dist/
  std::filesystem::path work;  // private, below out
  std::filesystem::path logs;  // one file a job
  bool keep = false;
};

/// The one place that runs recipes: stages, runs the steps, reads the outputs back, proves them, and only then puts
/// them into dist/<key>/.
class Executor {
 public:
  Executor(const base::Context& context, ToolRegistry& tools, Places places, bool sandboxed);

  /// Never throws: what fails is in the result, and an interrupt is Verdict::cancelled. `progress` is told each step's
  /// title; called from the job's own thread.
  [[nodiscard]] Result run(const Job& job, const std::function<void(const std::string&)>& progress);

  /// Stages a recipe in `folder` and runs its steps: what a recipe that reads its work needs there before
  /// prove_again().
  void make(const Job& job, const std::filesystem::path& folder, const std::filesystem::path& log);
  /// Reads the outputs that lie in `folder`, where the recipe has them, and proves them anew. Throws base::Error with
  /// the differences.
  [[nodiscard]] std::vector<proof::VerifiedArtifact> prove_again(const Job& job, const std::filesystem::path& folder,
                                                                 const std::filesystem::path& log);

 private:
  void run_steps(const Job& job, const std::vector<model::Step>& steps, const std::filesystem::path& folder,
                 Result& result, const std::function<void(const std::string&)>& progress);
  void install(const Job& job, const std::vector<model::Output>& outputs, const std::filesystem::path& folder,
               Result& result, base::ListedTree tree);

  base::Context context_;
  const ToolRegistry& tools_;
  Places places_;
  bool sandboxed_;
};

}  // namespace build
