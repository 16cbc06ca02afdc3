// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "build/job.hpp"
#include "fakes.hpp"
#include "formats/rpm.hpp"
#include "formats/rpm_header.hpp"
#include "profile/select.hpp"

namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A release of rpm's, out of the project itself.
const build::Job& rpm_job() {
  static const fakes::SystemContext context;
  static const auto workspace =
      build::open_workspace({PROJECT_ROOT, "Ada Example <ada@example.org>", {"module"}, {}, {}}, context);
  static const auto jobs = [] {
    auto all = build::plan(workspace, profile::all(workspace.profiles), context);
    std::erase_if(all, [](const build::Job& job) { return job.recipe.format != "rpm"; });
    return all;
  }();
  return jobs.front();
}

class RpmHeader : public testing::Test {
 protected:
  RpmHeader() {
    const auto changes = formats::rpm_changelog(from_);
    header_ = {{"headeri18ntable", {"C"}},
               {"name", {"dracut-sshd"}},
               {"os", {"linux"}},
               {"group", {"Unspecified"}},
               {"sourcerpm", {"s.src.rpm"}},
               {"providename", {"dracut-sshd"}},
               {"provideversion", {"1-1"}},
               {"provideflags", {"8"}},
               {"postinprog", {"/bin/sh"}},
               {"preunprog", {"/bin/sh"}},
               {"postunprog", {"/bin/sh"}},
               {"basenames", {"program", "README.md"}},
               {"dirnames", {"/usr/bin/", from_.profile.package.doc_dir + "/"}},
               {"dirindexes", {"0", "1"}},
               {"fileflags", {"0", "2"}},
               {"fileverifyflags", {"4294967295", "4294967295"}}};
    std::string description;
    for (const auto& line : from_.project.description) description += (description.empty() ? "" : "\n") + line;
    header_["description"] = {description};
    for (const auto& change : changes) {
      header_["changelogtime"].push_back(std::to_string(change.day + 43200));
      header_["changelogname"].push_back(change.name);
      header_["changelogtext"].push_back(change.text);
    }
  }
  [[nodiscard]] std::vector<std::string> faults() const {
    return formats::rpm_header_faults(from_, header_, "1-1", "s.src.rpm");
  }

  formats::Ingredients from_ = rpm_job().ingredients();
  formats::RpmHeader header_;
};

TEST_F(RpmHeader, OfOurOwnSpecFileIsFine) { EXPECT_THAT(faults(), IsEmpty()); }

TEST_F(RpmHeader, EveryTagThatIsNotKnownIsRefusedByName) {
  for (const char* tag : {"epoch", "filecaps", "prefixes", "vendor", "packager", "distribution", "bugurl",
                          "obsoletename", "ordername", "preunflags", "prein", "triggername", "vcs", "(unknown)"}) {
    header_[tag] = {"x"};
    EXPECT_THAT(faults(), ElementsAre(HasSubstr(fmt::format("no profile knows: {} = \"x\"", tag))));
    header_.erase(tag);
  }
}

TEST_F(RpmHeader, AnotherValueIsRefused) {
  const auto good = header_;
  const auto refused = [&](const std::string& tag, const std::vector<std::string>& values) {
    header_ = good;
    header_[tag] = values;
    EXPECT_THAT(faults(), Contains(HasSubstr(tag))) << tag;
  };
  refused("providename", {"dracut-sshd", "openssh-server"});
  refused("provideversion", {"99-1"});
  refused("provideflags", {"12"});
  refused("postinprog", {"<lua>"});
  refused("preunprog", {"<lua>"});
  refused("postunprog", {"<lua>"});
  refused("description", {"Something else"});
  refused("changelogtext", {"- Another story"});
  refused("changelogname", {});
  refused("fileverifyflags", {"4294967295", "0"});
  refused("filelangs", {"", "de"});
  refused("sourcerpm", {"other.src.rpm"});
  refused("fileflags", {"0"});
  header_ = good;
  header_["fileflags"] = {"2", "2"};  // a program that --excludedocs leaves out
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("/usr/bin/program has the file flags 2")));
}

TEST(RpmHeaderXml, IsReadWithItsEntitiesAndEmptyValues) {
  const auto header = formats::read_rpm_header(
      "<rpmHeader>\n  <rpmTag name=\"Name\">\n\t<string>a &lt;b&gt; &amp;lt;</string>\n  </rpmTag>\n"
      "  <rpmTag name=\"Filelangs\">\n\t<string/>\n\t<string>de</string>\n  </rpmTag>\n"
      "  <rpmTag name=\"Size\">\n\t<integer>7</integer>\n  </rpmTag>\n</rpmHeader>\n");
  EXPECT_EQ(header.size(), 3U);
  EXPECT_THAT(header.at("name"), ElementsAre("a <b> &lt;"));
  EXPECT_THAT(header.at("filelangs"), ElementsAre("", "de"));
  EXPECT_THAT(header.at("size"), ElementsAre("7"));
}

TEST(RpmHeaderXml, ThatIsBrokenIsAnError) {
  for (const char* text :
       {"", "rpm: no such file", "<rpmTag name=\"Name\">", "<rpmTag name=\"Name\"><string>a</rpmTag>",
        "<rpmTag name=\"Name\"><mystery>a</mystery></rpmTag>",
        "<rpmTag name=\"A\"><string/></rpmTag><rpmTag name=\"a\"><string/></rpmTag>"})
    EXPECT_THROW((void)formats::read_rpm_header(text), base::Error) << text;
}

}  // namespace
