// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "profile/fields.hpp"
#include "profile/load.hpp"
#include "profile/schema.hpp"

namespace {

using nlohmann::json;
using profile::Scope;
using testing::Contains;

const json& as_object(const json& node) { return node.contains("anyOf") ? node["anyOf"][0] : node; }

/// The schema's node of a field, or nothing.
const json* node_of(const json& schema, std::string_view pointer) {
  const json* node = &schema;
  while (!pointer.empty()) {
    const auto slash = pointer.find('/', 1);
    const auto name = std::string(pointer.substr(1, slash == std::string_view::npos ? slash : slash - 1));
    const auto& object = as_object(*node);
    if (!object.contains("properties") || !object["properties"].contains(name)) return nullptr;
    node = &object["properties"][name];
    pointer = slash == std::string_view::npos ? "" : pointer.substr(slash);
  }
  return node;
}

/// No object of the schema may let an unknown key through.
void expect_closed(const json& node, const std::string& place) {
  if (node.is_object() && node.contains("type") && node["type"] == "object")
    EXPECT_TRUE(node.contains("additionalProperties")) << place;
  if (node.is_structured()) {
    for (const auto& [key, member] : node.items()) expect_closed(member, place + "/" + key);
  }
}

TEST(Schema, HasEveryFieldOfTheTableAtItsLevel) {
  const auto schema = json::parse(profile::schema(false));
  const auto& release = schema["properties"]["releases"]["items"];
  for (const auto& field : profile::fields()) {
    const bool below_distribution = field.scope != Scope::release;
    EXPECT_EQ(node_of(schema, field.pointer) != nullptr, below_distribution) << field.pointer;
    EXPECT_EQ(node_of(release, field.pointer) != nullptr, field.scope != Scope::distribution || field.pointer == "/id")
        << field.pointer;
  }
}

TEST(Schema, AMergedProfileHasNeitherReleasesNorSourcesAndAReleaseOfItsOwn) {
  const auto schema = json::parse(profile::schema(true));
  for (const auto* key : {"/releases", "/sources", "/default"}) EXPECT_EQ(node_of(schema, key), nullptr) << key;
  EXPECT_NE(node_of(schema, "/release"), nullptr);
  EXPECT_NE(node_of(schema, "/eol"), nullptr);
  EXPECT_THAT(schema["required"].get<std::vector<std::string>>(),
              testing::IsSupersetOf({"id", "release", "package", "sshd", "initrd", "dracut", "openssh"}));
}

TEST(Schema, AMergedProfileRequiresWhatTheTableRequires) {
  const auto schema = json::parse(profile::schema(true));
  for (const auto& field : profile::fields()) {
    const auto slash = field.pointer.rfind('/');
    if (slash == 0 || !field.required) continue;
    const std::string name(field.pointer.substr(slash + 1));
    const auto* parent = node_of(schema, field.pointer.substr(0, slash));
    ASSERT_NE(parent, nullptr) << field.pointer;
    // What is said of each package stands in /package or in /packages.
    const bool of_each = field.pointer.starts_with("/package/") && slash == 8 && !field.common;
    const auto required = as_object(*parent).value("required", std::vector<std::string>());
    EXPECT_EQ(std::find(required.begin(), required.end(), name) != required.end(), !of_each) << field.pointer;
  }
}

TEST(Schema, LetsNoUnknownKeyThrough) {
  expect_closed(json::parse(profile::schema(false)), "");
  expect_closed(json::parse(profile::schema(true)), "");
}

TEST(Schema, NullIsAllowedInAReleaseAlone) {
  const auto schema = json::parse(profile::schema(false));
  EXPECT_TRUE(node_of(schema["properties"]["releases"]["items"], "/sshd/helper_dir")->contains("anyOf"));
  EXPECT_FALSE(node_of(schema, "/sshd/helper_dir")->contains("anyOf"));
}

TEST(Schema, NamesItsDraftAndDescribesEachField) {
  const auto schema = json::parse(profile::schema(false));
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ((*node_of(schema, "/sshd/path"))["description"], "Where sshd is.");
}

TEST(Schema, EveryMergedProfileOfTheProjectHasOnlyKeysThatTheMergedSchemaKnows) {
  const auto schema = json::parse(profile::schema(true));
  const auto loaded = profile::load_files(profile::files_in(std::filesystem::path(PROJECT_ROOT) / "distros"));
  ASSERT_FALSE(loaded.distributions.empty());
  for (const auto& distribution : loaded.distributions) {
    for (const auto& release : distribution.releases) {
      const auto merged = json::parse(release.merged);
      for (const auto& [key, value] : merged.items()) EXPECT_NE(node_of(schema, "/" + key), nullptr) << key;
      for (const auto& key : schema["required"]) EXPECT_TRUE(merged.contains(key.get<std::string>())) << key;
    }
  }
}

}  // namespace
