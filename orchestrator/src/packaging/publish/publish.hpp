// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.hpp"
#include "build/job.hpp"
#include "publish/publication.hpp"
#include "signing/gnupg.hpp"

namespace publish {

/// Signs what `build` has made and proven, proves again what signing has changed, and puts it into the repositories of
/// a site, which is exchanged as a whole: a reader sees what was there before, or all of it. Everything that can be
/// refused (the key, its type, a package that is missing or another than was proven, a version that is published with
/// other contents) is refused before anything is written; so are a site, a folder above it and packages that other
/// users can change. Where nothing but the keys have changed, the site gets the keys; with another present key, the
/// lists of all its releases are signed again. Of a site whose key is revoked nothing is carried over: whoever has that
/// key may have put it there.
[[nodiscard]] PublishResult publish(std::vector<build::Job>& jobs, const PublishOptions& options,
                                    const signing::Gnupg& gnupg, std::int64_t now, const base::Context& context);

}  // namespace publish
