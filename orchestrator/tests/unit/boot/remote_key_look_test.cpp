// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/files.hpp"
#include "fakes.hpp"
#include "remote/key_look.hpp"

namespace remote {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kEarlyBlob = "AAAAC3NzaC1lZDI1NTE5AAAAILSOeG7gS2DF7TpdNPDgcq0Fehiv3qtECHU+fIqqqxdu";
const std::string kRealBlob = "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
const std::string kRsaBlob = "AAAAB3NzaC1yc2EAAAADAQABAAABgQC";

KnownKeys of(std::set<std::string> keys) {
  KnownKeys out;
  out.keys = std::move(keys);
  return out;
}

TEST(KeyLook, ReadsWhatSshKeyscanPrints) {
  const auto shown =
      parse_shown("# h1:22 SSH-2.0-OpenSSH_9.2\nh1 ssh-ed25519 " + kEarlyBlob + "\n[h2]:2222 ssh-ed25519 " + kRealBlob +
                      "\nh9 ssh-ed25519 AAAA\nh1 no-type AAAA\nh1 ssh-rsa A;A\n[h2 ssh-rsa AAAA\n\n",
                  {"h1", "h2"});
  ASSERT_EQ(shown.size(), 2U);
  ASSERT_EQ(shown.at("h1").size(), 1U);
  EXPECT_EQ(shown.at("h1")[0].blob, kEarlyBlob);
  EXPECT_EQ(shown.at("h2")[0].blob, kRealBlob);
}

TEST(KeyLook, AsksOncePerPortAndTypes) {
  fakes::Context<> context;
  context.runner.set([](const base::Command& command) {
    base::Outcome out;
    const bool other = std::ranges::find(command.argv, "2222") != command.argv.end();
    out.out = (other ? "[h2]:2222 ssh-ed25519 " : "h1 ssh-ed25519 ") + kEarlyBlob + "\n";
    return out;
  });
  const auto shown = shown_keys({{"h1", "192.0.2.1", 22, {"ed25519"}},
                                 {"h2", "192.0.2.2", 2222, {"ed25519"}},
                                 {"h3", "2001:db8::1", 22, {"ed25519"}}},
                                std::chrono::seconds(4), context);
  EXPECT_EQ(shown.size(), 2U);
  const auto commands = context.runner.commands();
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_THAT(commands[0].argv, ElementsAre("ssh-keyscan", "-T", "4", "-p", "22", "-t", "ed25519", "-f", "-"));
  EXPECT_EQ(commands[0].data.at(0), "192.0.2.1 h1\n2001:db8::1 h3\n");
}

TEST(KeyLook, TellsTheSystemsApart) {
  Prepared prepared;
  prepared.initramfs = of({kEarlyBlob});
  prepared.real = of({kRealBlob, kRsaBlob});
  prepared.unsealed = of({"AAAAu"});
  const auto shows = [&](const std::string& blob) { return what_it_shows(prepared, {{"t", blob}}); };
  EXPECT_EQ(shows(kEarlyBlob), Shows::initramfs);
  EXPECT_EQ(shows(kRealBlob), Shows::real);
  EXPECT_EQ(shows("AAAAu"), Shows::unsealed);
  EXPECT_EQ(shows("AAAAx"), Shows::stranger);
  EXPECT_EQ(what_it_shows(prepared, {}), Shows::nothing);
  prepared.real.keys.insert(kEarlyBlob);
  EXPECT_EQ(shows(kEarlyBlob), Shows::both);
}

TEST(KeyLook, AsksForAsFewTypesAsItNeeds) {
  Prepared prepared;
  EXPECT_THAT(prepared.types(), IsEmpty());
  prepared.initramfs = of({kEarlyBlob, kRsaBlob});
  prepared.real = of({kRealBlob});
  EXPECT_THAT(prepared.types(), ElementsAre("ed25519"));
  prepared.real = of({kRsaBlob});
  prepared.initramfs = of({kEarlyBlob});
  EXPECT_THAT(prepared.types(), ElementsAre("ed25519", "rsa"));
}

TEST(Prepared, IsStaleWhenKnownHostsChanges) {
  const base::TempDir folder("/tmp", "watch-test.");
  const auto known = folder.path() / "known";
  base::write_file(known, "db-initramfs ssh-ed25519 " + kEarlyBlob + "\n");
  fakes::Context<> context;
  context.runner.set([&](const base::Command& command) {
    base::Outcome out;
    const bool lookup = command.argv[0] == "ssh-keygen";
    if (command.stdout_to.empty()) return out;
    if (lookup && command.argv[2] == "db-initramfs") {
      base::write_file(command.stdout_to, "# found\ndb-initramfs ssh-ed25519 " + kEarlyBlob + "\n");
    } else if (lookup) {
      out.status = 1;
    } else {
      base::write_file(command.stdout_to,
                       "user root\nhostname db.example.org\nport 2222\nuserknownhostsfile " + known.string() + "\n");
    }
    return out;
  });
  for (const auto* tool : {"ssh-keygen", "ssh"}) {
    base::write_file(folder.path() / tool, "");
    std::filesystem::permissions(folder.path() / tool, std::filesystem::perms::owner_all);
  }
  context.environment["PATH"] = folder.path().string();
  Target target;
  target.host = "db";
  const auto prepared = prepare(target, context);
  EXPECT_EQ(prepared.machine.target.alias, "db-initramfs");
  EXPECT_EQ(prepared.host_name, "db.example.org");
  EXPECT_EQ(prepared.port, 2222);
  EXPECT_TRUE(prepared.direct);
  EXPECT_TRUE(prepared.comparable);
  EXPECT_FALSE(prepared.is_stale());
  base::write_file(known, "");
  EXPECT_TRUE(prepared.is_stale());
}

}  // namespace
}  // namespace remote
