// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/files.hpp"

/// Who else could change what a program is about to vouch for: any user but root and its own.
namespace base {

/// An Error (usage) when another user could change `path`, or put something else into its place: it, or a folder above
/// it or above a link on the way to it, belongs to somebody else, or its group or all may write there. In a folder with
/// the sticky bit (/tmp) others may write, but not rename what is ours. What is not there yet is passed over: the
/// folders above it decide. The hint has the command that mends it. `why` ends the sentence.
void refuse_writable_by_others(const Path& path, std::string_view why = "what another user can change is not signed");

/// The same for everything below a folder as well; links are looked at as links.
void refuse_tree_writable_by_others(const Path& folder);

}  // namespace base
