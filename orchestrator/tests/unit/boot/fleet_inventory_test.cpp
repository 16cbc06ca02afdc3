// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "fleet/inventory.hpp"

namespace {

namespace fs = std::filesystem;
using fleet::Host;
using fleet::Inventory;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Inventory toml(const std::string& text) { return Inventory({{"/etc/x/hosts.toml", text, 0}}, "/root"); }
Inventory json(const std::string& text) { return Inventory({{"/etc/x/hosts.json", text, 0}}, "/root"); }

/// What is wrong with files; "" if nothing is.
std::string said_of(const std::vector<fleet::InventoryFile>& files) {
  try {
    (void)Inventory(files, "/root");
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::usage);
    return error.what();
  }
}
std::string said_of_toml(const std::string& text) { return said_of({{"hosts.toml", text, 0}}); }
std::string said_of_json(const std::string& text) { return said_of({{"hosts.json", text, 0}}); }

std::vector<std::string> names_of(const std::vector<Host>& hosts) {
  std::vector<std::string> out;
  for (const auto& host : hosts) out.push_back(host.name);
  return out;
}

constexpr const char* kEveryKeyToml = R"(
[host.db1]
address = ["192.0.2.7", "2001:db8::7", "fe80::1%eth0"]
port = 2222
same-port = true
alias = "db1-initramfs"
jump = "ada@bastion:22,inner"
user = "root"
real-user = "EXAMPLE\\ada"
identity = "~/.ssh/unlock"
known-hosts = "known_hosts.d/../initramfs"
ssh-config = "none"
accept-unsealed = true
passphrase-command = '''
pass show "servers/$HOST"
'''
answer = "rpool"
deadline = 900
wait-for = "systemctl is-system-running --wait"
reboot = "sudo systemctl reboot"
watch = false
groups = ["db", "all"]
)";

constexpr const char* kEveryKeyJson = R"({"host": {"db1": {
  "address": ["192.0.2.7", "2001:db8::7", "fe80::1%eth0"], "port": "2222", "same-port": true, "alias": "db1-initramfs",
  "jump": "ada@bastion:22,inner", "user": "root", "real-user": "EXAMPLE\\ada", "identity": "~/.ssh/unlock",
  "known-hosts": "known_hosts.d/../initramfs", "ssh-config": "none", "accept-unsealed": true,
  "passphrase-command": "pass show \"servers/$HOST\"\n", "answer": ["rpool"], "deadline": 900,
  "wait-for": "systemctl is-system-running --wait", "reboot": "sudo systemctl reboot", "watch": false,
  "groups": ["db", "all"]}}})";

Host every_key() {
  Host out;
  out.name = "db1";
  out.addresses = {"192.0.2.7", "2001:db8::7", "fe80::1%eth0"};
  out.port = "2222";
  out.same_port = true;
  out.alias = "db1-initramfs";
  out.jump = "ada@bastion:22,inner";
  out.user = "root";
  out.real_user = "EXAMPLE\\ada";
  out.identity = "/root/.ssh/unlock";
  out.known_hosts = "/etc/x/initramfs";
  out.ssh_config = "none";
  out.accept_unsealed = true;
  out.passphrase_command = "pass show \"servers/$HOST\"\n";
  out.answer = {"rpool"};
  out.deadline = std::chrono::seconds(900);
  out.wait_for = "systemctl is-system-running --wait";
  out.reboot = "sudo systemctl reboot";
  out.watch = false;
  out.groups = {"db"};
  return out;
}

TEST(FleetInventory, EveryKeyIsReadFromTomlAndFromJson) {
  EXPECT_THAT(toml(kEveryKeyToml).hosts(), ElementsAre(every_key()));
  EXPECT_THAT(json(kEveryKeyJson).hosts(), ElementsAre(every_key()));
}

TEST(FleetInventory, AnEmptyTableIsAHostWithWhatSshKnows) {
  Host expected;
  expected.name = "web1.example.org";
  EXPECT_THAT(toml("[host.\"web1.example.org\"]\n").hosts(), ElementsAre(expected));
  EXPECT_THAT(toml("").hosts(), IsEmpty());
  EXPECT_THAT(json("{}").hosts(), IsEmpty());
}

TEST(FleetInventory, HostsHaveTheOrderOfTheFile) {
  EXPECT_THAT(names_of(toml("host.z = {}\nhost.m.port = 1\n[host.b]\n[host.a]\n").hosts()),
              ElementsAre("z", "m", "b", "a"));
  EXPECT_THAT(names_of(json(R"({"host": {"z": {}, "b": {}, "a": {}}})").hosts()), ElementsAre("z", "b", "a"));
}

TEST(FleetInventory, TheMoreSpecificTableWins) {
  const auto inventory = toml(R"(
[host.db1]
deadline = 4
groups = ["late"]
[group.late]
jump = "late"
user = "late"
[group.early]
hosts = ["db1", "db2"]
jump = "early"
deadline = 3
[[pattern]]
match = ["db*", "!db9"]
deadline = 2
port = 2
alias = "of-pattern"
[[pattern]]
match = "db1"
alias = "of-later-pattern"
[defaults]
deadline = 1
port = 1
watch = false
[host.db2]
watch = true
[host.db9]
)");
  const auto* const db1 = inventory.find("db1");
  ASSERT_NE(db1, nullptr);
  EXPECT_EQ(db1->deadline, std::chrono::seconds(4));
  EXPECT_EQ(db1->jump, "early");  // of two groups, the later one in the file
  EXPECT_EQ(db1->user, "late");
  EXPECT_EQ(db1->port, "2");
  EXPECT_EQ(db1->alias, "of-later-pattern");
  EXPECT_FALSE(db1->watch);
  EXPECT_THAT(db1->groups, ElementsAre("early", "late"));
  EXPECT_EQ(inventory.find("db2")->deadline, std::chrono::seconds(3));
  EXPECT_TRUE(inventory.find("db2")->watch);
  EXPECT_EQ(inventory.find("db9")->port, "1");
  EXPECT_EQ(inventory.find("db3"), nullptr);
  EXPECT_EQ(inventory.unlisted("db3").alias, "of-pattern");
  EXPECT_EQ(inventory.unlisted("web").port, "1");
  EXPECT_THAT(inventory.groups(), ElementsAre("early", "late"));
}

TEST(FleetInventory, AnEmptyTextTakesBackAndOneSourceOfThePassphraseReplacesTheOther) {
  const auto inventory = toml(R"(
[defaults]
passphrase-command = "pass show x"
jump = "bastion"
[host.a]
jump = ""
credential = "disk.a"
[host.b]
passphrase-command = ""
)");
  EXPECT_EQ(inventory.find("a")->jump, "");
  EXPECT_EQ(inventory.find("a")->credential, "disk.a");
  EXPECT_EQ(inventory.find("a")->passphrase_command, "");
  EXPECT_EQ(inventory.find("b")->passphrase_command, "");
}

TEST(FleetInventory, FilesAreMergedAndALaterLayerMaySayMoreOfAHost) {
  const Inventory inventory(
      {{"/etc/d/10.toml", "[defaults]\nport = 1\n[host.a]\nuser = \"u\"\ngroups = [\"g\"]\n", 0},
       {"/etc/d/20.json", R"({"group": {"g": {"hosts": ["b"]}}, "host": {"b": {}}})", 0},
       {"/home/hosts.toml", "[defaults]\nport = 2\n[host.a]\nalias = \"n\"\nidentity = \"k\"\n", 1}},
      "");
  EXPECT_THAT(names_of(inventory.hosts()), ElementsAre("a", "b"));
  const auto* const a = inventory.find("a");
  EXPECT_EQ(a->port, "2");
  EXPECT_EQ(a->user, "u");
  EXPECT_EQ(a->alias, "n");
  EXPECT_EQ(a->identity, "/home/k");
  EXPECT_THAT(a->groups, ElementsAre("g"));
  EXPECT_THAT(inventory.find("b")->groups, ElementsAre("g"));
  EXPECT_EQ(said_of({{"a.toml", "\n[host.a]\n", 0}, {"b.toml", "[host.a]\n", 0}}),
            "b.toml:1: host.a: the host is already in a.toml:2: host.a; expected it once");
}

TEST(FleetInventory, AnErrorNamesFileLineKeyAndWhatIsExpected) {
  EXPECT_EQ(said_of_toml("[host.db1]\n\ndeadline = 'soon'\n"),
            "hosts.toml:3: host.db1.deadline: it is a text; expected whole seconds, 1 to 604800");
  EXPECT_EQ(said_of_json(R"({"host": {"db1": {"deadline": 0}}})"),
            "hosts.json: host.db1.deadline: it is 0; expected whole seconds, 1 to 604800");
  EXPECT_EQ(said_of_toml("[[pattern]]\nmatch = 'x'\n[[pattern]]\nmatch = 'x'\ndedline = 1\n"),
            "hosts.toml:5: pattern[2].dedline: unknown key; expected \"deadline\"");
  EXPECT_EQ(said_of_toml("[hosts.a]\n"),
            "hosts.toml:1: hosts: unknown key; expected \"defaults\", \"pattern\", "
            "\"group\" or \"host\"");
  EXPECT_EQ(said_of_toml("[group.web]\nhosts = [\"wbe1\"]\n[host.web1]\n"),
            "hosts.toml:2: group.web.hosts[1]: no file has the host \"wbe1\"; expected \"web1\"");
  EXPECT_EQ(said_of_toml("[defaults]\ncredential = 'x'\npassphrase-command = 'y'\n"),
            "hosts.toml:2: defaults.credential: \"passphrase-command\" is in the same table; expected one of the two");
}

TEST(FleetInventory, WhatCannotBeMeantIsRefused) {
  const std::map<std::string, std::string> lines{
      {"address = []\naddress2 = 1", "unknown key"},
      {"address = ['']", "it is empty"},
      {"address = '-oProxyCommand=x'", "begins with \"-\""},
      {"address = 'a b'", "a blank"},
      {"address = 'a\\u0007'", "has \"\\\""},
      {"address = \"a\\u0007\"", "a control character"},
      {"address = 7", "it is a number"},
      {"port = 0", "expected a port, 1 to 65535"},
      {"port = 65536", "expected a port"},
      {"port = '22x'", "is not a number"},
      {"port = true", "expected a port"},
      {"alias = 'a,b'", "has \",\" in it"},
      {"jump = '-J'", "begins with \"-\""},
      {"jump = '$(id)'", "has \"$\" in it"},
      {"user = 'a;b'", "has \";\" in it"},
      {"user = 'a\\'", "ends with"},
      {"identity = \"a\\nb\"", "a control character"},
      {"identity = '~bob/key'", "another user's home"},
      {"passphrase-command = ' '", "it is blank"},
      {"passphrase-command = \"a\\u0000\"", "a control character"},
      {"passphrase-command = ['pass', 'x']", "it is a list; expected a command"},
      {"credential = '../x'", "has \"/\" in it"},
      {"credential = '..'", "is a folder's name"},
      {"credential = 'ö'", "not ASCII"},
      {"answer = [1]", "answer[1]: it is a number"},
      {"deadline = 604801", "expected whole seconds"},
      {"deadline = 1.5", "it is a value of another type"},
      {"watch = 'yes'", "expected true or false"},
      {"groups = 'web'", "expected a list of groups' names"},
      {"groups = ['-web']", "begins with \"-\""},
  };
  for (const auto& [line, part] : lines)
    EXPECT_THAT(said_of_toml("[host.a]\n" + line + "\n"), AllOf(StartsWith("hosts.toml:"), HasSubstr(part))) << line;
}

TEST(FleetInventory, NamesThatSshOrAFileCannotTakeAreRefused) {
  for (const auto* name : {"", "-x", "a b", "a\\u0009", "a/b", "@a", "u@a", "a*", "a$", "a,b", "a#"}) {
    EXPECT_THAT(said_of_toml(std::string("[host.\"") + name + "\"]\n"), HasSubstr("the name of a host")) << name;
    EXPECT_THAT(said_of_toml(std::string("[group.\"") + name + "\"]\n"), HasSubstr("the name of a group")) << name;
  }
  EXPECT_THAT(said_of_toml("[host." + std::string(256, 'a') + "]\n"), HasSubstr("has 256 bytes"));
  EXPECT_THAT(said_of_toml("[group.all]\n"), HasSubstr("every host is in the group"));
  EXPECT_EQ(said_of_toml("[host.\"2001:db8::1\"]\n[host.\"fe80::1%eth0\"]\n[host.\"ä.example\"]\n"), "");
}

TEST(FleetInventory, BrokenFilesAreRefusedWithTheirLine) {
  EXPECT_THAT(said_of_toml("[host.a]\nport = \n"), StartsWith("hosts.toml:2: not TOML: "));
  EXPECT_THAT(said_of_toml("[host.a]\n[host.a]\n"), StartsWith("hosts.toml:2: not TOML: "));
  EXPECT_THAT(said_of_toml("[ {host.a]\n"), StartsWith("hosts.toml:1: not TOML: "));  // an assertion of toml++
  EXPECT_THAT(said_of_toml("a = '\xff'\n"), StartsWith("hosts.toml:1: not TOML: "));
  EXPECT_THAT(said_of_json("{\n\"host\": \n"), StartsWith("hosts.json:3: not JSON"));
  EXPECT_THAT(said_of_json("[]"), HasSubstr("it is an empty list; expected an object"));
  EXPECT_THAT(said_of_json(R"({"host": {"a": {}, "a": {}}})"),
              StartsWith("hosts.json: host.a: the key is there twice"));
  EXPECT_THAT(said_of({{"hosts.yaml", "", 0}}), HasSubstr("ends with .toml or .json"));
}

TEST(FleetInventory, DepthIsBounded) {
  EXPECT_THAT(said_of_json(std::string(100000, '[')), HasSubstr("nested too deep"));
  EXPECT_THAT(said_of_toml("a = " + std::string(100, '[') + "\n"), HasSubstr("not TOML"));
  std::string dotted = "a";
  for (int i = 0; i < 1000; ++i) dotted += ".a";
  EXPECT_THAT(said_of_toml(dotted + " = 1\n"), HasSubstr("hosts.toml:1: "));
  EXPECT_THAT(said_of_toml("\n# " + std::string(5000, 'x') + "\n"),
              StartsWith("hosts.toml:2: the line has 5002 bytes; expected at most 2048"));
  // As deep as it gets: what toml++ takes apart by recursion.
  std::string steps;
  for (int i = 0; i < 4; ++i) steps += "{" + dotted + " = [\n";
  EXPECT_NE(said_of_toml("[" + dotted + "]\n" + dotted + " = [\n" + steps), "");
}

constexpr const char* kAnsible = R"({
  "_meta": {"hostvars": {
    "db1": {"ansible_host": "192.0.2.7", "ansible_port": 2200, "ansible_user": "ada", "rack": {"row": [[[7]]]},
            "ansible_ssh_private_key_file": "/keys/ansible", "dracut_sshd_deadline": "900",
            "dracut_sshd_accept_unsealed": "True", "dracut_sshd_answer": ["rpool"]},
    "db2": {"ansible_host": "192.0.2.8", "ansible_port": 2200, "dracut_sshd_same_port": true,
            "dracut_sshd_address": ["db2.example.org"]},
    "here": {"ansible_connection": "local"}}},
  "all": {"children": ["ungrouped", "storage", "web"]},
  "ungrouped": {"hosts": ["here"]},
  "storage": {"children": ["db"], "vars": {"dracut_sshd_jump": "outer", "dracut_sshd_user": "root"}},
  "db": {"hosts": ["db1", "db2"], "vars": {"dracut_sshd_jump": "inner"}},
  "web": ["web1"]
})";

TEST(FleetInventory, AnsiblesJsonIsRead) {
  const auto inventory = json(kAnsible);
  EXPECT_THAT(names_of(inventory.hosts()), ElementsAre("db1", "db2", "web1"));
  const auto* const db1 = inventory.find("db1");
  EXPECT_THAT(db1->addresses, ElementsAre("192.0.2.7"));
  EXPECT_EQ(db1->port, "");  // ansible_port is the real system's
  EXPECT_EQ(db1->real_user, "ada");
  EXPECT_EQ(db1->user, "root");
  EXPECT_EQ(db1->identity, "/keys/ansible");
  EXPECT_EQ(db1->deadline, std::chrono::seconds(900));
  EXPECT_TRUE(db1->accept_unsealed);
  EXPECT_THAT(db1->answer, ElementsAre("rpool"));
  EXPECT_EQ(db1->jump, "inner");  // the child's variable counts more than its parent's
  EXPECT_THAT(db1->groups, ElementsAre("db", "storage"));
  const auto* const db2 = inventory.find("db2");
  EXPECT_THAT(db2->addresses, ElementsAre("db2.example.org"));
  EXPECT_EQ(db2->port, "2200");
  EXPECT_TRUE(db2->same_port);
  EXPECT_THAT(inventory.find("web1")->groups, ElementsAre("web"));
}

TEST(FleetInventory, AnsibleErrorsNameTheVariable) {
  const auto of = [](const std::string& variables) {
    return said_of_json(R"({"_meta": {"hostvars": {"a": {)" + variables + "}}}}");
  };
  EXPECT_EQ(of(R"("dracut_sshd_dedline": 1)"),
            "hosts.json: _meta.hostvars.a.dracut_sshd_dedline: unknown key; expected \"deadline\"");
  EXPECT_EQ(of(R"("dracut_sshd_deadline": "soon")"),
            "hosts.json: _meta.hostvars.a.dracut_sshd_deadline: it is a text; "
            "expected whole seconds, 1 to 604800");
  EXPECT_THAT(of(R"("ansible_host": "{{ inventory_hostname }}.lan")"), HasSubstr("it is a template"));
  EXPECT_THAT(of(R"("dracut_sshd_same_port": true, "dracut_sshd_same-port": true)"), HasSubstr("there twice"));
  EXPECT_THAT(said_of_json(R"({"_meta": {}, "a": {"children": ["b"]}, "b": {"children": ["a"]}})"),
              HasSubstr("hosts.json: a: is in a circle of groups"));
  EXPECT_THAT(said_of_json(R"({"_meta": {}, "a": {"hosts": {"x": null}}})"), HasSubstr("expected a list of names"));
  EXPECT_THAT(said_of_json(R"({"_meta": []})"), HasSubstr("expected an object"));
}

/// dracut-sshd-hosts(5), and its examples as a reader sees them.
std::string hosts_page() { return base::read_file(PROJECT_ROOT "/orchestrator/man/dracut-sshd-hosts.5", 1U << 20U); }

std::vector<std::string> examples_of(const std::string& page) {
  std::vector<std::string> out;
  const std::string begin = ".Bd -literal -offset indent\n", end = ".Ed\n";
  for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
    const auto from = at + begin.size();
    out.push_back(base::replace_all(page.substr(from, page.find(end, from) - from), "\\e", "\\"));
  }
  return out;
}

TEST(FleetInventory, TheManualPageHasEveryKeyAndExamplesThatAreRead) {
  const auto page = hosts_page();
  for (const auto& key : fleet::key_names()) EXPECT_THAT(page, HasSubstr("\n.It Li " + key + "\n"));
  const auto examples = examples_of(page);
  ASSERT_EQ(examples.size(), 4U);
  const auto from_toml = toml(examples[0]);
  const auto from_json = json(examples[1]);
  EXPECT_THAT(names_of(from_toml.hosts()), ElementsAre("db1", "nas", "web1", "web2"));
  EXPECT_EQ(from_toml.hosts(), from_json.hosts());
  EXPECT_EQ(from_toml.find("db1")->passphrase_command, "pass show \"servers/$HOST\"");
  EXPECT_EQ(from_toml.find("db1")->deadline, std::chrono::seconds(1800));
  EXPECT_EQ(from_toml.find("web2")->jump, "bastion.example.org");
  // the third is Ansible's own, in INI
  const auto of_ansible = json(examples[3]);
  EXPECT_THAT(names_of(of_ansible.hosts()), ElementsAre("db1", "web1", "web2"));
  EXPECT_EQ(of_ansible.find("db1")->real_user, "ada");
  EXPECT_FALSE(of_ansible.find("web2")->watch);
  EXPECT_EQ(of_ansible.find("web1")->deadline, std::chrono::seconds(600));
}

/// Files on the disk.
class FleetFiles : public testing::Test {
 protected:
  void SetUp() override {
    base::make_dirs(system_);
    base::make_dirs(home_ / ".config/dracut-sshd");
    base::set_modes(temp_.path(), 0755, 0644);
  }
  [[nodiscard]] fleet::InventoryRead read(const std::vector<fs::path>& named = {}) const {
    return fleet::read_inventory(named, environment_, system_);
  }
  [[nodiscard]] std::string said(const std::vector<fs::path>& named = {}) const {
    try {
      (void)read(named);
      return "";
    } catch (const base::Error& error) {
      return std::string(error.what()) + "\n" + error.hint();
    }
  }

  base::TempDir temp_{base::temp_parent(), "fleet-"};
  fs::path system_ = temp_.path() / "unlock.d", home_ = temp_.path() / "home";
  fs::path own_ = home_ / ".config/dracut-sshd/hosts.toml";
  std::map<std::string, std::string> environment_{{"HOME", home_.string()}};
};

TEST_F(FleetFiles, WithoutAnyThereIsNoHost) {
  EXPECT_THAT(read().inventory.hosts(), IsEmpty());
  fs::remove_all(system_);
  environment_.clear();
  EXPECT_THAT(read().files, IsEmpty());
  EXPECT_THAT(said({temp_.path() / "none.toml"}), HasSubstr("none.toml: it is not there"));
}

TEST_F(FleetFiles, TheSystemsComeInTheOrderOfTheirNamesThenTheUsers) {
  base::write_file(system_ / "20.toml", "[host.b]\n");
  base::write_file(system_ / "10.json", R"({"host": {"c": {}}})");
  base::write_file(system_ / "README", "not read");
  base::write_file(system_ / ".hidden.toml", "not read");
  base::write_file(own_, "[host.a]\n[host.b]\nport = 7\n");
  const auto found = read();
  EXPECT_THAT(names_of(found.inventory.hosts()), ElementsAre("c", "b", "a"));
  EXPECT_EQ(found.inventory.find("b")->port, "7");
  EXPECT_THAT(found.files, ElementsAre(system_ / "10.json", system_ / "20.toml", own_));
  // --inventory is in the place of both
  EXPECT_THAT(names_of(read({system_ / "20.toml"}).inventory.hosts()), ElementsAre("b"));
  EXPECT_THAT(names_of(read({system_}).inventory.hosts()), ElementsAre("c", "b"));
  environment_["XDG_CONFIG_HOME"] = (temp_.path() / "elsewhere").string();
  EXPECT_THAT(names_of(read().inventory.hosts()), ElementsAre("c", "b"));
}

TEST_F(FleetFiles, WhatOthersCanWriteIsRefused) {
  base::write_file(own_, "[host.a]\n");
  ASSERT_EQ(::chmod(own_.c_str(), 0664), 0);
  EXPECT_THAT(said(), AllOf(HasSubstr("hosts.toml: group "), HasSubstr("an inventory holds commands, which are run"),
                            HasSubstr("chmod go-w ")));
  ASSERT_EQ(::chmod(own_.c_str(), 0600), 0);
  EXPECT_EQ(said(), "");
  ASSERT_EQ(::chmod(own_.parent_path().c_str(), 0777), 0);
  EXPECT_THAT(said(), HasSubstr("every user may write there"));
}

TEST_F(FleetFiles, ALinkInAFolderThatOthersCanWriteIsRefused) {
  base::write_file(own_, "[host.a]\n");
  const auto open = temp_.path() / "open";
  base::make_dirs(open);
  fs::create_symlink(own_, open / "link.toml");
  EXPECT_EQ(said({open / "link.toml"}), "");
  ASSERT_EQ(::chmod(open.c_str(), 0777), 0);
  EXPECT_THAT(said({open / "link.toml"}), HasSubstr("open: every user may write there"));
}

TEST_F(FleetFiles, AFileOfMoreThanOneMebibyteIsRefused) {
  base::write_file(own_, "# x\n" + std::string(fleet::kMaxInventoryBytes, '\n'));
  EXPECT_THAT(said(), HasSubstr("hosts.toml"));
  fs::remove(own_);
  base::make_dirs(own_);
  EXPECT_EQ(said(), "");  // a folder without files
}

}  // namespace
