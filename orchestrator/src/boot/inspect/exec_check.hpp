// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "inspect/facts.hpp"

namespace inspect {

/// What would keep a program from starting (execve(2), ld.so(8)); "" if nothing. `program` has no leading slash.
[[nodiscard]] std::string why_exec_fails(const Facts& facts, const std::string& program);

}  // namespace inspect
