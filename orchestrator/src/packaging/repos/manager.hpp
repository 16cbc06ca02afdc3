// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "model/profile.hpp"
#include "model/recipe.hpp"
#include "repos/catalog.hpp"
#include "repos/signing_context.hpp"

/// A package manager is a class here and a line in the registry: how its repositories are laid out, signed and used. It
/// knows nothing of distributions. Paths are relative to the site, unless they are said to be of the machine.
namespace repos {

/// A file that a user fetches, and the lines that a user types.
struct Instructions {
  std::string file;                   // its path in the site
  std::string content;                // of that file
  std::vector<std::string> commands;  // with sudo, in this order
};

/// What the lines that users type name beside the release.
struct SiteFacts {
  std::string project;                    // "dracut-sshd": what the repositories are called
  std::string url;                        // of the site, without a slash at its end
  std::vector<std::string> fingerprints;  // of the keys to trust
};

class Manager {
 public:
  virtual ~Manager() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::vector<model::Tool> tools() const = 0;

  /// Signs what carries its signature inside, in the job's folder (of the machine). Whether something was changed, and
  /// so has to be proven again.
  virtual bool sign(const SigningContext& context, const model::Profile& profile, const model::Recipe& recipe,
                    const std::filesystem::path& job) const = 0;
  /// What a catalog says in the place of an architecture, of a package that is a source package alone, or that is one
  /// for all architectures that its source names.
  [[nodiscard]] virtual std::string_view source_arch() const { return kSource; }
  /// Where an output goes; "" for what is not published. A folder goes there as a whole, over what is there.
  [[nodiscard]] virtual std::string place(const model::Profile& profile, const model::Output& output) const = 0;
  /// Lays the metadata of a release's repository into `site` (a folder of the machine; nothing in it is written in
  /// place). `entries` are all versions of all its packages that are there, oldest first.
  virtual void index(const SigningContext& context, const model::Profile& profile,
                     const std::vector<const Published*>& entries, const std::filesystem::path& site) const = 0;
  /// How to install what is there: `newest` of each package and architecture.
  [[nodiscard]] virtual Instructions instructions(const model::Profile& profile,
                                                  const std::vector<const Published*>& newest,
                                                  const SiteFacts& site) const = 0;
  /// What installs curl, which the commands of instructions() call, where a machine may be without; "" where none is.
  [[nodiscard]] virtual std::string_view curl_command() const { return ""; }
  /// What a client would check of the release's metadata and packages; each fault a sentence. `entries` are all that
  /// the catalog has of the release, oldest first; `site` is a folder of the machine.
  [[nodiscard]] virtual std::vector<std::string> faults(const SigningContext& context,
                                                        const std::vector<const Published*>& entries,
                                                        const std::filesystem::path& site) const = 0;
};

/// The registry. nullptr when there is no such package manager.
[[nodiscard]] const Manager* find(std::string_view name);

/// The public key at the top of a site.
[[nodiscard]] std::string key_file(const std::string& project);
/// The packages to install by name: the project's own first, each once.
[[nodiscard]] std::vector<std::string> package_names(const std::vector<const Published*>& newest,
                                                     const std::string& project);
/// "fedora/44"
[[nodiscard]] std::string folder_of(std::string_view distribution, std::string_view release);

}  // namespace repos
