// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

#include "base/process.hpp"

namespace rehearsal {

/// What says first who answers at a TCP port (RFC 4253, section 4.2: a server of SSH begins with "SSH-"); "" if nobody
/// does within some seconds. qemu takes a connection before there is anybody in the guest: it proves nothing. What it
/// sends on then is lost where the guest has no address yet, and said again only after seconds: `answers` says whether
/// the guest has sent anything over TCP, and as long as it has not, nobody waits for long.
[[nodiscard]] std::string first_words(const std::string& address, unsigned port, const std::function<bool()>& answers,
                                      const base::Cancel& cancel);

}  // namespace rehearsal
