// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include "admin/verbs.hpp"

namespace admin {

/// The verb `watch` of the command line; its values go into `arguments`, which has to outlive `app`.
void add_watch(CLI::App& app, WatchArguments& arguments);

}  // namespace admin
