// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/daemon.hpp"

namespace detect {

Daemon read_daemon(const Source& /*source*/) { return {}; }

}  // namespace detect
