// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "fleet/selection.hpp"

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const fleet::Inventory& some_inventory() {
  static const fleet::Inventory inventory({{"hosts.toml", R"(
[defaults]
port = 2222
[[pattern]]
match = "db*"
deadline = 60
[group.web]
hosts = ["web2", "web1"]
[host.web1]
[host.web2]
real-user = "ada"
[host.db1]
groups = ["db"]
[group.none]
)",
                                            0}},
                                          "");
  return inventory;
}

std::vector<std::string> selected(const std::vector<std::string>& words, bool all = false) {
  std::vector<std::string> out;
  for (const auto& host : fleet::select(some_inventory(), words, all))
    out.push_back(host.real_user.empty() ? host.name : host.real_user + "@" + host.name);
  return out;
}

std::string said_of_words(const std::vector<std::string>& words, bool all = false) {
  try {
    (void)fleet::select(some_inventory(), words, all);
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::usage);
    return std::string(error.what()) + "\n" + error.hint();
  }
}

TEST(FleetSelection, WordsAreTakenInTheirOrderAndEachHostOnce) {
  EXPECT_THAT(selected({"db1", "@web", "web1", "db1"}), ElementsAre("db1", "web1", "ada@web2"));
  EXPECT_THAT(selected({"@all"}), ElementsAre("web1", "ada@web2", "db1"));
  EXPECT_THAT(selected({}, true), ElementsAre("web1", "ada@web2", "db1"));
  EXPECT_THAT(selected({"web?", "*1"}), ElementsAre("web1", "ada@web2", "db1"));
}

TEST(FleetSelection, AUserBeforeTheNameIsThatOfTheRealSystem) {
  EXPECT_THAT(selected({"bob@web2", "eve@new"}), ElementsAre("bob@web2", "eve@new"));
  EXPECT_THAT(selected({"@web", "bob@web1"}), ElementsAre("bob@web1", "ada@web2"));
  EXPECT_THAT(selected({"bob@web*"}), ElementsAre("bob@web1", "bob@web2"));
  EXPECT_THAT(selected({"a@realm@web1"}), ElementsAre("a@realm@web1"));
  EXPECT_THAT(said_of_words({"bob@web1", "eve@web1"}), HasSubstr("already named with the user bob"));
}

TEST(FleetSelection, ANameThatNoFileHasGetsDefaultsAndPatterns) {
  const auto hosts = fleet::select(some_inventory(), {"db7", "new"});
  EXPECT_EQ(hosts.at(0).port, "2222");
  EXPECT_EQ(hosts.at(0).deadline, std::chrono::seconds(60));
  EXPECT_EQ(hosts.at(1).deadline, std::nullopt);
  EXPECT_EQ(fleet::select({}, {"new"}).at(0).name, "new");
}

TEST(FleetSelection, WhatMeansNoHostIsAnError) {
  EXPECT_THAT(said_of_words({"@wbe"}), HasSubstr("\"@wbe\": there is no such group; expected \"@web\""));
  EXPECT_THAT(said_of_words({"@elsewhere"}),
              AllOf(HasSubstr("no such group"), HasSubstr("its groups: @db, @none, @web")));
  EXPECT_THAT(said_of_words({"@none"}), HasSubstr("no host is in the group"));
  EXPECT_THAT(said_of_words({"x*"}), HasSubstr("no host of the inventory matches"));
  EXPECT_THAT(said_of_words({"web1"}, true), HasSubstr("a host beside --all"));
  EXPECT_THAT(said_of_words({}), HasSubstr("expected HOST, @GROUP or --all"));
  try {
    (void)fleet::select({}, {}, true);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the inventory has no host"));
  }
}

TEST(FleetSelection, WordsThatSshWouldReadOtherwiseAreRefused) {
  for (const auto* word : {"", "-x", "bob@", "bob@-x", "-l@web1", "a b", "a;b@web1", "ssh://web1", "we\x1b[2Jb", "a/b"})
    EXPECT_NE(said_of_words({word}), "") << word;
  EXPECT_EQ(said_of_words({"we\x1b[2Jb"}).find('\x1b'), std::string::npos);
}

}  // namespace
