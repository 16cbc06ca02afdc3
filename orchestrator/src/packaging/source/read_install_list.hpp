// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/tree.hpp"
#include "model/finding.hpp"
#include "model/install_list.hpp"
#include "model/profile.hpp"
#include "model/project.hpp"

namespace source {

/// module/install.list, a line "KIND MODE SOURCE DESTINATION" an item, '#' comments; "KIND:HOOK" for a file that only
/// distributions with that hook get. The one list that the templates
/// install by and the proof compares with. Refused: a kind, a hook, a mode or a variable that is none, a path that
/// escapes, a source that is not in `pristine`, a file of `pristine` that no line installs, two lines with one
/// destination.
[[nodiscard]] model::InstallList install_list(std::string_view text, const base::SourceTree& pristine,
                                              model::Findings& findings);

/// The profile with {name} and {version} in its folders replaced.
[[nodiscard]] model::Profile expand(model::Profile profile, const model::Project& project);

/// @SBINDIR@, @MANDIR@ and @DOCDIR@ replaced by what an expanded profile says, without the files of hooks that it does
/// not have.
[[nodiscard]] model::InstallList resolve(const model::InstallList& list, const model::Profile& profile);

}  // namespace source
