// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/boot_line.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/small_file.hpp"

namespace detect {

NextLine next_line(const Source& source) {
  NextLine out;
  try {
    out.boot = host::next_boot(source.root, std::nullopt);
  } catch (const base::Error& error) {
    out.fault = base::printable(error.what(), 400);
  }
  if (out.boot.cmdline_known) return out;
  if (const auto running = host::read_small(source.root / "proc/cmdline")) {
    out.boot.cmdline = base::trim(*running);
    out.boot.cmdline_known = !out.boot.cmdline.empty();
  }
  return out;
}

}  // namespace detect
