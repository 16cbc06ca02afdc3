// SPDX-License-Identifier: GPL-3.0-or-later
// What the desk reads and writes, without a connection: tool/setup-desk.bats has the whole, with the real ssh.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "desk/client_files.hpp"
#include "desk/host_folder.hpp"
#include "desk/host_login.hpp"
#include "desk/host_probe.hpp"
#include "desk/host_result.hpp"
#include "desk/run_setup.hpp"
#include "desk/setup_call.hpp"
#include "openssh_samples.hpp"

namespace desk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <typename Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const base::Error& error) {
    return std::string(error.what()) + " / " + error.hint();
  }
  return "";
}

TEST(DeskLogin, TakesAHostAndAUser) {
  EXPECT_EQ(parse_login("web").host, "web");
  EXPECT_EQ(parse_login("root@web.example.org").user, "root");
  EXPECT_EQ(parse_login("root@2001:db8::1").host, "2001:db8::1");
  EXPECT_EQ(parse_login("fe80::1%eth0").host, "fe80::1%eth0");
  for (const auto* bad : {"", "-web", "root@", "@web", "root@-web", "we b", "web;x", "ssh://web", "web:22", "-x@web",
                          "web\n", "fe80::1%-x", "web%x"})
    EXPECT_THROW((void)parse_login(bad), base::Error) << bad;
  EXPECT_THAT(error_of([] { (void)parse_login("you@web-initramfs"); }), HasSubstr("dracut-sshd setup you@web"));
}

TEST(DeskLogin, WhatTheUserConfiguredForTheHostIsCarriedOver) {
  const std::string defaults = "identityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\nidentitiesonly no\n";
  const auto found = settings_from(
      "hostname 192.0.2.10\nport 2200\nuserknownhostsfile /a /b\nidentityfile ~/.ssh/work key\n"
      "identityfile ~/.ssh/id_rsa\nidentitiesonly yes\nproxyjump gate\nproxycommand none\n",
      defaults);
  EXPECT_EQ(found.host_name, "192.0.2.10");
  EXPECT_EQ(found.port, "2200");
  EXPECT_EQ(found.known_hosts.front(), "/a /b");
  EXPECT_THAT(found.options, ElementsAre("ProxyJump gate", "IdentityFile \"~/.ssh/work key\"", "IdentitiesOnly yes"));
}

TEST(HostProbe, ReadsItsOwnLinesAlone) {
  const auto probe = parse_probe(
      "Welcome!\n\ndracut-sshd-desk machine x86_64\r\ndracut-sshd-desk uid 1000\n"
      "dracut-sshd-desk session 192.0.2.1 50000 192.0.2.10 2200\ndracut-sshd-desk program /usr/bin/dracut-sshd\n"
      "dracut-sshd-desk version dracut-sshd 1.2.3\ndracut-sshd-desk sudo asks\ndracut-sshd-desk uid 0\n");
  EXPECT_EQ(probe.machine, "x86_64");
  EXPECT_EQ(probe.server_port, "2200");
  EXPECT_EQ(probe.program, "/usr/bin/dracut-sshd");
  EXPECT_EQ(probe.version, "1.2.3");
  EXPECT_EQ(probe.root, RootBy::asks);  // the first word counts
}

TEST(HostProbe, RefusesWhatNoHostSays) {
  const std::string good = "dracut-sshd-desk uid 0\ndracut-sshd-desk machine x86_64\n";
  EXPECT_EQ(parse_probe(good).root, RootBy::login);
  EXPECT_THROW((void)parse_probe(""), base::Error);
  EXPECT_THROW((void)parse_probe("dracut-sshd-desk uid 0\ndracut-sshd-desk machine x86;64\n"), base::Error);
  EXPECT_THROW((void)parse_probe("dracut-sshd-desk uid root\ndracut-sshd-desk machine x86_64\n"), base::Error);
  EXPECT_THROW((void)parse_probe(good + "dracut-sshd-desk program alias x=y\n"), base::Error);
  EXPECT_THROW((void)parse_probe(good + "dracut-sshd-desk program /usr/\x1b[2J\n"), base::Error);
  EXPECT_EQ(parse_probe(good + "dracut-sshd-desk session a b c 2;2\n").server_port, "");
  EXPECT_EQ(parse_probe(good + "dracut-sshd-desk program /x\ndracut-sshd-desk version evil 1\n").version, "");
}

TEST(HostProbe, ComparesVersionsByNumber) {
  EXPECT_TRUE(is_as_new("1.10.0", "1.9.0"));
  EXPECT_TRUE(is_as_new("1.9.0", "1.9.0"));
  EXPECT_FALSE(is_as_new("1.9.0", "1.10.0"));
  EXPECT_FALSE(is_as_new("", "1.0"));
  EXPECT_FALSE(is_as_new("1.x", "1.0"));
  EXPECT_FALSE(is_as_new("99999999999999999999", "1.0"));
}

TEST(HostFolder, TakesAPathThatNoShellReadsOtherwise) {
  EXPECT_EQ(folder_in("motd\n\ndracut-sshd-desk folder /tmp/dracut-sshd-setup.aB3\n"), "/tmp/dracut-sshd-setup.aB3");
  EXPECT_EQ(folder_in("dracut-sshd-desk folder /tmp/dracut-sshd-set"), "");  // not all of it yet
  for (const auto* bad : {"/tmp/dracut-sshd-setup.$(x)", "/tmp/dracut-sshd-setup.a b", "/etc",
                          "tmp/dracut-sshd-setup.a", "/tmp/dracut-sshd-setup.a;x", "/tmp/dracut-sshd-setup.\xc3\xa9"})
    EXPECT_THROW((void)folder_in(fmt::format("dracut-sshd-desk folder {}\n", bad)), base::Error) << bad;
}

TEST(SetupCall, QuotesEachWordAndKeepsWhatSudoDrops) {
  SetupCall call{"/usr/bin/dracut-sshd", RootBy::login, {"--key", "ssh-ed25519 AAAA it's $(x)"}, true, false, false};
  EXPECT_THAT(
      piped_script(call, true),
      HasSubstr("exec /usr/bin/dracut-sshd setup --yes --json --key 'ssh-ed25519 AAAA it'\\''s $(x)' </dev/null"));
  call.root = RootBy::sudo;
  EXPECT_THAT(piped_script(call, false),
              HasSubstr("exec sudo -n -- env \"SSH_CONNECTION=$SSH_CONNECTION\" "
                        "${SSH_AUTH_SOCK:+\"SSH_AUTH_SOCK=$SSH_AUTH_SOCK\"} /usr/bin/dracut-sshd setup --yes --key"));
  call.root = RootBy::asks;
  call.yes = false;
  call.options = {};
  EXPECT_THAT(terminal_script(call, "/tmp/x/result"),
              HasSubstr("/bin/sh -c '/usr/bin/dracut-sshd setup\nstatus=$?\n"
                        "/usr/bin/dracut-sshd setup --json --dry-run >/tmp/x/result"));
  EXPECT_THAT(terminal_script(call, "/tmp/x/result"), Not(HasSubstr("sudo -n")));
}

nlohmann::json good_result() {
  return {{"schema", 1},
          {"exit", 0},
          {"names", {"db"}},
          {"addresses", {"192.0.2.10"}},
          {"port", "22"},
          {"own_host_key", true},
          {"host_keys", {samples::kEd25519}},
          {"written", {"/etc/a", {{"path", "/etc/b"}, {"purpose", "b"}}}},
          {"kept", {{{"path", "/etc/c"}, {"why", "c"}}}},
          {"findings", {{{"id", "a.b"}, {"severity", "warning"}, {"message", "m"}, {"remedy", "r"}}}},
          {"news", {{"deep", {1, 2}}}}};
}

TEST(HostResult, IsReadWithoutWhatThisVersionDoesNotKnow) {
  const auto result = parse_result(good_result().dump());
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.host_keys, ElementsAre(samples::kEd25519));
  EXPECT_THAT(result.fingerprints, ElementsAre(samples::kEd25519Fingerprint));
  EXPECT_THAT(result.unsealed_host_keys, testing::IsEmpty());
  auto sealed = good_result();
  sealed["unsealed_host_keys"] = {samples::kEd25519};
  EXPECT_THAT(parse_result(sealed.dump()).unsealed_host_keys, ElementsAre(samples::kEd25519));
  EXPECT_EQ(result.written.at(1).purpose, "b");
  EXPECT_EQ(result.kept.at(0).purpose, "c");
  EXPECT_EQ(result.findings.at(0).severity, inspect::Severity::warning);
}

TEST(HostResult, SaysWhereItIsWrong) {
  const auto why = [](const char* name, const nlohmann::json& value) {
    auto document = good_result();
    document[name] = value;
    return error_of([&] { (void)parse_result(document.dump()); });
  };
  EXPECT_THAT(why("host_keys", {"ssh-ed25519 AAAA"}), HasSubstr("/host_keys/0: the key "));
  EXPECT_THAT(why("host_keys", {samples::kHostCertificate.substr(0, samples::kHostCertificate.rfind(' '))}),
              HasSubstr("certificate"));
  EXPECT_THAT(why("host_keys", {samples::kEd25519 + "\n* x"}), HasSubstr("/host_keys/0"));
  EXPECT_THAT(why("unsealed_host_keys", {"ssh-ed25519 AAAA"}), HasSubstr("/unsealed_host_keys/0: the key "));
  EXPECT_THAT(why("host_keys", {"\t" + samples::kEd25519}), HasSubstr("/host_keys/0"));
  EXPECT_THAT(why("names", {"a b"}), HasSubstr("\"a b\" is not a host name"));
  EXPECT_THAT(why("port", "2a"), HasSubstr("/port"));
  EXPECT_THAT(why("exit", 0.0), HasSubstr("/exit: expected 0, 1 or 4"));
  EXPECT_THAT(why("schema", 2), HasSubstr("--program"));
  EXPECT_THAT(why("findings", {{{"severity", "fine"}}}), HasSubstr("\"fine\" is not a severity"));
  EXPECT_THAT(error_of([] { (void)parse_result(std::string(100000, '[')); }), HasSubstr("not a JSON document"));
  EXPECT_THAT(error_of([] { (void)parse_result("{\"schema\": 1, \"x\": \"\xff\"}"); }), HasSubstr("not a JSON"));
  EXPECT_THAT(error_of([] { (void)parse_result(std::string(kLongestResult + 1, ' ')); }), HasSubstr("longer than"));
}

TEST(DeskFacts, TheNamesAreTheUsersOwn) {
  auto result = parse_result(good_result().dump());
  Login login;
  login.host = "web";
  ClientSettings settings;
  settings.host_name = "198.51.100.7";  // in front of a router that forwards port 2200 to 22
  settings.port = "2200";
  settings.options = {"ProxyJump gate"};
  const auto facts = facts_for_desk(result, login, settings, "22");
  EXPECT_THAT(facts.names, ElementsAre("web"));
  EXPECT_THAT(facts.addresses, ElementsAre("198.51.100.7"));
  EXPECT_EQ(facts.port, "2200");
  EXPECT_EQ(unlock_command(login, facts), "dracut-sshd unlock web");
  const auto lines = setup::client_lines(facts);
  EXPECT_THAT(lines.known_hosts,
              ElementsAre("web-initramfs " + samples::kEd25519, "198.51.100.7-initramfs " + samples::kEd25519));
  EXPECT_THAT(lines.ssh_config, HasSubstr("    HostName 198.51.100.7\n"));
  EXPECT_THAT(lines.ssh_config, HasSubstr("    ProxyJump gate\n"));

  result.port = "222";
  EXPECT_EQ(facts_for_desk(result, login, settings, "22").port, "222");
  login.user = "you";
  login.config = "/a b";
  EXPECT_EQ(unlock_command(login, facts_for_desk(result, login, settings, "22")),
            "dracut-sshd unlock -F '/a b' --port 222 you@web");
  settings.host_name = "127.0.0.1";  // a tunnel's end
  EXPECT_THAT(facts_for_desk(result, login, settings, "22").addresses, IsEmpty());
  EXPECT_EQ(facts_for_desk(result, login, settings, "22").host_name, "127.0.0.1");
}

std::string base64_of_key(const std::string& key) { return key.substr(key.find(' ') + 1); }

TEST(KnownHostsPlan, AppendsWhatIsMissing) {
  std::map<std::string, remote::KnownKeys> there;
  const auto known = [&](const std::string& alias) { return there[alias]; };
  const std::vector<std::string> aliases{"web-initramfs", "192.0.2.10-initramfs"};
  auto plan = plan_known_hosts(aliases, {samples::kEd25519}, known, "/known");
  EXPECT_THAT(plan.append,
              ElementsAre("web-initramfs " + samples::kEd25519, "192.0.2.10-initramfs " + samples::kEd25519));
  there["web-initramfs"].keys = {base64_of_key(samples::kEd25519)};
  there["192.0.2.10-initramfs"].keys = {base64_of_key(samples::kEcdsa)};
  plan = plan_known_hosts(aliases, {samples::kEd25519}, known, "/known");
  EXPECT_THAT(plan.append, IsEmpty());
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("ssh-keygen -R 192.0.2.10-initramfs -f /known")));
}

TEST(KnownHostsPlan, AnotherKeyOfTheHostsNameIsAnError) {
  remote::KnownKeys keys;
  keys.keys = {base64_of_key(samples::kEcdsa)};
  const auto plan = [&] {
    (void)plan_known_hosts(
        {"web-initramfs"}, {samples::kEd25519}, [&](const std::string&) { return keys; }, "/known");
  };
  EXPECT_THAT(error_of(plan),
              testing::AllOf(HasSubstr(samples::kEcdsaFingerprint), HasSubstr(samples::kEd25519Fingerprint),
                             HasSubstr("ssh-keygen -R web-initramfs -f /known")));
  keys = {};
  keys.revoked = true;
  EXPECT_THAT(error_of(plan), HasSubstr("@revoked"));
}

TEST(ClientFiles, LinesAreAppendedBehindWhatIsThere) {
  const base::TempDir folder(base::temp_parent(), "desk-test.");
  const auto file = folder.path() / "new/known_hosts";
  append_lines(file, {"a", "b"});
  EXPECT_EQ(base::read_file(file, 100), "a\nb\n");
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(std::filesystem::status(file.parent_path()).permissions(), std::filesystem::perms(0700));
  base::write_file(file, "without an end");
  const auto link = folder.path() / "link";
  std::filesystem::create_symlink(file, link);
  append_lines(link, {"c"});
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(base::read_file(file, 100), "without an end\nc\n");
  EXPECT_THROW(append_lines(folder.path(), {"d"}), base::Error);
  replace_text(link, "e\n");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(base::read_file(file, 100), "e\n");
}

TEST(ClientFiles, OnlyTheLinesThatSetupAppendedAreTakenOut) {
  const auto ours = "web-initramfs " + samples::kEd25519 + "\n";
  const auto theirs = "web-initramfs,web " + samples::kEd25519 + "\n@revoked web-initramfs " + samples::kEd25519 +
                      "\nweb-initramfs " + samples::kEd25519 + " a comment\nweb " + samples::kEd25519 +
                      "\nweb-initramfs ssh-ed25519 AAAA\n\n# web-initramfs x y";
  std::vector<std::string> removed;
  EXPECT_EQ(without_lines(ours + theirs, {"web-initramfs", "192.0.2.1-initramfs"}, removed), theirs);
  EXPECT_THAT(removed, ElementsAre("web-initramfs " + samples::kEd25519));
  EXPECT_EQ(without_lines("", {"web-initramfs"}, removed), "");
}

TEST(ClientFiles, AStanzaTakesThePlaceOfItsOwnAlone) {
  const std::string web = "Host web-initramfs\n    Port 22\n";
  const std::string db = "Host db-initramfs\n    Port 22\n";
  const auto one = with_stanza("", "web-initramfs", web);
  EXPECT_THAT(one, HasSubstr("# setup of web-initramfs\n" + web));
  const auto two = with_stanza(one, "db-initramfs", db);
  EXPECT_THAT(two, testing::StartsWith(one));
  EXPECT_EQ(with_stanza(two, "web-initramfs", web), two);
  const auto changed = with_stanza(two, "web-initramfs", "Host web-initramfs\n    Port 2222\n");
  EXPECT_THAT(changed, HasSubstr("Port 2222"));
  EXPECT_THAT(changed, HasSubstr("# setup of db-initramfs\n" + db));
  EXPECT_EQ(with_stanza(changed, "web-initramfs", web), two);
  const auto without = with_stanza(two, "web-initramfs", "");
  EXPECT_THAT(without, Not(HasSubstr("web")));
  EXPECT_THAT(without, HasSubstr(db));
  EXPECT_EQ(with_stanza("", "web-initramfs", ""), "");
}

TEST(ClientFiles, TheIncludeLineStandsBeforeEveryHost) {
  const std::string line = "Include dracut-sshd.conf";
  EXPECT_EQ(with_include("", line), line + "\n");
  EXPECT_EQ(with_include("Host a\n" + line + "\n", line), line + "\nHost a\n" + line + "\n");
  EXPECT_EQ(with_include("# mine\n" + line + "\nHost a\n", line), "# mine\n" + line + "\nHost a\n");
  EXPECT_EQ(with_include("  match all\n" + line + "\n", line), line + "\n  match all\n" + line + "\n");
}

}  // namespace
}  // namespace desk
