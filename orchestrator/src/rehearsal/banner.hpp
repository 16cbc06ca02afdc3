// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/process.hpp"

namespace rehearsal {

/// What says first who answers at a TCP port (RFC 4253, section 4.2: a server of SSH begins with "SSH-"); "" if nobody
/// does within some seconds. qemu takes a connection before there is anybody in the guest: it proves nothing.
[[nodiscard]] std::string first_words(const std::string& address, unsigned port, const base::Cancel& cancel);

}  // namespace rehearsal
