// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/load.hpp"

/// Which releases and which tests a change can reach, by the project's table of its own paths, ci/reach.list.
namespace matrix {

enum class Reach {
  nothing,       // documents, tests, linters: no package and no cell is another one for it
  distribution,  // a profile
  format,        // the templates of a format
  everything,    // the source, the program, what cells are made of; and what the table does not know
};

/// What ci/test runs beside its quick tests; each holds the one before.
enum class Tests { none, tool, core };

struct Rule {
  std::string path;  // with a '/' at its end a folder and all in it, else a file; relative to the project
  Reach reach = Reach::everything;
  std::string format;  // of Reach::format
  Tests tests = Tests::core;
};

struct Target {
  Reach reach = Reach::everything;
  std::string name;  // the distribution's id, or the format's name
  bool operator==(const Target&) const = default;
};

/// The text of a file as it was; nothing when it was not there.
using OldText = std::function<std::optional<std::string>(const std::string& path)>;

class ReachTable {
 public:
  /// Without a rule: every path reaches everything.
  ReachTable() = default;

  /// Lines of "PATH CELLS TESTS", as ci/reach.list describes them; `file` is for messages. A base::Error (usage) names
  /// the line that is not one.
  static ReachTable parse(std::string_view text, std::string_view file);
  /// Of a file; the empty table where there is none.
  static ReachTable read(const std::filesystem::path& file);

  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

  /// The first rule that fits decides.
  [[nodiscard]] Target reach_of(std::string_view path) const;

  /// What ci/test has to run for changes of these paths.
  [[nodiscard]] Tests tests_of(const std::vector<std::string>& paths) const;

  /// Those of `releases` that changes of these paths can reach, in their order. Of a profile that has changed only the
  /// releases count whose merged profile is another one; all of it, where the old one cannot be read.
  [[nodiscard]] std::vector<const profile::Release*> reached(const std::vector<const profile::Release*>& releases,
                                                             const std::vector<std::string>& paths,
                                                             const OldText& old_text) const;

 private:
  [[nodiscard]] const Rule* rule_of(std::string_view path) const;

  std::vector<Rule> rules_;
};

}  // namespace matrix
