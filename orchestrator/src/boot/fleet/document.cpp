// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/text.hpp"

// Header-only, so that no package depends on its shared library, and as small as it gets. Versions 3.3 and 3.4.
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_SIMD 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_ENABLE_FLOAT16 0
#define TOML_MAX_NESTED_VALUES 5
// Its assertions are about input, too: "[ {" fails one in 3.3 and 3.4. Without NDEBUG they would end the program, and
// with it clang would be told to rely on them. The code behind them reports the fault.
#define TOML_ASSERT(expression) static_cast<void>(0)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#if __has_include(<toml++/toml.hpp>)
#include <toml++/toml.hpp>
#else
#include <toml++/toml.h>  // 3.3
#endif
#pragma pop_macro("NDEBUG")

namespace fleet {
namespace {

/// Tables and lists in each other. The format needs four.
constexpr std::size_t kMaxDepth = 8;

base::Error file_fault(const std::string& file, std::size_t line, const std::string& what) {
  return base::Error(line == 0 ? fmt::format("{}: {}", file, what) : fmt::format("{}:{}: {}", file, line, what),
                     base::Exit::usage);
}

/// A part of a value's path, as TOML has it.
std::string shown_key(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
  return bare && key.size() <= 80 ? std::string(key) : fmt::format("\"{}\"", base::printable(key));
}

std::string below(const std::string& path, std::string_view key) {
  return path.empty() ? shown_key(key) : path + "." + shown_key(key);
}

std::string place(const std::string& file, std::size_t line, const std::string& path) {
  auto out = line == 0 ? file : fmt::format("{}:{}", file, line);
  return path.empty() ? out : out + ": " + path;
}

/// Where a table begins that has no header itself: at the first of what is in it.
std::pair<std::size_t, std::size_t> begin_of(const toml::node& node, std::size_t depth = 0) {
  const auto& begin = node.source().begin;
  std::pair<std::size_t, std::size_t> out{begin.line, begin.column};
  const auto* const table = node.as_table();
  if (out.first != 0 || table == nullptr || depth > kMaxDepth) return out;
  for (auto&& [key, child] : *table) {
    const auto one = begin_of(child, depth + 1);
    if (one.first != 0 && (out.first == 0 || one < out)) out = one;
  }
  return out;
}

class TomlReader {
 public:
  explicit TomlReader(const std::string& file) : file_(file) {}

  [[nodiscard]] Value read(const toml::node& node, std::string path, std::string_view key, std::size_t depth) const {
    Value out;
    out.key = key;
    out.where = place(file_, begin_of(node).first, path);
    if (depth > kMaxDepth) throw base::Error(fmt::format("{}: nested too deep", out.where), base::Exit::usage);
    if (const auto* table = node.as_table()) {
      out.kind = Value::Kind::table;
      read_table(*table, path, depth, out);
    } else if (const auto* list = node.as_array()) {
      out.kind = Value::Kind::list;
      for (const auto& item : *list)
        out.items.push_back(read(item, fmt::format("{}[{}]", path, out.items.size() + 1), "", depth + 1));
    } else if (const auto* text = node.as_string()) {
      out.kind = Value::Kind::text;
      out.text = text->get();
    } else if (const auto* number = node.as_integer()) {
      out.kind = Value::Kind::number;
      out.number = number->get();
    } else if (const auto* boolean = node.as_boolean()) {
      out.kind = Value::Kind::boolean;
      out.truth = boolean->get();
    }
    return out;
  }

 private:
  /// toml++ sorts a table by its keys; people do not.
  void read_table(const toml::table& table, const std::string& path, std::size_t depth, Value& out) const {
    struct Member {
      std::pair<std::size_t, std::size_t> begin;
      std::string_view key;
      const toml::node* node;
    };
    std::vector<Member> order;
    for (auto&& [key, child] : table) order.push_back({begin_of(child), key.str(), &child});
    // Two begin at the same place only where a dotted key makes tables, and then one is in the other.
    std::sort(order.begin(), order.end(), [](const Member& a, const Member& b) { return a.begin < b.begin; });
    for (const auto& each : order) out.items.push_back(read(*each.node, below(path, each.key), each.key, depth + 1));
  }

  const std::string& file_;
};

void check_lines(std::string_view text, const std::string& file) {
  std::size_t line = 1;
  for (std::size_t at = 0; at <= text.size(); ++line) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end - at > kMaxTomlLine)
      throw file_fault(file, line, fmt::format("the line has {} bytes; expected at most {}", end - at, kMaxTomlLine))
          .with_hint("a list may go over several lines");
    at = end + 1;
  }
}

/// Builds the tree while the parser reads: so a key that is there twice is seen, which the library's own would drop.
class JsonReader {
 public:
  JsonReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Value take() { return std::move(top_); }

  bool null() { return add(Value::Kind::other) != nullptr; }
  bool boolean(bool value) {
    add(Value::Kind::boolean)->truth = value;
    return true;
  }
  bool number_integer(std::int64_t value) {
    add(Value::Kind::number)->number = value;
    return true;
  }
  bool number_unsigned(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      add(Value::Kind::other);
    else
      add(Value::Kind::number)->number = static_cast<std::int64_t>(value);
    return true;
  }
  bool number_float(double /*value*/, const std::string& /*text*/) { return add(Value::Kind::other) != nullptr; }
  bool string(std::string& value) {
    add(Value::Kind::text)->text = std::move(value);
    return true;
  }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(Value::Kind::table); }
  bool start_array(std::size_t /*size*/) { return open(Value::Kind::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& value) {
    auto& at = open_.back();
    if (!at.keys.insert(value).second)
      throw base::Error(
          fmt::format("{}: the key is there twice; expected once", place(file_, 0, below(at.path, value))),
          base::Exit::usage);
    at.key = std::move(value);
    return true;
  }
  template <class Exception>
  bool parse_error(std::size_t position, const std::string& /*token*/, const Exception& /*what*/) {
    const auto before = text_.substr(0, std::min(position, text_.size()));
    throw file_fault(file_, 1 + static_cast<std::size_t>(std::ranges::count(before, '\n')),
                     fmt::format("not JSON (byte {}); expected RFC 8259", position));
  }

 private:
  struct Open {
    Value value;
    std::string path, key;
    std::set<std::string> keys;
  };

  Value* add(Value::Kind kind) {
    Value one;
    one.kind = kind;
    if (open_.empty()) {
      one.where = file_;
      top_ = std::move(one);
      return &top_;
    }
    auto& at = open_.back();
    if (at.value.kind == Value::Kind::table) one.key = at.key;
    one.where = place(file_, 0, path_in(at));
    at.value.items.push_back(std::move(one));
    return &at.value.items.back();
  }

  static std::string path_in(const Open& at) {
    return at.value.kind == Value::Kind::table ? below(at.path, at.key)
                                               : fmt::format("{}[{}]", at.path, at.value.items.size() + 1);
  }

  bool open(Value::Kind kind) {
    Open one;
    if (!open_.empty()) {
      one.path = path_in(open_.back());
      if (open_.back().value.kind == Value::Kind::table) one.value.key = open_.back().key;
    }
    one.value.kind = kind;
    one.value.where = place(file_, 0, one.path);
    // Variables of Ansible that are not ours may be deep; what they hold is of no interest.
    if (open_.size() > kMaxJsonDepth)
      throw base::Error(fmt::format("{}: nested too deep", one.value.where), base::Exit::usage);
    open_.push_back(std::move(one));
    return true;
  }

  bool close() {
    auto done = std::move(open_.back().value);
    open_.pop_back();
    if (open_.empty())
      top_ = std::move(done);
    else
      open_.back().value.items.push_back(std::move(done));
    return true;
  }

  static constexpr std::size_t kMaxJsonDepth = 64;
  std::string_view text_;
  const std::string& file_;
  std::vector<Open> open_;
  Value top_;
};

}  // namespace

const Value* Value::find(std::string_view name) const {
  const auto found = std::ranges::find(items, name, &Value::key);
  return kind != Kind::table || found == items.end() ? nullptr : &*found;
}

base::Error fault(const Value& value, const std::string& what, const std::string& expected) {
  return base::Error(fmt::format("{}: {}; expected {}", value.where, what, expected), base::Exit::usage);
}

std::string kind_name(const Value& value) {
  switch (value.kind) {
    case Value::Kind::text:
      return value.text.empty() ? "an empty text" : "a text";
    case Value::Kind::number:
      return "a number";
    case Value::Kind::boolean:
      return "true or false";
    case Value::Kind::list:
      return value.items.empty() ? "an empty list" : "a list";
    case Value::Kind::table:
      return "a table";
    default:
      return "a value of another type";
  }
}

std::string where_below(const Value& parent, std::string_view key) {
  // The top-level table has a file alone for its place.
  return parent.key.empty() && parent.where.find(": ") == std::string::npos
             ? fmt::format("{}: {}", parent.where, shown_key(key))
             : fmt::format("{}.{}", parent.where, shown_key(key));
}

Value read_toml(std::string_view text, const std::string& file) {
  check_lines(text, file);
  try {
    const toml::table table = toml::parse(text);
    auto out = TomlReader(file).read(table, "", "", 0);
    out.where = file;
    return out;
  } catch (const toml::parse_error& error) {
    throw file_fault(file, error.source().begin.line, "not TOML: " + base::printable(error.description(), 200));
  }
}

Value read_json(std::string_view text, const std::string& file) {
  JsonReader reader(text, file);
  if (!nlohmann::json::sax_parse(std::string(text), &reader)) throw file_fault(file, 0, "not JSON; expected RFC 8259");
  auto out = reader.take();
  if (out.kind != Value::Kind::table) throw fault(out, "it is " + kind_name(out), "an object");
  return out;
}

}  // namespace fleet
