// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/context.hpp"
#include "inspect/facts.hpp"
#include "inspect/report.hpp"

namespace admin {

/// The findings with what this machine's TPM says of the image's sealed host key ("hostkeys.opens"). Only root on the
/// machine itself can ask it, and only about the credential that the system has, too: another one is the image's own,
/// and so no program gets it. Throws for nothing that the TPM says.
[[nodiscard]] inspect::Findings with_tpm(inspect::Findings findings, const inspect::Facts& facts,
                                         const base::Context& context);

}  // namespace admin
