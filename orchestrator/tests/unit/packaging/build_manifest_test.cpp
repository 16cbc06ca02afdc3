// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "build/manifest.hpp"

namespace {

namespace fs = std::filesystem;
using build::Manifest;
using nlohmann::json;

Manifest sample() {
  Manifest manifest;
  manifest.key = "k";
  manifest.format = "rpm";
  manifest.distribution = "fedora";
  manifest.release = "43";
  manifest.version = "1.0.0";
  manifest.isolated = true;
  manifest.seconds = 2.5;
  manifest.outputs = {{"a.rpm", base::sha256("a"), 1}};
  manifest.tree = {{"/etc/d", {base::Kind::directory, 0755, "root", "root", ""}},
                   {"/usr/bin/x", {base::Kind::file, 0755, "root", "adm", "bytes"}},
                   {"/usr/l", {base::Kind::symlink, 0777, "root", "root", "x"}}};
  return manifest;
}

class ManifestTest : public testing::Test {
 protected:
  std::optional<Manifest> read(const std::string& text) {
    base::write_file(temp_.path() / "manifest.json", text);
    return build::read_manifest(temp_.path());
  }
  base::TempDir temp_{base::temp_parent(), "manifest-"};
};

TEST_F(ManifestTest, SaysWhatThePackageInstallsByDigestAndNotByContent) {
  const auto document = json::parse(build::to_json(sample()));
  EXPECT_EQ(document["key"], "k");
  EXPECT_EQ(document["distribution"], "fedora");
  EXPECT_EQ(document["release"], "43");
  EXPECT_EQ(document["version"], "1.0.0");
  EXPECT_EQ(document["installs"], json::parse(R"([
    {"path": "/etc/d", "mode": "0755", "owner": "root:root"},
    {"path": "/usr/bin/x", "mode": "0755", "owner": "root:adm", "sha256": ")" +
                                              base::sha256("bytes") + R"("},
    {"path": "/usr/l", "mode": "0777", "owner": "root:root", "target": "x"}])"));
}

TEST_F(ManifestTest, WhatIsWrittenIsReadBack) {
  const auto manifest = read(build::to_json(sample()));
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->key, "k");
  EXPECT_EQ(manifest->format, "rpm");
  EXPECT_TRUE(manifest->isolated);
  EXPECT_EQ(manifest->seconds, 2.5);
  ASSERT_EQ(manifest->outputs.size(), 1U);
  EXPECT_EQ(manifest->outputs[0].name, "a.rpm");
  EXPECT_EQ(manifest->outputs[0].sha256, base::sha256("a"));
  EXPECT_EQ(manifest->outputs[0].size, 1U);
}

TEST_F(ManifestTest, WithoutOneThereIsNone) {
  EXPECT_FALSE(build::read_manifest(temp_.path()));
  EXPECT_FALSE(build::read_manifest(temp_.path() / "none"));
}

TEST_F(ManifestTest, ABrokenOneIsNone) {
  for (const auto* text :
       {"", "{", "[]", "3", "null", "{}", "\xff", R"({"key":3,"format":"rpm","seconds":1,"outputs":[]})",
        R"({"key":"k","format":"rpm","seconds":"x","outputs":[]})",
        R"({"key":"k","format":"rpm","seconds":1,"outputs":[{}]})",
        R"({"key":"k","format":"rpm","seconds":1,"outputs":[3]})",
        R"({"key":"k","format":"rpm","seconds":1,"outputs":[{"name":"a","sha256":3,"size":1}]})"}) {
    EXPECT_FALSE(read(text)) << text;
  }
  EXPECT_FALSE(read(build::to_json(sample()).substr(0, 100)));
  EXPECT_FALSE(read(std::string(1000000, '[')));
}

TEST_F(ManifestTest, ANameThatEscapesMakesItNone) {
  for (const auto* name : {"../x", "/etc/passwd", "a/b", "", ".", "..", "a\nb"}) {
    auto manifest = sample();
    manifest.outputs[0].name = name;
    EXPECT_FALSE(read(build::to_json(manifest))) << name;
  }
}

TEST_F(ManifestTest, AHugeOneIsNoneAndIsNotRead) {
  base::write_file(temp_.path() / "manifest.json", "");
  fs::resize_file(temp_.path() / "manifest.json", 100U << 20U);
  EXPECT_FALSE(build::read_manifest(temp_.path()));
}

TEST_F(ManifestTest, IsWholeWhenEveryOutputLiesThereAndNothingElse) {
  base::write_file(temp_.path() / "manifest.json", "{}");
  EXPECT_FALSE(build::is_whole(sample(), temp_.path())) << "the output is missing";
  base::write_file(temp_.path() / "a.rpm", "a");
  EXPECT_TRUE(build::is_whole(sample(), temp_.path()));
  base::write_file(temp_.path() / "a.rpm", "b");
  EXPECT_FALSE(build::is_whole(sample(), temp_.path())) << "its bytes differ";
  base::write_file(temp_.path() / "a.rpm", "a");
  base::write_file(temp_.path() / "b.rpm", "b");
  EXPECT_FALSE(build::is_whole(sample(), temp_.path())) << "another file";
  fs::remove(temp_.path() / "b.rpm");
  fs::rename(temp_.path() / "a.rpm", temp_.path().string() + ".aside");
  fs::create_symlink(temp_.path().string() + ".aside", temp_.path() / "a.rpm");
  EXPECT_FALSE(build::is_whole(sample(), temp_.path())) << "a link";
  fs::remove(temp_.path().string() + ".aside");
  EXPECT_FALSE(build::is_whole(sample(), temp_.path() / "none"));
}

}  // namespace
