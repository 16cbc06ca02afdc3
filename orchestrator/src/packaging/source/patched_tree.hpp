// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "base/tree.hpp"
#include "model/finding.hpp"
#include "model/profile.hpp"

/// The one pristine source, and what a distribution changes in it.
namespace source {

/// module/ without its tests, CHANGELOG.md, and the licence of module/ as LICENSE. A link, a device, a file above 1 MiB
/// or one whose name does not fit is a finding. Modes are 0755 where the owner may execute, else 0644: a checkout's
/// umask must not reach the tarball.
[[nodiscard]] base::SourceTree pristine(const std::filesystem::path& project, model::Findings& findings);

/// The pristine tree with the profile's edits in 46sshd/sshd.service and 46sshd/initrd.conf. base::Error when they
/// cannot be made.
[[nodiscard]] base::SourceTree patched(const base::SourceTree& pristine, const model::Profile& profile);

/// The unified diff between both, by the real diff -u with fixed labels and without times; "" when nothing differs.
/// Proven by the real patch -p1 --fuzz=0: applied to the pristine files it gives the patched ones, or a base::Error is
/// thrown.
[[nodiscard]] std::string diff(const base::SourceTree& pristine, const base::SourceTree& patched,
                               const base::Context& context);

}  // namespace source
