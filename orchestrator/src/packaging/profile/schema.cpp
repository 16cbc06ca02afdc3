// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/schema.hpp"

#include <nlohmann/json.hpp>

#include "profile/fields.hpp"

namespace profile {
namespace {

using json = nlohmann::ordered_json;

json text(const Grammar& grammar) { return {{"type", "string"}, {"pattern", pattern(grammar)}}; }

json object(json properties) {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

json map_of(const Grammar& names, json value) {
  return {
      {"type", "object"}, {"additionalProperties", false}, {"patternProperties", {{pattern(names), std::move(value)}}}};
}

/// Where null may stand: in a release, to remove what the distribution says.
json or_null(json value, bool nullable) {
  if (!nullable) return value;
  return {{"anyOf", {std::move(value), {{"type", "null"}}}}};
}

json dependency() {
  json operators_ = json::array();
  for (const auto op : operators()) operators_.push_back(std::string(op));
  auto value =
      object({{"op", {{"enum", operators_}}}, {"version", text(version_grammar())}, {"why", text(prose_grammar())}});
  value["dependentRequired"] = {{"op", {"version"}}, {"version", {"op"}}};
  return value;
}

class Builder {
 public:
  explicit Builder(bool merged) : merged_(merged) {}

  json level(const std::string& pointer, Scope scope, bool nullable) const {
    json properties = json::object();
    json required = json::array();
    for (const auto& name : names_below(pointer, scope)) {
      if (pointer.empty() && name == "id" && scope == Scope::release) {
        properties["id"] = text(release_grammar());
        required.push_back("id");
        continue;
      }
      const auto* field = find_field(pointer + "/" + name);
      properties[name] = or_null(one(*field, scope, nullable), nullable);
      properties[name]["description"] = std::string(field->doc);
      const bool own = scope == Scope::distribution && field->scope == Scope::distribution;
      // What stands directly below /package may be said package by package.
      const bool of_each = pointer == "/package" && !field->common;
      if (own || (merged_ && field->required && !of_each)) required.push_back(name);
    }
    auto schema = object(properties);
    if (!required.empty()) schema["required"] = required;
    return schema;
  }

 private:
  json one(const Field& field, Scope scope, bool nullable) const {
    switch (field.kind) {
      case Kind::object:
        return level(std::string(field.pointer), scope, nullable);
      case Kind::string:
        return text(*field.grammar);
      case Kind::integer:
        return {{"type", "integer"}, {"minimum", 1}, {"maximum", 999}};
      case Kind::choice: {
        json all = json::array();
        for (const auto choice : field.choices) all.push_back(std::string(choice));
        return {{"enum", all}};
      }
      case Kind::set:
        if (!field.choices.empty()) {
          json members = json::object();
          for (const auto choice : field.choices) members[std::string(choice)] = or_null({{"const", true}}, nullable);
          return object(members);
        }
        return map_of(*field.grammar, or_null({{"const", true}}, nullable));
      case Kind::dependencies:
        return map_of(*field.grammar, or_null(dependency(), nullable));
      case Kind::macros:
        if (!field.choices.empty()) {
          json members = json::object();
          for (const auto choice : field.choices)
            members[std::string(choice)] = or_null(text(macro_value_grammar()), nullable);
          return object(members);
        }
        return map_of(macro_name_grammar(), or_null(text(macro_value_grammar()), nullable));
      case Kind::sources:
        return {{"type", "object"},
                {"additionalProperties", text(prose_grammar())},
                {"propertyNames", {{"pattern", "^/"}}}};
      case Kind::packages:
        return map_of(package_grammar(), or_null(Builder(false).level("/packages/*", scope, nullable), nullable));
      case Kind::releases:
        return {{"type", "array"}, {"minItems", 1}, {"items", level("", Scope::release, true)}};
    }
    return {};
  }

  bool merged_;
};

}  // namespace

std::string schema(bool merged) {
  json top = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", merged ? "A merged profile" : "A distribution's profile"}};
  const Builder builder(merged);
  auto level = builder.level("", Scope::distribution, false);
  if (merged) {
    // what `show --json` prints: the distribution's and the release's fields in one object
    auto release = builder.level("", Scope::release, false);
    for (const auto* key : {"default", "releases", "sources"}) level["properties"].erase(key);
    for (auto& [name, value] : release["properties"].items()) {
      if (name != "id" && name != "sources") level["properties"][name] = value;
    }
    level["properties"]["release"] = text(release_grammar());
    level["required"] = json::array(
        {"id", "name", "os_release", "release", "dracut", "openssh", "package", "packages", "sshd", "initrd"});
  }
  top.update(level);
  return top.dump(2);
}

}  // namespace profile
