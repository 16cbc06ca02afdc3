// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/tree.hpp"
#include "model/install_list.hpp"
#include "model/profile.hpp"
#include "model/project.hpp"
#include "model/recipe.hpp"

/// A format is a class here, a folder of templates at the top level, and a line in the registry. It knows nothing of
/// distributions.
namespace formats {

/// `what` of the reading that is a source package, prepared as its own tools prepare it: pristine tarball plus patch.
/// It holds files only.
inline constexpr std::string_view kSourcePackage = "the source package";

/// All that a package is made from.
struct Ingredients {
  const model::Project& project;
  const model::Profile& profile;
  const model::Packager& packager;
  const model::InstallList& install;  // resolved for this profile
  const base::SourceTree& pristine;   // the tarball's tree, without its top folder
  const base::SourceTree& patched;    // the same after the patch
  const std::string& tarball;         // the pristine tarball's bytes (NAME-VERSION.tar.gz)
  const std::string& patch;           // unified diff for patch -p1, or "" when this distribution needs none
  const base::SourceTree& templates;  // the format's template folder
  /// Of what is prebuilt, for a format whose package is for all machines: the tarballs of the others, by machine.
  std::map<std::string, const std::string*> others = {};
};

/// A file of a package that its tool makes, not the install list.
struct ToolMade {
  std::string path;
  unsigned mode = 0644;
  std::string reason;
};

class Format {
 public:
  virtual ~Format() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;             // "rpm": the profile's package.format
  [[nodiscard]] virtual std::string_view template_folder() const = 0;  // "spec"

  /// The format's word for a machine, as uname -m has it: "amd64" for x86_64 with dpkg.
  [[nodiscard]] virtual std::string architecture(const std::string& machine) const { return machine; }

  /// Whether one package of what is prebuilt is for all machines; else there is one for each.
  [[nodiscard]] virtual bool holds_all_architectures() const { return false; }

  /// Throws base::Error when the templates are broken.
  [[nodiscard]] virtual model::Recipe recipe(const Ingredients& from) const = 0;

  /// What a package must say of itself.
  [[nodiscard]] virtual model::PackageFacts expected_facts(const Ingredients& from) const = 0;
  /// What it must install: the install list applied to the patched tree. Folders only where the install list names
  /// them. What the format compresses has ".gz" in its path and the plain bytes as content: compressors differ, what
  /// comes out of them does not.
  [[nodiscard]] virtual base::ListedTree expected_tree(const Ingredients& from) const = 0;
  /// What its tool adds, each with its reason.
  [[nodiscard]] virtual std::vector<ToolMade> tool_made(const Ingredients& from) const = 0;

  /// Parses what the reading steps left in the job's folder; the content of every .gz is unpacked. A source package is
  /// a reading too
  /// (`what` = kSourcePackage): its tree is compared with the patched tree. Throws base::Error where something cannot
  /// be read, and where a package holds what nobody asked for: a script of its own, a relation that the profile does
  /// not know, a foreign tarball.
  [[nodiscard]] virtual std::vector<model::Reading> read(const Ingredients& from,
                                                         const std::filesystem::path& job) const = 0;
};

/// The registry. nullptr when there is no such format.
[[nodiscard]] const Format* find(std::string_view name);
[[nodiscard]] std::vector<std::string> names();

}  // namespace formats
