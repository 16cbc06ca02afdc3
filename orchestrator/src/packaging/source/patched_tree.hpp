// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "base/tree.hpp"
#include "model/finding.hpp"
#include "model/profile.hpp"

/// What a distribution changes in the pristine source.
namespace source {

/// Of 46sshd/sshd.service and 46sshd/initrd.conf those that the profile's edits change, as they are then; none of a
/// tree that has neither. base::Error when the edits cannot be made.
[[nodiscard]] base::SourceTree changed_files(const base::SourceTree& pristine, const model::Profile& profile);

/// The pristine tree with these files in their places.
[[nodiscard]] base::SourceTree patched(const base::SourceTree& pristine, const model::Profile& profile);

/// The unified diff between both, by the real diff -u with fixed labels and without times; "" when nothing differs.
/// Proven by the real patch -p1 --fuzz=0: applied to the pristine files it gives the patched ones, or a base::Error is
/// thrown.
[[nodiscard]] std::string diff(const base::SourceTree& pristine, const base::SourceTree& patched,
                               const base::Context& context);

}  // namespace source
