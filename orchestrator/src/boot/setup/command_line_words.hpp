// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include "setup/network_addressing.hpp"
#include "setup/network_layout.hpp"

namespace setup {

/// The same for the kernel's command line, as dracut's own scripts read it (dracut.cmdline(7)); nothing where that
/// cannot say how the gateway is reached.
[[nodiscard]] std::optional<std::string> command_line_words(const Layout& layout, const Addressing& addressing);

}  // namespace setup
