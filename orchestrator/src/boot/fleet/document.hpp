// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

/// A file of the inventory as a tree of values, from TOML or JSON. Both are untrusted input: sizes and depths are
/// bounded, and a key stands in its table once.
namespace fleet {

/// The longest file, in bytes.
inline constexpr std::size_t kMaxInventoryBytes = 1024 * 1024;
/// The longest line of a TOML file, in bytes: it bounds how deep dotted keys nest, which toml++ does not.
inline constexpr std::size_t kMaxTomlLine = 2048;

struct Value {
  enum class Kind { text, number, boolean, list, table, other };
  Kind kind = Kind::other;
  std::string where;  // for errors, printable: "hosts.toml:12: host.db1.port"; JSON has no line
  std::string key;    // its name in the table that it stands in, or ""
  std::string text;
  std::int64_t number = 0;
  bool truth = false;
  std::vector<Value> items;  // of a list; of a table, in the order of the file

  [[nodiscard]] const Value* find(std::string_view name) const;  // of a table; null if it is not there
};

/// "WHERE: WHAT; expected EXPECTED", as an error of who wrote the file.
[[nodiscard]] base::Error fault(const Value& value, const std::string& what, const std::string& expected);
/// What it is, for such an error: "a number", "an empty text".
[[nodiscard]] std::string kind_name(const Value& value);
/// The place of something below `parent`.
[[nodiscard]] std::string where_below(const Value& parent, std::string_view key);

/// The top-level table. `file` is the name in errors, printable. TOML 1.0 by toml++. base::Error (usage) if it is none.
[[nodiscard]] Value read_toml(std::string_view text, const std::string& file);
/// RFC 8259; the top level has to be an object.
[[nodiscard]] Value read_json(std::string_view text, const std::string& file);

}  // namespace fleet
