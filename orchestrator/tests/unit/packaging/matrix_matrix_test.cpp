// SPDX-License-Identifier: GPL-3.0-or-later
#include "matrix/matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "golden.hpp"
#include "profile/select.hpp"
#include "samples.hpp"

namespace {

using matrix::MatrixOptions;
using matrix::Nights;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Release 1 in an image, release 2 with a nightly one; two architectures.
json sample() {
  auto document = samples::rpm();
  document["ci"] = {{"runners", {{"x86_64", "big"}, {"aarch64", "big-arm"}}},
                    {"kernel", {{"x86_64", "kernel"}, {"aarch64", "kernel"}}},
                    {"requires", {{"cryptsetup", json::object()}}},
                    {"tests", {{"install", true}, {"image", true}, {"inspect", true}}}};
  document["releases"][0]["ci"] = {{"container", "tester:1"}};
  document["releases"][1]["ci"] = {{"nightly", "hub/tester:next"}};
  return document;
}

class Matrix : public testing::Test {
 protected:
  [[nodiscard]] std::vector<matrix::Cell> cells(const MatrixOptions& options = {}) const {
    return matrix::cells(profile::all(loaded_), options);
  }
  [[nodiscard]] static std::vector<std::string> names(const std::vector<matrix::Cell>& cells) {
    std::vector<std::string> out;
    for (const auto& cell : cells) out.push_back(cell.name());
    return out;
  }
  profile::Loaded loaded_ = samples::load(sample());
};

TEST_F(Matrix, HasACellForEachReleaseAndArchitecture) {
  EXPECT_THAT(names(cells()),
              ElementsAre("tester-1-aarch64", "tester-1-x86_64", "tester-2-aarch64", "tester-2-x86_64"));
  EXPECT_THAT(names(cells({Nights::both, {"x86_64"}, {}})), ElementsAre("tester-1-x86_64", "tester-2-x86_64"));
  EXPECT_THAT(cells({Nights::both, {"s390x"}, {}}), IsEmpty());
}

TEST_F(Matrix, OfTheNightHasTheOnesWithANightlyImageInThatImage) {
  const auto only = cells({Nights::only, {}, {}});
  EXPECT_THAT(names(only), ElementsAre("tester-2-aarch64", "tester-2-x86_64"));
  EXPECT_EQ(only[0].container, "hub/tester:next");
  EXPECT_TRUE(only[0].nightly);
  EXPECT_THAT(names(cells({Nights::without, {}, {}})), ElementsAre("tester-1-aarch64", "tester-1-x86_64"));
}

TEST_F(Matrix, AReleaseWithoutRunnersHasNoCell) {
  const auto loaded = samples::load(samples::rpm());
  EXPECT_THAT(matrix::cells(profile::all(loaded), {}), IsEmpty());
}

TEST_F(Matrix, WithoutAnImageGithubGetsNull) {
  const auto document = json::parse(matrix::as_github(cells()));
  EXPECT_EQ(document["include"][0]["container"], "tester:1");
  EXPECT_TRUE(document["include"][2]["container"].is_null());
}

TEST_F(Matrix, ForGithubIsOneLine) {
  const auto text = matrix::as_github(cells());
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(matrix::as_github({}), "{\"include\":[]}\n");
}

TEST_F(Matrix, ALabelOfTheCommandLineIsTaken) {
  const auto chosen = cells({Nights::both, {}, {{"x86_64", "mine"}}});
  EXPECT_EQ(chosen[0].runner, "big-arm");
  EXPECT_EQ(chosen[1].runner, "mine");
  const auto text = matrix::as_gitlab(chosen);
  EXPECT_THAT(text, HasSubstr("tags: [\"mine\"]"));
  EXPECT_THAT(text, Not(HasSubstr("big-arm"))) << "the profiles' labels are GitHub's";
}

TEST_F(Matrix, WithoutACellGitlabGetsAJobThatDoesNothing) { EXPECT_THAT(matrix::as_gitlab({}), HasSubstr("script:")); }

TEST(Steps, EachNeedsTheOneBeforeIt) {
  auto document = sample();
  document["ci"]["tests"].erase("image");
  EXPECT_THAT(matrix::steps_of(samples::profile_of(document)), ElementsAre("package", "install"));
  EXPECT_THAT(matrix::steps_of(samples::profile_of(sample())), ElementsAre("package", "install", "image", "inspect"));
  EXPECT_THAT(matrix::steps_of(samples::profile_of(samples::rpm())), ElementsAre("package"));
}

TEST_F(Matrix, ForGithubIsAsAccepted) { golden::compare("matrix/github.json", matrix::as_github(cells())); }
TEST_F(Matrix, ForGitlabIsAsAccepted) {
  golden::compare("matrix/gitlab.yml", matrix::as_gitlab(cells({Nights::both, {}, {{"x86_64", "mine"}}})));
}
TEST_F(Matrix, AsJsonIsAsAccepted) { golden::compare("matrix/cells.json", matrix::as_json(cells())); }
TEST_F(Matrix, AsATableIsAsAccepted) { golden::compare("matrix/table.txt", matrix::as_table(cells())); }

/// The project's own profiles, so that a change of one is seen for what it does to the matrix.
TEST(OwnMatrix, IsAsAccepted) {
  const auto loaded = profile::load_files(profile::files_in(std::string(PROJECT_ROOT) + "/distros"));
  golden::compare("matrix/own.txt", matrix::as_table(matrix::cells(profile::all(loaded), {})) + "\nevery night:\n" +
                                        matrix::as_table(matrix::cells(profile::all(loaded), {Nights::only, {}, {}})));
}

}  // namespace
