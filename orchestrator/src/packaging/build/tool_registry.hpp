// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "model/recipe.hpp"

namespace build {

/// The programs of this machine that recipes call: where they are, and which versions. Versions are part of a build's
/// key; asking every program costs more than a whole unchanged build, so what a program said is kept beside the
/// packages, for as long as its file stays the same.
class ToolRegistry {
 public:
  /// `folders` are searched after the usual places. `cache` may be missing or broken: it is then made anew.
  ToolRegistry(std::vector<std::filesystem::path> folders, std::filesystem::path cache, const base::Context& context);

  [[nodiscard]] std::optional<std::filesystem::path> find(const model::Tool& tool) const;
  /// What the program says of its version. base::Error when it does not run.
  [[nodiscard]] std::string version(const model::Tool& tool);
  /// Asks those programs of the recipes whose version is not known yet, side by side. The first one's failure is
  /// thrown.
  void learn(const std::vector<const model::Recipe*>& recipes, unsigned workers);
  /// Colon-separated; holds no folder that does not exist.
  [[nodiscard]] const std::string& path_list() const { return path_list_; }
  /// Folders outside /usr that a sandbox must show at the same place (a virtual environment's root).
  [[nodiscard]] std::vector<std::filesystem::path> roots() const;
  void save() const;

 private:
  struct Known {
    std::string stamp, version;
  };
  /// Who is asked, under which name the answer is kept, and which files it holds for.
  struct Question {
    std::filesystem::path program;
    std::string key, stamp;
  };
  [[nodiscard]] Question question(const model::Tool& tool) const;
  [[nodiscard]] std::string ask(const model::Tool& tool, const std::filesystem::path& program) const;

  std::vector<std::filesystem::path> folders_;
  std::filesystem::path cache_;
  std::string path_list_;
  std::map<std::string, Known> known_;
  bool changed_ = false;
  base::Context context_;
};

/// Every program of the recipes that is not here, each once: "rpmbuild (package rpm)".
[[nodiscard]] std::vector<model::Tool> missing(const std::vector<const model::Recipe*>& recipes,
                                               const ToolRegistry& tools);

}  // namespace build
