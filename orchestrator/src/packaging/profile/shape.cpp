// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace profile {
namespace {

using model::Severity;
using nlohmann::json;

std::string briefly(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return base::printable(value.dump(-1, ' ', false, json::error_handler_t::replace), 60);
}

class Checker {
 public:
  Checker(Scope scope, std::string where, std::string base, model::Findings& findings)
      : scope_(scope), where_(std::move(where)), base_(std::move(base)), findings_(findings) {}

  void object(const json& value, const std::string& pointer) {
    const auto known = names_below(pointer, scope_);
    for (const auto& [key, member] : value.items()) {
      const auto path = pointer + "/" + key;
      if (std::ranges::find(known, key) == known.end()) {
        unknown(key, pointer, known);
      } else if (pointer.empty() && key == "id" && scope_ == Scope::release) {
        string(member, path, release_grammar());
      } else {
        field(member, path, *find_field(path));
      }
    }
  }

 private:
  void unknown(const std::string& key, const std::string& pointer, const std::vector<std::string>& known) {
    const auto other = scope_ == Scope::release ? Scope::distribution : Scope::release;
    const auto elsewhere = names_below(pointer, other);
    const auto shown = base::printable(key, 40);
    if (std::ranges::find(elsewhere, key) != elsewhere.end()) {
      add(pointer, fmt::format("\"{}\" does not belong here", shown),
          scope_ == Scope::release ? "it is said once, for the whole distribution" : "it belongs into a release");
      return;
    }
    const auto near = base::closest(key, known);
    add(pointer,
        near ? fmt::format("unknown key \"{}\", did you mean \"{}\"?", shown, *near)
             : fmt::format("unknown key \"{}\"", shown),
        near ? "" : "known here: " + base::join(known, ", "));
  }

  void field(const json& value, const std::string& path, const Field& table) {
    if (value.is_null()) {
      if (scope_ == Scope::distribution)
        add(path, "expected a value, got null", "leave the key out; null removes a value in a release");
      return;
    }
    switch (table.kind) {
      case Kind::object:
        if (is_object(value, path)) object(value, path);
        break;
      case Kind::string:
        string(value, path, *table.grammar);
        break;
      case Kind::integer:
        if (!value.is_number_integer() || value < 1 || value > 999)
          add(path, "expected a number from 1 to 999, got " + briefly(value), "");
        break;
      case Kind::choice:
        choice(value, path, {table.choices.begin(), table.choices.end()});
        break;
      case Kind::set:
        set(value, path, table);
        break;
      case Kind::dependencies:
        dependencies(value, path, *table.grammar);
        break;
      case Kind::macros:
        macros(value, path, {table.choices.begin(), table.choices.end()});
        break;
      case Kind::sources:
        sources(value, path);
        break;
      case Kind::packages:
        packages(value, path);
        break;
      case Kind::releases:
        break;  // the caller's
    }
  }

  bool is_object(const json& value, const std::string& path) {
    if (value.is_object()) return true;
    add(path, "expected an object, got " + briefly(value), "");
    return false;
  }

  void string(const json& value, const std::string& path, const Grammar& grammar) {
    if (!value.is_string()) return add(path, "expected a string, got " + briefly(value), "");
    if (const auto fault = misfit(grammar, value.get_ref<const std::string&>()); !fault.empty()) add(path, fault, "");
  }

  void choice(const json& value, const std::string& path, const std::vector<std::string>& choices) {
    const auto all = base::join(choices, ", ");
    if (!value.is_string()) return add(path, fmt::format("expected one of {}; got {}", all, briefly(value)), "");
    const auto& word = value.get_ref<const std::string&>();
    if (std::ranges::find(choices, word) != choices.end()) return;
    const auto near = base::closest(word, choices);
    add(path, fmt::format("expected one of {}; got {}", all, briefly(value)),
        near ? fmt::format("did you mean \"{}\"?", *near) : "");
  }

  void set(const json& value, const std::string& path, const Field& table) {
    if (!is_object(value, path)) return;
    for (const auto& [key, member] : value.items()) {
      if (const auto fault = misfit(*table.grammar, key); !fault.empty()) {
        add(path, fault, "");
      } else if (!table.choices.empty()) {
        choice(key, path, {table.choices.begin(), table.choices.end()});
      }
      const bool removed = member.is_null() && scope_ == Scope::release;
      if (member != true && !removed)
        add(path + "/" + base::printable(key), "expected true, got " + briefly(member),
            "a set is written as {\"member\": true}");
    }
  }

  void dependencies(const json& value, const std::string& path, const Grammar& grammar) {
    if (!is_object(value, path)) return;
    for (const auto& [name, member] : value.items()) {
      const auto place = path + "/" + base::printable(name);
      if (const auto fault = misfit(grammar, name); !fault.empty()) add(path, fault, "");
      if (member.is_null() && scope_ == Scope::release) continue;
      if (is_object(member, place)) dependency(member, place);
    }
  }

  void dependency(const json& member, const std::string& place) {
    static const std::vector<std::string> known = {"op", "version", "why"};
    for (const auto& [key, value] : member.items()) {
      const auto at = place + "/" + key;
      if (key == "op") {
        const auto list = operators();
        choice(value, at, {list.begin(), list.end()});
      } else if (key == "version") {
        string(value, at, version_grammar());
      } else if (key == "why") {
        string(value, at, prose_grammar());
      } else {
        unknown(key, place, known);
      }
    }
    if (member.contains("op") != member.contains("version"))
      add(place, "\"op\" and \"version\" go together", "give both, or none");
  }

  void packages(const json& value, const std::string& path) {
    if (!is_object(value, path)) return;
    if (value.empty() && scope_ == Scope::distribution) add(path, "expected at least one package, got none", "");
    for (const auto& [name, member] : value.items()) {
      const auto place = path + "/" + name;
      if (const auto fault = misfit(package_grammar(), name); !fault.empty()) {
        add(path, fault, "");
      } else if (member.is_null()) {
        if (scope_ == Scope::distribution)
          add(place, "expected a value, got null", "leave the key out; null removes a package in a release");
      } else if (is_object(member, place)) {
        object(member, place);
      }
    }
  }

  void macros(const json& value, const std::string& path, const std::vector<std::string>& choices) {
    if (!is_object(value, path)) return;
    for (const auto& [name, member] : value.items()) {
      if (const auto fault = misfit(macro_name_grammar(), name); !fault.empty()) {
        add(path, fault, "");
      } else if (!choices.empty()) {
        choice(name, path, choices);
      }
      if (member.is_null() && scope_ == Scope::release) continue;
      string(member, path + "/" + base::printable(name), macro_value_grammar());
    }
  }

  void sources(const json& value, const std::string& path) {
    if (!is_object(value, path)) return;
    for (const auto& [pointer, text] : value.items()) {
      const auto place = fmt::format("{}: \"{}\"", path, base::printable(pointer));
      if (pointer.empty() || pointer.front() != '/') add(place, "expected a JSON pointer, as in \"/sshd/path\"", "");
      string(text, place, prose_grammar());
    }
  }

  void add(const std::string& pointer, std::string message, std::string hint) {
    const auto place = base_ + pointer;
    findings_.push_back({Severity::error,
                         fmt::format("{}: {}", where_, place.empty() ? "/" : base::printable(place, 200)),
                         std::move(message), std::move(hint)});
  }

  Scope scope_;
  std::string where_, base_;
  model::Findings& findings_;
};

}  // namespace

void check_shape(const json& level, Scope scope, const std::string& where, const std::string& base,
                 model::Findings& findings) {
  Checker(scope, where, base, findings).object(level, "");
}

}  // namespace profile
