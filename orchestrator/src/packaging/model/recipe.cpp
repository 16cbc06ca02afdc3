// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/recipe.hpp"

namespace model {

std::map<std::string, StagedFile> staged_files(const Recipe& recipe) {
  std::map<std::string, StagedFile> files;
  for (const auto& [path, file] : recipe.staged) files[path] = {file.mode, file.content};
  for (const auto& [path, bytes] : recipe.tarballs) files[path] = {0644, *bytes};
  return files;
}

}  // namespace model
