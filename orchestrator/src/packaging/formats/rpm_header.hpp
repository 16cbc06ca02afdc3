// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/format.hpp"

/// The whole header of an .rpm: every tag that it has, and not only those that a query asks for by name.
namespace formats {

/// A tag's name in small letters ("providename") -> its values, in the header's order; of binary ones the base64 text.
using RpmHeader = std::map<std::string, std::vector<std::string>>;

/// Reads what `rpm -qp --xml` prints (rpm's lib/formats.c, xmlFormat). base::Error when it is something else, or names
/// a tag twice.
[[nodiscard]] RpmHeader read_rpm_header(std::string_view xml);

/// What is wrong with a binary package's header, a sentence each, with the tag's name: a tag that is not known here
/// (what it asks of rpm nobody has looked at), or one with another value than our spec file gives it. Tags that the
/// other readings compare (names, versions, dependencies, owners, scripts) are only known here. Sources of the tags:
/// rpm-tags(7), and rpm's docs/manual/tags.md.
[[nodiscard]] std::vector<std::string> rpm_header_faults(const Ingredients& from, const RpmHeader& header,
                                                         const std::string& version, const std::string& source);

}  // namespace formats
