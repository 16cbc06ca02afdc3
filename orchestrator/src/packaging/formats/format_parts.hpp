// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/render/template.hpp"
#include "formats/format.hpp"

/// What all formats do alike. Private to the room.
namespace formats {

inline constexpr std::uint64_t kReadLimit = 64ULL << 20U;   // of one archive unpacked; the package is some 50 KiB
inline constexpr std::uint64_t kReportLimit = 1ULL << 20U;  // of one report of a package's reader
inline constexpr std::string_view kModules = "/usr/lib/dracut/modules.d/";

/// Whether the distribution compiles the package: only its source package is made here.
[[nodiscard]] inline bool is_compiled(const Ingredients& from) {
  return from.project.making == model::Making::compiled;
}
/// Whether its programs were compiled before, and elsewhere: there is no source package.
[[nodiscard]] inline bool is_prebuilt(const Ingredients& from) {
  return from.project.making == model::Making::prebuilt;
}

[[nodiscard]] std::string top_folder(const model::Project& project);    // NAME-VERSION
[[nodiscard]] std::string tarball_name(const model::Project& project);  // NAME-VERSION.tar.gz
[[nodiscard]] std::string years(const model::Project& project);         // of its releases: "2026", "2026-2028"
/// What a recipe adds to "make install" for the files of this distribution's hooks: ` HOOKS="kernel-install"`, or "".
[[nodiscard]] std::string hooks_variable(const model::Profile& profile);
/// model::download_folder as text of a recipe. Error when the address has a character that would need an escape there.
[[nodiscard]] std::string recipe_downloads(const model::Project& project, std::string_view version);
[[nodiscard]] std::string base_name(std::string_view path);
[[nodiscard]] std::string folder_of(std::string_view path);  // without a trailing slash; "" for "/x" and "x"

/// A path of the install list that can stand unquoted in a spec, a shell and a debhelper file: letters, digits and . _
/// + - /, no ".." part. Error otherwise.
[[nodiscard]] const std::string& plain_path(const std::string& path);

/// What a change of means that an image is older than what it was made from: the paths, or the beginnings of paths, of
/// sshd (its helpers come with it) and the module; the kernels', too, where no hook says that an image was built.
[[nodiscard]] std::vector<std::string> watched(const model::Profile& profile);

/// The text of a template, filled. Error when the folder lacks it.
[[nodiscard]] std::string filled(const Ingredients& from, const std::string& path, const render::Values& values);

/// Which values a dependency's name, op and version may have was checked with the profile; they are one line of text at
/// the least.
[[nodiscard]] std::string relation(const model::Dependency& dependency);  // "systemd >= 253"

/// Where an item lies in the package (nothing: not at all).
using Placement = std::function<std::optional<std::string>(const model::InstallItem&)>;
/// The install list applied to the patched tree. Error when the tree lacks a source.
[[nodiscard]] base::ListedTree placed(const Ingredients& from, const Placement& placement);

/// The name, version and so on that are the same for every format; dependencies and versions are the caller's.
[[nodiscard]] model::PackageFacts common_facts(const Ingredients& from);

/// A report that a reading step left, in lines; Error when it is longer than kReportLimit.
[[nodiscard]] std::vector<std::string> report(const std::filesystem::path& job, const std::string& path);
/// Exactly `count` lines of it, else an Error: a value with a line break of its own moves all that follow.
[[nodiscard]] std::vector<std::string> report(const std::filesystem::path& job, const std::string& path,
                                              std::size_t count);

/// An archive that a reading step left; what is in its .gz files is unpacked.
[[nodiscard]] base::ListedTree archive(const std::filesystem::path& job, const std::string& path);
void unpack_gzipped(base::ListedTree& tree);

/// The prepared source in an archive: what lies below the folder `top`, wherever that is; no folders; what is below one
/// of `leave_out` is not taken.
[[nodiscard]] model::Reading source_reading(const std::filesystem::path& job, const std::string& path,
                                            const std::string& top, const std::vector<std::string>& leave_out);

}  // namespace formats
