// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/tree.hpp"
#include "model/finding.hpp"
#include "model/install_list.hpp"
#include "model/profile.hpp"
#include "model/project.hpp"

namespace source {

/// The install list of a source, `list_name` in it: a line "KIND MODE SOURCE DESTINATION" an item, '#' comments;
/// "KIND:HOOK" for a file that only distributions with that hook get. The one list that the templates install by and
/// the proof compares with. Refused: a kind, a hook, a mode or a variable that is none, a path that escapes, a source
/// that is not in `pristine`, a file of `pristine` that no line names, two lines with one destination. A line "build -
/// SOURCE -" names a file that the source needs to be installed, and that is not installed itself. The list
/// itself is in the source, and is not installed.
[[nodiscard]] model::InstallList install_list(std::string_view text, const std::string& list_name,
                                              const base::SourceTree& pristine, model::Findings& findings);

/// The profile of a package with {name} and {version} in its folders replaced, and the suffix of its folder in dist/.
[[nodiscard]] model::Profile expand(model::Profile profile, const model::Project& project);

/// @SBINDIR@, @MANDIR@, @DOCDIR@ and @ZSHDIR@ replaced by what an expanded profile says, without the files of hooks
/// that it does not have.
[[nodiscard]] model::InstallList resolve(const model::InstallList& list, const model::Profile& profile);

}  // namespace source
