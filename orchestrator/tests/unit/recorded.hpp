// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "base/text.hpp"
#include "detect/host_source.hpp"

/// A machine whose programs' answers were recorded, and whose files are in a folder.
namespace recorded {

/// What programs print, by their command line with single blanks: "ip -json address show". All others are absent.
class RecordedCommands final : public detect::Commands {
 public:
  std::map<std::string, detect::Answer> answers;

  void prints(const std::string& command, std::string out, int status = 0) {
    answers[command] = {detect::Answer::State::ran, status, std::move(out)};
  }
  [[nodiscard]] detect::Answer run(const std::vector<std::string>& argv) override {
    const auto found = answers.find(base::join(argv, " "));
    return found == answers.end() ? detect::Answer{} : found->second;
  }
};

class Machine {
 public:
  RecordedCommands commands;
  std::map<std::string, std::string> environment;

  [[nodiscard]] std::filesystem::path root() const { return folder_.path(); }
  /// A file below the root, and the folders above it.
  void file(const std::string& path, const std::string& text, unsigned mode = 0644) const {
    const auto at = root() / path;
    base::make_dirs(at.parent_path());
    base::write_file(at, text, mode);
  }
  void link(const std::string& path, const std::string& target) const {
    const auto at = root() / path;
    base::make_dirs(at.parent_path());
    std::filesystem::create_symlink(target, at);
  }
  [[nodiscard]] detect::Source source() { return {root(), commands, environment}; }

 private:
  base::TempDir folder_{base::temp_parent(), "recorded-"};
};

}  // namespace recorded
