// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/schema.hpp"

#include <fmt/format.h>

#include "cli/verbs.hpp"
#include "profile/manual.hpp"

namespace cli {

int schema(bool merged, bool manual) {
  fmt::print("{}", manual ? profile::manual() : profile::schema(merged) + "\n");
  return 0;
}

}  // namespace cli
