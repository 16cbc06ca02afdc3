// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

/// Templates with nothing but @NAME@ in them. No logic: what repeats or depends is a block that C++ made.
namespace render {

/// Names are [A-Z][A-Z0-9_]*. A value is put in as it is: it was escaped for its context when it was made (escape.hpp).
/// A value is never looked at again, so an "@NAME@" inside a value stays text.
using Values = std::map<std::string, std::string>;

/// Strict: an unknown name is an Error with file, line, and the nearest known name; a value that no template of a
/// folder uses is the caller's test to find. "@@" stands for one "@". A lone "@" that begins no name ("name@host")
/// stays.
[[nodiscard]] std::string fill(std::string_view text, const Values& values, std::string_view file);

}  // namespace render
