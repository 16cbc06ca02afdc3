// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inspect/facts.hpp"

/// Parts of gather(); for this room's own files.
namespace inspect {

/// The program, its unit, what it is started with, its configuration.
void gather_sshd(Facts& facts);
/// The keys that the configuration names.
void gather_keys(Facts& facts);
/// What / , /usr and resume lie on: the machine's own files, else the image's record.
void gather_storage(Facts& facts);

}  // namespace inspect
