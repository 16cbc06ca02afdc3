// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "inspect/check_list.hpp"

namespace admin {

/// `inspect explain` and `doctor explain`: one check, of the image or of the machine, by its name; or the list that is
/// given if the name is "". base::Error for a name that neither list has.
int explain(std::span<const inspect::Check> list, const std::string& id, bool json);

}  // namespace admin
