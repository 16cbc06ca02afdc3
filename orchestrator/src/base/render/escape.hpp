// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// One escaper a context. Each takes one line of text (a control character is an Error: values are checked long before)
/// and returns what can stand in that place and be read back as the same text, so that no value may run as code.
/// debian/rules holds nothing but paths of letters, digits and . _ + - /, and so has no escaper.
namespace render {

/// A tag's value or what follows "- " in a %changelog of an RPM spec: "%" is doubled, because macros expand there too.
/// A backslash at the end, which would ask for another line, gets a blank behind it, which rpm drops.
[[nodiscard]] std::string spec(std::string_view text);
/// A whole line of a %description. rpm looks for directives and comments after it has expanded macros, and skips blanks
/// before it looks: no quoting keeps a line that begins with "%" or "#", so such a line is an Error.
[[nodiscard]] std::string spec_line(std::string_view text);
/// A word for bash (an ebuild, a PKGBUILD), its double quotes included: \ " $ ` are escaped.
[[nodiscard]] std::string bash(std::string_view text);
/// A field's value in a Debian control file (deb822): leading and trailing space removed, "${" written so that it is no
/// substitution variable (deb-substvars(5)).
[[nodiscard]] std::string control(std::string_view text);
/// A Debian multi-line field: " line", " ." for an empty one.
[[nodiscard]] std::string control_lines(const std::vector<std::string>& text);
/// Text in a Debian changelog: nothing expands there.
[[nodiscard]] std::string plain(std::string_view text);
/// Text in XML (metadata.xml): & < > " '.
[[nodiscard]] std::string xml(std::string_view text);

/// Words of `text` in lines of at most `width` bytes (a longer word stands alone). A line never begins with "%" or "#"
/// but the first: in a spec that would make a directive or a comment of it.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace render
