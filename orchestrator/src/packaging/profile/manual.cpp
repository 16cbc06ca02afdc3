// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/manual.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "profile/fields.hpp"

namespace profile {
namespace {

/// mdoc reads '\' and a leading '.' or '\''; no text of the table begins with either.
std::string roff(std::string_view text) {
  return base::replace_all(base::replace_all(std::string(text), "\\", "\\e"), "-", "\\-");
}

std::string kind_of(const Field& field) {
  switch (field.kind) {
    case Kind::object:
      return "object";
    case Kind::string:
      return std::string(field.grammar->words);
    case Kind::integer:
      return "a number from 1 to 999";
    case Kind::choice: {
      std::vector<std::string> all(field.choices.begin(), field.choices.end());
      return "one of " + base::join(all, ", ");
    }
    case Kind::set:
      if (!field.choices.empty()) {
        std::vector<std::string> all(field.choices.begin(), field.choices.end());
        return "a set, {\"member\": true}, of " + base::join(all, ", ");
      }
      return fmt::format("a set, {{\"member\": true}}; a member is {}", field.grammar->words);
    case Kind::dependencies:
      return "dependencies";
    case Kind::macros:
      return field.choices.empty() ? "an object of names and values"
                                   : "an object of names and values; a name is one of " +
                                         base::join({field.choices.begin(), field.choices.end()}, ", ");
    case Kind::sources:
      return "an object of JSON pointers and texts";
    case Kind::packages:
      return "an object of packages, each an object with the fields of /package";
    case Kind::releases:
      return "an array of objects";
  }
  return "";
}

std::string_view level_of(Scope scope) {
  switch (scope) {
    case Scope::distribution:
      return "distribution";
    case Scope::release:
      return "release";
    case Scope::both:
      return "both";
  }
  return "";
}

}  // namespace

std::string manual() {
  std::string text = ".Bl -tag -width Ds\n";
  for (const auto& field : fields()) {
    text += fmt::format(".It Pa {}\n{}\nLevel: {}.\n{}Value: {}.\n", roff(field.pointer), roff(field.doc),
                        level_of(field.scope), field.required ? "Required.\n" : "", roff(kind_of(field)));
  }
  return text + ".El\n";
}

}  // namespace profile
