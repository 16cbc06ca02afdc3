// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inspect/facts.hpp"

/// What an image and its machine say, collected for the checks.
namespace inspect {

/// What has to be read of an image for the checks: the files whose bytes they look at.
[[nodiscard]] initramfs::ReadOptions read_options();

[[nodiscard]] Facts gather(const initramfs::Image& image, const Options& options);

// Its parts, for this room's own files.

/// The program, its unit, what it is started with, its configuration.
void gather_sshd(Facts& facts);
/// The keys that the configuration names.
void gather_keys(Facts& facts);
/// What / , /usr and resume lie on: the machine's own files, else the image's record.
void gather_storage(Facts& facts);

}  // namespace inspect
