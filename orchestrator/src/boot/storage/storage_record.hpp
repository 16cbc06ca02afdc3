// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "storage/storage.hpp"

namespace storage {

/// The record that the module writes into an image when it is built.
inline constexpr std::string_view kStorageRecord = "usr/lib/dracut-sshd/storage";
inline constexpr std::size_t kLongestRecord = 64U << 10U;  // bytes

/// Reads that record. Text, a record a line, fields separated by a tab, "-" for none:
///
///     version 1
///     from    sysfs|files
///     need    PURPOSE ID
///     node    ID KIND NAME UUID BELOW
///     driver  DISK MODULE
///
/// PURPOSE: / /usr resume. KIND: fs swap crypt lv md multipath part disk unknown. BELOW: IDs, separated by commas.
/// DISK: the name of a node of that kind; MODULE: a kernel module that it, or the bus that it is on, needs. Lines with
/// another first word are ignored. The text is untrusted: what is wrong with it becomes Storage::fault, and nothing
/// else of it is used.
[[nodiscard]] Storage read_storage_record(std::string_view text);

}  // namespace storage
