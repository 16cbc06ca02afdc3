// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "detect/host_source.hpp"
#include "host/host.hpp"

namespace detect {

/// The next boot as host::next_boot() finds it, and where its command line is not known, the running one.
struct NextLine {
  host::NextBoot boot;
  std::string fault;  // why there is no image; "": there is one
};
[[nodiscard]] NextLine next_line(const Source& source);

}  // namespace detect
