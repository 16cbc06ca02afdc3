// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "rehearsal/plan.hpp"

namespace rehearsal {

/// The disks of a plan: those that the machine has below / and /usr, where that is known, then those that the image and
/// its command line name. Sets Plan::disks, ::unopened, ::unaccounted, and adds to ::cannot and ::changes. No disk is
/// made for a root= that nothing accounts for.
void plan_disks(const inspect::Facts& facts, const Wishes& wishes, Plan& plan);

}  // namespace rehearsal
