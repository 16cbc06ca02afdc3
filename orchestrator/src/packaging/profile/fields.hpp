// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The one table of a profile's fields. Parser, schema, manual page and `show` are all driven by it.
namespace profile {

enum class Scope { distribution, release, both };

enum class Kind {
  object,        // holds further fields of the table
  string,        // one line, by its grammar
  integer,       // 1 to 999
  choice,        // one of `choices`
  set,           // {"member": true}: members by the grammar, and of `choices` if there are any
  dependencies,  // {"name": {"op", "version", "why"}}
  macros,        // {"name": "value"}, the names of `choices` if there are any
  sources,       // {"/json/pointer": "where this is known from"}
  packages,      // {"id": {the fields of /package}}
  releases,      // [ {...}, ... ]
};

/// A grammar is a set of characters and a length, nothing more: it cannot run away on long input, and it is a JSON
/// schema's pattern.
struct Grammar {
  std::string_view first;  // bracket expression without brackets, as in "a-z0-9"
  std::string_view rest;
  std::size_t max = 1;
  enum class Extra {
    none,
    name,
    path,
    image,
    doc_dir,
    date
  } extra = Extra::none;   // what a set of characters cannot say
  std::string_view words;  // "a name: small letters, digits and '-'"
};

struct Field {
  std::string_view pointer;  // RFC 6901, "/package/rpm/dist"
  Scope scope;
  Kind kind;
  bool required;            // in the merged profile; a distribution's file may leave it to its releases
  std::string_view format;  // applies to this package.format alone; "": to all
  const Grammar* grammar;   // string, set (members), dependencies (names)
  std::vector<std::string_view> choices;
  std::string_view doc;
  bool common = false;  // of /package: the same for all packages of a release, and so not in /packages
};

[[nodiscard]] std::span<const Field> fields();
/// The pointer that the table has a field under: what lies below /packages/ID is as what lies below /package.
[[nodiscard]] std::string in_table(std::string_view pointer);
/// nullptr when the table has no such field.
[[nodiscard]] const Field* find_field(std::string_view pointer);
/// The names of the fields directly below an object ("" is the top), for the scope given.
[[nodiscard]] std::vector<std::string> names_below(std::string_view pointer, Scope scope);

/// What is wrong with a text, in words ("expected ..."); "" when it fits.
[[nodiscard]] std::string misfit(const Grammar& grammar, std::string_view text);
/// The same as an ECMA-262 pattern, for a JSON schema.
[[nodiscard]] std::string pattern(const Grammar& grammar);

// Grammars of what stands inside the structured kinds.
[[nodiscard]] const Grammar& release_grammar();  // a release's own id
[[nodiscard]] const Grammar& package_grammar();  // a package's id
[[nodiscard]] const Grammar& version_grammar();
[[nodiscard]] const Grammar& prose_grammar();
[[nodiscard]] const Grammar& macro_name_grammar();
[[nodiscard]] const Grammar& macro_value_grammar();
[[nodiscard]] std::vector<std::string_view> operators();  // "<", "<=", "=", ">=", ">"

}  // namespace profile
