// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "admin/describe_json.hpp"
#include "base/files.hpp"
#include "images.hpp"
#include "inspect/check.hpp"

namespace {

using nlohmann::json;

/// What of a document a schema does not allow: of its keywords those that the schema uses.
std::string why_not(const json& schema, const json& value, const std::string& at = "document");

bool is_type(const std::string& type, const json& value) {
  return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
         (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
         (type == "boolean" && value.is_boolean()) || (type == "null" && value.is_null());
}

std::string why_not_object(const json& schema, const json& value, const std::string& at) {
  for (const auto& name : schema.value("required", json::array()))
    if (!value.contains(name)) return at + ": " + name.get<std::string>() + " is missing";
  const auto properties = schema.value("properties", json::object());
  for (const auto& [name, one] : value.items()) {
    if (!properties.contains(name)) return at + ": " + name + " is not in the schema";
    if (auto why = why_not(properties.at(name), one, at + "." + name); !why.empty()) return why;
  }
  return {};
}

std::string why_not(const json& schema, const json& value, const std::string& at) {
  if (schema.contains("type")) {
    const auto types = schema["type"].is_array() ? schema["type"] : json::array({schema["type"]});
    if (std::none_of(types.begin(), types.end(), [&](const json& type) { return is_type(type, value); }))
      return at + " is no " + types.dump();
  }
  if (schema.contains("const") && schema["const"] != value) return at + " is not " + schema["const"].dump();
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return at + " is none of " + schema["enum"].dump();
  if (value.is_object()) return why_not_object(schema, value, at);
  if (value.is_array() && schema.contains("items")) {
    for (const auto& one : value)
      if (auto why = why_not(schema["items"], one, at + "[]"); !why.empty()) return why;
  }
  return {};
}

json schema() {
  return json::parse(base::read_file(PROJECT_ROOT "/orchestrator/schema/inspect.schema.json", 1U << 20U));
}

json document_of(const images::Files& files) {
  const auto image = images::image_of(files);
  inspect::Options options;
  options.now = 1764000000;
  const auto facts = inspect::gather(image, options);
  const auto findings = inspect::check_all(facts);
  const std::string name = "image";
  const std::string source;
  return json::parse(admin::to_json({name, source, image, facts, findings}).dump());
}

TEST(InspectJson, IsWhatTheSchemaSays) {
  auto files = images::good();
  EXPECT_EQ(why_not(schema(), document_of(files)), "");
  EXPECT_EQ(document_of(files)["answer"], "lets-in");
  files.erase("root/.ssh/authorized_keys");
  EXPECT_EQ(document_of(files)["answer"], "keeps-out");
  files.erase("usr/sbin/sshd");
  EXPECT_EQ(why_not(schema(), document_of(files)), "");
  auto odd = document_of(images::good());
  odd["answer"] = "perhaps";
  EXPECT_NE(why_not(schema(), odd), "");
  odd = document_of(images::good());
  odd["authorized_keys"][0].erase("from");
  EXPECT_EQ(why_not(schema(), odd), "document.authorized_keys[]: from is missing");
}

TEST(InspectJson, OfAKeySaysWhatTiesIt) {
  auto files = images::good();
  files.at("root/.ssh/authorized_keys").body = R"(command="unlock",from="10.0.0.0/8",expiry-time="20990101" )" +
                                               images::kKey + "cert-authority " + images::kHostKey + "no-such-option " +
                                               images::kKey;
  const auto keys = document_of(files)["authorized_keys"];
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0]["command"], "unlock");
  EXPECT_EQ(keys[0]["from"], "10.0.0.0/8");
  EXPECT_EQ(keys[0]["expiry_time"], "20990101");
  EXPECT_EQ(keys[0]["cert_authority"], false);
  EXPECT_EQ(keys[0]["fault"], "");
  EXPECT_EQ(keys[1]["command"], nullptr);
  EXPECT_EQ(keys[1]["cert_authority"], true);
  EXPECT_THAT(keys[2]["fault"].get<std::string>(), testing::HasSubstr("no-such-option"));
}

TEST(InspectText, NamesTheCommandAndTheAddressesThatAKeyIsTiedTo) {
  auto files = images::good();
  files.at("root/.ssh/authorized_keys").body = R"(command="unlock",from="10.0.0.0/8" )" + images::kKey;
  images::put(files, "usr/bin/unlock", images::elf("unlock"), 0100755);
  const auto image = images::image_of(files);
  const inspect::Options options;
  const auto facts = inspect::gather(image, options);
  const auto findings = inspect::check_all(facts);
  const std::string name = "image";
  const std::string source;
  const auto text = admin::to_text({name, source, image, facts, findings}, false);
  EXPECT_THAT(text, testing::HasSubstr(
                        "somebody (/root/.ssh/authorized_keys:1), only to run \"unlock\", only from 10.0.0.0/8\n"));
  EXPECT_THAT(text, testing::HasSubstr("--from ADDRESS says where you will come from"));
  EXPECT_THAT(text, testing::HasSubstr("CANNOT BE TOLD"));
}

TEST(InspectJson, IsThereForAnImageThatCannotBeReadToo) {
  const auto document =
      json::parse(admin::to_json("/boot/x", base::Error("/boot/x: no such file").with_hint("name one")).dump());
  EXPECT_EQ(why_not(schema(), document), "");
  EXPECT_EQ(document["answer"], "cannot-tell");
  EXPECT_EQ(document["error"]["hint"], "name one");
}

TEST(InspectJson, ItsFieldsAreInTheManualPage) {
  const auto page = base::read_file(PROJECT_ROOT "/orchestrator/man/dracut-sshd.1", 1U << 20U);
  const auto section = page.substr(page.find(".Sh JSON"), page.find(".Sh EXIT STATUS") - page.find(".Sh JSON"));
  const auto fields = schema()["properties"];
  for (const auto& [name, one] : fields.items()) EXPECT_NE(section.find(name), std::string::npos) << name;
  const auto of_keys = fields["authorized_keys"]["items"]["properties"];
  for (const auto& [name, one] : of_keys.items()) EXPECT_NE(section.find(name), std::string::npos) << name;
  EXPECT_NE(section.find("now " + std::to_string(admin::kInspectSchema) + ","), std::string::npos);
}

}  // namespace
