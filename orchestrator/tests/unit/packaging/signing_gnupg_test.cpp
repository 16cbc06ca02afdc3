// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "fakes.hpp"
#include "signing/gnupg.hpp"

namespace {

const std::string kFingerprint(40, 'A');
const std::string kListing =
    "sec:u:4096:1:0123456789ABCDEF:1700000000:::u:::scSC:::+:::23::0:\nfpr:::::::::" + kFingerprint +
    ":\nuid:u::::1700000000::HASH::A Packager <a@example.org>::::::::::0:\n";

/// A gpg that lists one key and makes another.
struct World {
  fakes::Context<> context{[this](const base::Command& command) {
    if (command.argv.front() == "gpg-connect-agent") return agent;
    if (command.argv.front() == "gpgconf") return base::Outcome{};
    const bool makes = command.argv.end() != std::ranges::find(command.argv, "--quick-generate-key");
    base::write_file(command.stdout_to, makes ? "[GNUPG:] KEY_CREATED P " + std::string(40, 'B') + "\n" : kListing);
    return outcome;
  }};
  base::Outcome outcome;
  base::Outcome agent;  // one runs
  signing::Gnupg gnupg{[this] {
    context.environment = {{"HOME", "/home/a"}, {"GPG_TTY", "/dev/pts/7"}, {"LD_PRELOAD", "evil.so"}};
    return base::Context(context);
  }()};
};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

TEST(Gnupg, gets_what_it_needs_of_the_environment_and_no_more) {
  World world;
  static_cast<void>(world.gnupg.secret_keys());
  const auto env = world.context.runner.commands().front().env;
  EXPECT_EQ(env.at("GPG_TTY"), "/dev/pts/7");
  EXPECT_FALSE(env.contains("LD_PRELOAD"));
}

TEST(Gnupg, an_agent_that_had_to_be_started_is_stopped_and_no_other) {
  for (const bool runs : {true, false}) {
    fakes::Context<> context{[runs](const base::Command& command) {
      base::Outcome outcome;
      if (!runs) outcome.tail = "gpg-connect-agent: no gpg-agent running in this session";
      if (!command.stdout_to.empty()) base::write_file(command.stdout_to, kListing);
      return outcome;
    }};
    context.environment = {{"HOME", "/home/a"}};
    {
      const signing::Gnupg gnupg(context);
      static_cast<void>(gnupg.secret_keys());
      static_cast<void>(gnupg.secret_keys());
    }
    const auto commands = context.runner.commands();
    const auto count = [&](const std::string& option) {
      return std::ranges::count_if(
          commands, [&](const base::Command& command) { return command.argv.size() > 1 && command.argv[1] == option; });
    };
    EXPECT_EQ(count("--no-autostart"), runs ? 1 : 2);  // the second time for its process id
    EXPECT_EQ(count("--launch"), runs ? 0 : 1);
    EXPECT_EQ(count("--kill"), runs ? 0 : 1);
  }
}

TEST(Gnupg, a_key_is_found_by_its_fingerprint_alone) {
  World world;
  EXPECT_EQ(world.gnupg.usable(kFingerprint, 1'800'000'000).users.front(), "A Packager <a@example.org>");
  EXPECT_THAT(error_of([&] { static_cast<void>(world.gnupg.usable("a@example.org", 1'800'000'000)); }),
              testing::HasSubstr("is not the fingerprint"));
  EXPECT_THAT(error_of([&] { static_cast<void>(world.gnupg.usable(std::string(40, 'C'), 1'800'000'000)); }),
              testing::HasSubstr("no secret key"));
}

TEST(Gnupg, a_new_key_is_named_by_the_fingerprint_that_gpg_says) {
  World world;
  EXPECT_EQ(world.gnupg.create({"B Packager <b@example.org>", "2y", false}), std::string(40, 'B'));
}

TEST(Gnupg, no_passphrase_is_in_an_argument) {
  World world;
  static_cast<void>(world.gnupg.create({"B Packager <b@example.org>", "2y", true}));
  for (const auto& command : world.context.runner.commands())
    EXPECT_EQ(std::ranges::count(command.argv, "--passphrase"), 0);
}

TEST(Gnupg, a_second_key_of_one_user_is_refused) {
  World world;
  EXPECT_THAT(error_of([&] {
                static_cast<void>(world.gnupg.create({"A Packager <a@example.org>", "2y", false}));
              }),
              testing::HasSubstr("already: " + kFingerprint));
}

TEST(Gnupg, a_wish_that_gpg_would_misread_is_refused) {
  for (const auto* user : {"", "A", "<a@example.org>", "-x <a@example.org>", "A\n%commit <a@example.org>", "A <a>"}) {
    EXPECT_THROW(signing::check({user, "2y", false}), base::Error) << user;
  }
  for (const auto* expires : {"", "0", "never", "2", "y", "-1y", "2y2", "02y", "99999y"}) {
    EXPECT_THROW(signing::check({"A Packager <a@example.org>", expires, false}), base::Error) << expires;
  }
  EXPECT_NO_THROW(signing::check({"A Packager <a@example.org>", "18m", false}));
}

TEST(Gnupg, its_own_words_are_in_the_error) {
  World world;
  world.outcome.status = 2;
  world.outcome.tail = "gpg: agent refused\n";
  EXPECT_EQ(error_of([&] { static_cast<void>(world.gnupg.secret_keys()); }),
            "listing the secret keys: gpg ended with 2: gpg: agent refused");
}

}  // namespace
