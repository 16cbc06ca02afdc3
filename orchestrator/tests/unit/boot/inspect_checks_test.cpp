// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "base/files.hpp"
#include "base/text.hpp"
#include "images.hpp"
#include "inspect/check.hpp"
#include "inspect/check_list.hpp"
#include "inspect/gather.hpp"

namespace inspect {
namespace {

using images::Files;
using images::put;
using testing::HasSubstr;

Options options(const std::string& cmdline = "", bool known = false) {
  Options out;
  out.now = 1764000000;  // 2025-11-24
  out.cmdline = cmdline;
  out.cmdline_known = known;
  return out;
}

Findings findings_of(const Files& files, const Options& some = options()) {
  const auto image = images::image_of(files);
  return check_all(gather(image, some));
}

std::string text_of(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings)
    out += fmt::format("{} {} {}\n", name_of(finding.severity), finding.id, finding.message);
  return out;
}

/// What is worse than a warning, by id.
std::vector<std::string> faults_of(const Findings& findings) {
  std::vector<std::string> out;
  for (const auto& finding : findings) {
    if (finding.severity == Severity::error || finding.severity == Severity::unknown) out.push_back(finding.id);
  }
  return out;
}

TEST(Checks, AGoodImageWillLetInAndPassesEveryCheckThatWasMade) {
  const auto findings = findings_of(images::good());
  EXPECT_EQ(answer_of(findings), Answer::will_let_in) << text_of(findings);
  for (const auto& finding : findings) {
    EXPECT_THAT(finding.severity, testing::AnyOf(Severity::good, Severity::note))
        << finding.id << ": " << finding.message;
    EXPECT_NE(check_of(finding.id), nullptr) << finding.id;
  }
}

TEST(Checks, EveryCheckHasItsOwnIdAndIsInTheManualPage) {
  std::ifstream in(std::string(PROJECT_ROOT) + "/orchestrator/man/dracut-sshd.1");
  std::stringstream page;
  page << in.rdbuf();
  std::string text;
  for (const auto& line : base::lines(page.str())) text += line + " ";
  std::set<std::string_view> ids;
  for (const auto& check : checks()) {
    EXPECT_TRUE(ids.insert(check.id).second) << check.id;
    EXPECT_THAT(text, HasSubstr(".It Li " + std::string(check.id) + " ")) << "in the manual page";
    EXPECT_THAT(text, HasSubstr(std::string(check.statement.substr(1)) + ". " + std::string(check.why.substr(0, 20))))
        << check.id << " in the manual page";
  }
}

struct Spoilt {
  const char* name;
  std::string id;
  std::function<void(Files&)> how;
  Severity severity = Severity::error;
  std::string message{};
};

void PrintTo(const Spoilt& spoilt, std::ostream* out) { *out << spoilt.name; }

class OneFault : public testing::TestWithParam<Spoilt> {};

TEST_P(OneFault, IsFoundAndNothingElse) {
  auto files = images::good();
  GetParam().how(files);
  const auto findings = findings_of(files, options("", true));
  EXPECT_THAT(faults_of(findings), testing::Each(GetParam().id)) << text_of(findings);
  const auto found = std::ranges::find_if(findings, [](const Finding& finding) {
    return finding.id == GetParam().id && finding.severity == GetParam().severity &&
           finding.message.find(GetParam().message) != std::string::npos;
  });
  EXPECT_NE(found, findings.end()) << text_of(findings);
}

void edit(Files& files, const std::string& path, std::string_view from, std::string_view to) {
  auto& body = files.at(path).body;
  ASSERT_NE(body.find(from), std::string::npos);
  body = base::replace_all(body, from, to);
}

INSTANTIATE_TEST_SUITE_P(
    Each, OneFault,
    testing::Values(
        Spoilt{"no_sshd", "sshd.present", [](Files& files) { files.erase("usr/sbin/sshd"); }, Severity::error, "left it out: the build's log has the reason"},
        Spoilt{"no_init", "image.init", [](Files& files) { files.erase("init"); }},
        Spoilt{"empty_session", "sshd.helpers", [](Files& files) { files.at("usr/lib/openssh/sshd-session").body = ""; }, Severity::error, "it is empty"},
        Spoilt{"waits_for_the_disk", "sshd.unit", [](Files& files) { edit(files, "usr/lib/systemd/system/sshd.service", "[Service]", "After=cryptsetup.target\n[Service]"); }, Severity::error, "cryptsetup.target"},
        Spoilt{"revokes_all", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "RevokedKeys /etc/ssh/revoked\n"; }, Severity::error, "is not in the image"},
Spoilt{"lets_sftp_alone", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "ForceCommand internal-sftp\n"; }, Severity::error, "transfers files"},
        Spoilt{"forces_what_is_not_there", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "ForceCommand /usr/local/sbin/menu\n"; }, Severity::error, "is not in the image"},
        Spoilt{"key_of_a_cloud_image", "sshd.login", [](Files& files) { files.at("root/.ssh/authorized_keys").body.insert(0, R"(command="echo 'Please login as the user \"admin\"';sleep 10;exit 142" )"); }, Severity::error, "unlocks nothing"},
        Spoilt{"key_for_a_backup", "sshd.login", [](Files& files) { files.at("root/.ssh/authorized_keys").body.insert(0, R"(command="borg serve --restrict-to-path /srv",restrict )"); }, Severity::error, "unlocks nothing"},
        Spoilt{"key_from_a_network", "sshd.login", [](Files& files) { files.at("root/.ssh/authorized_keys").body.insert(0, R"(from="192.168.1.0/24" )"); }, Severity::unknown, "not for 192.168.1.1"},
        Spoilt{"key_from_a_name", "sshd.login", [](Files& files) { files.at("root/.ssh/authorized_keys").body.insert(0, R"(from="admin.example.com" )"); }, Severity::error, "names other addresses"},
        Spoilt{"key_from_a_bad_network", "keys.authorized", [](Files& files) { files.at("root/.ssh/authorized_keys").body.insert(0, R"(from="10.77.0.1/24" )"); }, Severity::error, ""},
        Spoilt{"the_same_key_twice", "sshd.login", [](Files& files) { files.at("root/.ssh/authorized_keys").body.insert(0, R"(command="false" )" + images::kKey); }, Severity::error, "unlocks nothing"},
        Spoilt{"revoked", "keys.authorized", [](Files& files) { files.at("etc/ssh/sshd_config").body += "RevokedKeys /etc/ssh/revoked\n"; put(files, "etc/ssh/revoked", images::kKey); }, Severity::error, ""},
        Spoilt{"authority_is_not_there", "keys.authorized", [](Files& files) { files.at("etc/ssh/sshd_config").body += "TrustedUserCAKeys /etc/ssh/ca.pub\n"; files.erase("root/.ssh/authorized_keys"); }, Severity::error, ""},
        Spoilt{"allowed_from_an_address", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "AllowUsers root@192.168.1.32\n"; }, Severity::unknown, "not for 192.168.1.32"},
        Spoilt{"opened_to_a_network", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body.insert(0, "PermitRootLogin no\n"); files.at("etc/ssh/sshd_config").body += "Match Address 10.0.0.0/8\nPermitRootLogin yes\n"; }, Severity::unknown, "does not let root in"},
        Spoilt{"matches_no_network", "sshd.configuration", [](Files& files) { files.at("etc/ssh/sshd_config").body += "Match Address 10.77.0.1/16\nX11Forwarding no\n"; }, Severity::error, "bits behind its mask"},
        Spoilt{"group_that_root_is_not_in", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "AllowGroups root\n"; put(files, "etc/group", "wheel:x:10:\n"); }, Severity::error, "is in no group"},
        Spoilt{"group_that_root_is_in", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "DenyGroups wheel\n"; put(files, "etc/group", "root:x:0:\nwheel:x:10:root\n"); }, Severity::error, "a group that root is in"},
        Spoilt{"keyword_of_a_patch", "sshd.configuration", [](Files& files) { files.at("etc/ssh/sshd_config").body += "GSSAPIKeyExchange yes\n"; }, Severity::error, "this one ends at it"},
        Spoilt{"word_that_sshd_has_for_other_reasons", "sshd.configuration", [](Files& files) { using namespace std::string_literals; files.at("usr/sbin/sshd").body += "\0restrict\0"s; files.at("etc/ssh/sshd_config").body += "Restrict yes\n"; }, Severity::error, "unknown keyword Restrict"},
        Spoilt{"subsystem_twice", "sshd.configuration", [](Files& files) { edit(files, "usr/sbin/sshd", "OpenSSH_10.0p2", "OpenSSH_9.2p1"); files.at("etc/ssh/sshd_config").body += "Subsystem sftp internal-sftp\nSubsystem sftp /x\n"; }, Severity::error, "twice"},
        Spoilt{"port_by_name", "sshd.listen", [](Files& files) { files.at("etc/ssh/sshd_config").body += "Port ssh\n"; }, Severity::error, "is not a port"},
        Spoilt{"listens_to_itself", "sshd.listen", [](Files& files) { files.at("etc/ssh/sshd_config").body += "ListenAddress 127.0.0.1\n"; }, Severity::error, "loopback"},
        Spoilt{"listens_to_a_name", "sshd.listen", [](Files& files) { files.at("etc/ssh/sshd_config").body += "ListenAddress localhost\n"; }, Severity::error, "not an address that sshd can use"},
        Spoilt{"listens_on_one_address", "sshd.listen", [](Files& files) { files.at("etc/ssh/sshd_config").body += "ListenAddress 192.0.2.7\n"; }, Severity::unknown, "cannot be told"},
        Spoilt{"pam_without_its_module", "sshd.pam", [](Files& files) { edit(files, "etc/ssh/sshd_config", "UsePAM no", "UsePAM yes"); put(files, "etc/pam.d/sshd", "account required pam_unix.so\n"); }, Severity::error, "pam_unix.so"},
        Spoilt{"pam_without_what_it_includes", "sshd.pam", [](Files& files) { edit(files, "etc/ssh/sshd_config", "UsePAM no", "UsePAM yes"); put(files, "etc/pam.d/sshd", "@include common-account\n"); }, Severity::error, "/etc/pam.d/common-account"},
        Spoilt{"includes_by_brackets", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body.insert(0, "Include /etc/ssh/*.d/[0-9]*.conf\n"); put(files, "etc/ssh/x.d/10-x.conf", "PermitRootLogin no\n"); }, Severity::error, "/etc/ssh/x.d/10-x.conf:1"},
        Spoilt{"shell_that_is_none", "account.shell", [](Files& files) { edit(files, "etc/passwd", "/bin/sh", "/usr/sbin/nologin"); put(files, "usr/sbin/nologin", images::elf("nologin"), 0100755); }, Severity::error, "ends every login"},
        Spoilt{"keys_for_roots_group_to_write", "keys.modes", [](Files& files) { files.at("root/.ssh/authorized_keys").mode = 0100664; }, Severity::unknown, "unless a patch"},
        Spoilt{"old_ciphers", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "Ciphers 3des-cbc\n"; }, Severity::error, "that a client of today offers"},
        Spoilt{"shut_into_nothing", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "ChrootDirectory /srv/jail\n"; }, Severity::error, "is not in the image"},
        Spoilt{"no_systemd", "image.generator", [](Files& files) { put(files, "usr/lib/dracut/modules.txt", "base\nsshd\n"); }},
        Spoilt{"no_unit", "sshd.unit", [](Files& files) { files.erase("usr/lib/systemd/system/sshd.service"); files.erase("etc/systemd/system/sysinit.target.wants/sshd.service"); }},
        Spoilt{"masked", "sshd.unit", [](Files& files) { images::link(files, "etc/systemd/system/sshd.service", "/dev/null"); }, Severity::error, "is masked"},
        Spoilt{"not_wanted", "sshd.unit", [](Files& files) { files.erase("etc/systemd/system/sysinit.target.wants/sshd.service"); }, Severity::error, "no target wants it"},
        Spoilt{"wanted_too_late", "sshd.unit", [](Files& files) { files.erase("etc/systemd/system/sysinit.target.wants/sshd.service"); images::link(files, "etc/systemd/system/multi-user.target.wants/sshd.service", "/usr/lib/systemd/system/sshd.service"); }, Severity::error, "only wanted by multi-user.target"},
        Spoilt{"default_dependencies", "sshd.unit", [](Files& files) { edit(files, "usr/lib/systemd/system/sshd.service", "DefaultDependencies=no\n", ""); }, Severity::error, "waits for sysinit.target"},
        Spoilt{"no_initrd_release", "sshd.unit", [](Files& files) { files.erase("etc/initrd-release"); }, Severity::error, "/etc/initrd-release"},
        Spoilt{"starts_what_is_not_there", "sshd.unit", [](Files& files) { edit(files, "usr/lib/systemd/system/sshd.service", "/usr/sbin/sshd", "/opt/sshd"); }, Severity::error, "/opt/sshd, which is not there"},
        Spoilt{"notify_without_notifying", "sshd.type", [](Files& files) { edit(files, "usr/sbin/sshd", "NOTIFY_SOCKET", "NOTIFY_SOCKEX"); }},
        Spoilt{"forking", "sshd.type", [](Files& files) { edit(files, "usr/lib/systemd/system/sshd.service", "Type=notify", "Type=forking"); }},
        Spoilt{"no_session", "sshd.helpers", [](Files& files) { files.erase("usr/lib/openssh/sshd-session"); }, Severity::error, "/usr/lib/openssh/sshd-session: it is not there"},
        Spoilt{"no_auth", "sshd.helpers", [](Files& files) { files.erase("usr/lib/openssh/sshd-auth"); }},
        Spoilt{"session_is_a_loose_link", "sshd.helpers", [](Files& files) { images::link(files, "usr/lib/openssh/sshd-session", "/nowhere"); }},
        Spoilt{"no_configuration", "sshd.configuration", [](Files& files) { files.erase("etc/ssh/sshd_config"); images::put(files, "etc/ssh/ssh_host_ed25519_key", images::host_key(), 0100600); }},
        Spoilt{"unknown_option", "sshd.configuration", [](Files& files) { files.at("etc/ssh/sshd_config").body += "NoSuchOption yes\n"; }, Severity::error, "/etc/ssh/sshd_config:5"},
        Spoilt{"option_too_new", "sshd.configuration", [](Files& files) { edit(files, "usr/sbin/sshd", "OpenSSH_10.0p2", "OpenSSH_9.2p1"); files.at("etc/ssh/sshd_config").body += "PerSourcePenalties no\n"; }},
        Spoilt{"huge_configuration", "sshd.configuration", [](Files& files) { files.at("etc/ssh/sshd_config").body = std::string(5U << 20U, '#'); }, Severity::unknown, "too long"},
        Spoilt{"root_forbidden", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body.insert(0, "PermitRootLogin no\n"); }, Severity::error, "/etc/ssh/sshd_config:1"},
        Spoilt{"keys_forbidden", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "PubkeyAuthentication no\n"; }},
        Spoilt{"others_only", "sshd.login", [](Files& files) { files.at("etc/ssh/sshd_config").body += "AllowUsers admin\n"; }},
        Spoilt{"pam_without_rules", "sshd.pam", [](Files& files) { edit(files, "etc/ssh/sshd_config", "UsePAM no", "UsePAM yes"); }, Severity::error, "/etc/pam.d/sshd is not there"},
        Spoilt{"no_account_for_sshd", "sshd.privsep", [](Files& files) { edit(files, "etc/passwd", "sshd:", "other:"); }},
        Spoilt{"no_folder_for_sshd", "sshd.privsep", [](Files& files) { edit(files, "usr/lib/systemd/system/sshd.service", "RuntimeDirectory=sshd\n", ""); }, Severity::error, "/run/sshd is made by nothing"},
        Spoilt{"no_keys", "keys.authorized", [](Files& files) { files.erase("root/.ssh/authorized_keys"); }, Severity::error, "/root/.ssh/authorized_keys"},
        Spoilt{"keys_elsewhere", "keys.authorized", [](Files& files) { edit(files, "etc/ssh/sshd_config", "/root/.ssh/authorized_keys", "/etc/keys/%u"); }, Severity::error, "/etc/keys/root"},
        Spoilt{"broken_key", "keys.authorized", [](Files& files) { files.at("root/.ssh/authorized_keys").body = "ssh-ed25519 AAAAC3Nz rest\n"; }},
        Spoilt{"private_key_instead", "keys.authorized", [](Files& files) { files.at("root/.ssh/authorized_keys").body = images::host_key(); }},
        Spoilt{"keys_for_all_to_write", "keys.modes", [](Files& files) { files.at("root/.ssh/authorized_keys").mode = 0100666; }, Severity::error, "mode 0666"},
        Spoilt{"folder_for_all_to_write", "keys.modes", [](Files& files) { files.at("root/.ssh").mode = 0040777; }, Severity::error, "/root/.ssh has mode 0777"},
        Spoilt{"keys_of_another", "keys.modes", [](Files& files) { files.at("root/.ssh/authorized_keys").uid = 1000; }, Severity::error, "user 1000"},
        Spoilt{"no_host_key", "hostkeys.present", [](Files& files) { files.erase("etc/ssh/ssh_host_ed25519_key"); }},
        Spoilt{"open_host_key", "hostkeys.present", [](Files& files) { files.at("etc/ssh/ssh_host_ed25519_key").mode = 0100644; }, Severity::error, "mode 0644"},
        Spoilt{"garbage_for_a_host_key", "hostkeys.present", [](Files& files) { files.at("etc/ssh/ssh_host_ed25519_key").body = "garbage"; }},
        Spoilt{"no_account", "account.root", [](Files& files) { edit(files, "etc/passwd", "root:", "toor:"); }},
        Spoilt{"locked", "account.root", [](Files& files) { edit(files, "etc/shadow", "root:*", "root:!*"); }, Severity::error, "which is a lock"},
        Spoilt{"expired", "account.root", [](Files& files) { files.at("etc/shadow").body = "root:*:19000:0:99999:7::19500:\n"; }, Severity::error, "it expired on 2023-05-23"},
        Spoilt{"first_of_two_lines_is_locked", "account.root", [](Files& files) { files.at("etc/shadow").body = "root:!unprovisioned:::::::\nroot:*:19000::::::\n"; }, Severity::error, "the first counts"},
        Spoilt{"no_shell", "account.shell", [](Files& files) { edit(files, "etc/passwd", "/bin/sh", "/bin/zsh"); }, Severity::error, "/bin/zsh"},
        Spoilt{"no_network", "network.stack", [](Files& files) { files.erase("usr/lib/systemd/systemd-networkd"); }},
        Spoilt{"networkd_is_empty", "network.stack", [](Files& files) { put(files, "usr/lib/systemd/systemd-networkd", "", 0100755); }, Severity::error, "it is empty"},
        Spoilt{"cryptsetup_is_empty", "crypt.present", [](Files& files) { put(files, "usr/bin/systemd-cryptsetup", "", 0100755); put(files, "etc/crypttab", "root UUID=1\n"); }, Severity::error, "it is empty"},
        Spoilt{"network_unit_masked", "network.stack", [](Files& files) { images::link(files, "etc/systemd/system/systemd-networkd.service", "/dev/null"); }},
        Spoilt{"network_not_told", "network.configuration", [](Files& files) { files.erase("etc/systemd/network/20-wired.network"); }},
        Spoilt{"no_dm_crypt", "crypt.present", [](Files& files) { files.erase("usr/lib/modules/6.12.0/kernel/drivers/md/dm-crypt.ko.xz");
                 put(files, "etc/crypttab", "root UUID=1 none\n"); }},
        Spoilt{"network_file_leads_nowhere", "network.configuration", [](Files& files) { images::link(files, "etc/systemd/network/20-wired.network", "/nonesuch"); }},
        Spoilt{"network_file_is_taken_away", "network.configuration", [](Files& files) {
          put(files, "usr/lib/systemd/network/20-wired.network", files.at("etc/systemd/network/20-wired.network").body);
          images::link(files, "etc/systemd/network/20-wired.network", "/dev/null"); }},
        Spoilt{"crypttab_without_program", "crypt.present", [](Files& files) { files.erase("usr/bin/systemd-cryptsetup"); put(files, "etc/crypttab", "root UUID=1 none\n"); }, Severity::error, "crypttab: root"},
        Spoilt{"no_agent", "crypt.agent", [](Files& files) { files.erase("usr/bin/systemd-tty-ask-password-agent"); }}),
    [](const auto& each) { return std::string(each.param.name); });

struct Harmless {
  const char* name;
  std::function<void(Files&)> how;
};

void PrintTo(const Harmless& harmless, std::ostream* out) { *out << harmless.name; }

/// What once was an alarm, and lets in: the real sshds of Debian 12, 13 and 14 did.
class NoFault : public testing::TestWithParam<Harmless> {};

TEST_P(NoFault, LetsIn) {
  auto files = images::good();
  GetParam().how(files);
  const auto findings = findings_of(files, options("", true));
  EXPECT_EQ(answer_of(findings), Answer::will_let_in) << text_of(findings);
}

INSTANTIATE_TEST_SUITE_P(
    Each, NoFault,
    testing::Values(
        Harmless{"group_of_root",
                 [](Files& files) {
                   files.at("etc/ssh/sshd_config").body += "AllowGroups wheel\n";
                   put(files, "etc/group", "root:x:0:\nwheel:x:10:root\n");
                 }},
        Harmless{"keys_by_a_pattern",
                 [](Files& files) {
                   edit(files, "etc/ssh/sshd_config", "/root/.ssh/authorized_keys", ".ssh/authorized_*");
                 }},
        Harmless{"includes_a_folder",
                 [](Files& files) {
                   files.at("etc/ssh/sshd_config").body.insert(0, "Include /etc/ssh/x.d\n");
                   put(files, "etc/ssh/x.d/10-x.conf", "PermitRootLogin no\n");
                 }},
        Harmless{
            "expires_on_30_february",
            [](Files& files) { files.at("root/.ssh/authorized_keys").body.insert(0, R"(expiry-time="20990230" )"); }},
        Harmless{
            "long_comment",
            [](Files& files) {
              files.at("root/.ssh/authorized_keys").body.insert(images::kKey.size() - 1, std::string(300'000, 'x'));
            }},
        Harmless{"unlocks_alone",
                 [](Files& files) {
                   files.at("root/.ssh/authorized_keys").body.insert(0, R"(command="unlock",restrict )");
                   put(files, "usr/bin/unlock", images::elf("unlock"), 0100755);
                 }},
        Harmless{"unlocks_as_dropbear_does",
                 [](Files& files) {
                   files.at("root/.ssh/authorized_keys").body.insert(0, R"(command="cryptroot-unlock" )");
                   put(files, "usr/bin/cryptroot-unlock", images::elf("unlock"), 0100755);
                 }},
        Harmless{"runs_what_was_asked_for",
                 [](Files& files) {
                   files.at("root/.ssh/authorized_keys").body.insert(0, R"(command="eval \"$SSH_ORIGINAL_COMMAND\"" )");
                 }},
        Harmless{"authority_alone",
                 [](Files& files) {
                   files.at("etc/ssh/sshd_config").body += "TrustedUserCAKeys /etc/ssh/ca.pub\n";
                   put(files, "etc/ssh/ca.pub", images::kKey);
                   files.erase("root/.ssh/authorized_keys");
                 }},
        Harmless{"another_is_revoked",
                 [](Files& files) {
                   files.at("etc/ssh/sshd_config").body += "RevokedKeys /etc/ssh/revoked\n";
                   put(files, "etc/ssh/revoked", images::kHostKey);
                 }},
        Harmless{"match_without_effect",
                 [](Files& files) {
                   files.at("etc/ssh/sshd_config").body += "Match Address 10.0.0.0/8\nPasswordAuthentication yes\n";
                 }},
        Harmless{"keyword_of_its_patch",
                 [](Files& files) {
                   using namespace std::string_literals;
                   files.at("usr/sbin/sshd").body += "\0gssapikeyexchange\0"s;
                   files.at("etc/ssh/sshd_config").body += "GSSAPIKeyExchange yes\n";
                 }},
        Harmless{"port_of_services",
                 [](Files& files) {
                   files.at("etc/ssh/sshd_config").body += "Port ssh\n";
                   put(files, "etc/services", "ssh\t22/tcp\n");
                 }},
        Harmless{"listens_elsewhere_too",
                 [](Files& files) {
                   files.at("etc/ssh/sshd_config").body += "ListenAddress 127.0.0.1\nListenAddress 0.0.0.0\n";
                 }},
        Harmless{"pam_with_its_module",
                 [](Files& files) {
                   edit(files, "etc/ssh/sshd_config", "UsePAM no", "UsePAM yes");
                   put(files, "etc/pam.d/sshd", "account required pam_permit.so\nsession optional pam_other.so\n");
                   put(files, "usr/lib/x86_64-linux-gnu/security/pam_permit.so", "");
                 }}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Checks, WhoSaysWhereTheyComeFromGetsAnAnswer) {
  auto files = images::good();
  files.at("root/.ssh/authorized_keys").body.insert(0, R"(from="192.168.1.0/24" )");
  auto some = options("", true);
  some.from = "192.168.1.7";
  EXPECT_EQ(answer_of(findings_of(files, some)), Answer::will_let_in) << text_of(findings_of(files, some));
  some.from = "10.0.0.7";
  EXPECT_EQ(answer_of(findings_of(files, some)), Answer::will_not);
}

TEST(Checks, WhatThisModulePutsRightBeforeSshdStartsIsNoFault) {
  auto files = images::good();
  files.at("usr/lib/systemd/system/sshd.service").body += "ExecStartPre=-/usr/lib/dracut-sshd/fix-accounts\n";
  put(files, "usr/lib/dracut-sshd/fix-accounts", "#!/bin/sh\n", 0100755);
  files.at("etc/shadow").body = "root:!unprovisioned:::::::\n";
  files.at("etc/passwd").body = "root:x:0:0::/root:/bin/zsh\n";
  const auto findings = findings_of(files);
  EXPECT_EQ(answer_of(findings), Answer::will_let_in) << text_of(findings);
  EXPECT_THAT(text_of(findings), HasSubstr("as it is, its password field begins with \"!\""));
  EXPECT_THAT(text_of(findings), HasSubstr("/bin/sh is put in its place"));
}

TEST(Checks, OnlyTheModulesOwnProgramPutsAccountsRight) {
  for (const auto* line : {"/usr/lib/dracut-sshd/accounts", "-/usr/lib/dracut-sshd/fix-accounts",
                           "-/opt/usr/lib/dracut-sshd/fix-accounts", "echo /usr/lib/dracut-sshd/fix-accounts"}) {
    auto files = images::good();
    files.at("usr/lib/systemd/system/sshd.service").body += std::string("ExecStartPre=") + line + "\n";
    put(files, "usr/lib/dracut-sshd/accounts", "#!/bin/sh\n", 0100755);
    put(files, "usr/lib/dracut-sshd/fix-accounts", "#!/bin/sh\n", 0100755);
    files.at("etc/shadow").body = "root:!:::::::\n";
    const bool own = std::string_view(line).find("opt") == std::string_view::npos && line[0] != 'e';
    EXPECT_EQ(faults_of(findings_of(files)).empty(), own) << line;
  }
}

TEST(Checks, WhatPutsAccountsRightCannotDoSoWhenItIsEmptyOrLeadsNowhere) {
  auto files = images::good();
  files.at("usr/lib/systemd/system/sshd.service").body += "ExecStartPre=-/usr/lib/dracut-sshd/fix-accounts\n";
  files.at("etc/shadow").body = "root:!:::::::\n";
  put(files, "usr/lib/dracut-sshd/fix-accounts", "", 0100755);
  EXPECT_THAT(faults_of(findings_of(files)), testing::ElementsAre("account.root"));
  put(files, "usr/lib/dracut-sshd/fix-accounts", "#!/bin/sh\n", 0100644);
  EXPECT_THAT(faults_of(findings_of(files)), testing::ElementsAre("account.root"));
  images::link(files, "usr/lib/dracut-sshd/fix-accounts", "/nonesuch");
  EXPECT_THAT(faults_of(findings_of(files)), testing::ElementsAre("account.root"));
}

TEST(Checks, AnEmptyScriptPutsNothingRightAndALinkToNowhereIsNoNetwork) {
  auto files = images::good();
  files.at("usr/lib/systemd/system/sshd.service").body += "ExecStartPre=-/usr/lib/dracut-sshd/fix-accounts\n";
  put(files, "usr/lib/dracut-sshd/fix-accounts", "", 0100755);
  files.at("etc/shadow").body = "root:!:::::::\n";
  EXPECT_THAT(faults_of(findings_of(files)), testing::ElementsAre("account.root"));
  files = images::good();
  files.erase("etc/systemd/network/20-wired.network");
  images::link(files, "etc/systemd/network/20-wired.network", "/nowhere");
  EXPECT_THAT(faults_of(findings_of(files, options("quiet", true))), testing::ElementsAre("network.configuration"));
}

TEST(Checks, OfAMaskedUnitTheMaskIsWhatIsWrong) {
  auto files = images::good();
  images::link(files, "etc/systemd/system/sshd.service", "/dev/null");
  files.at("etc/shadow").body = "root:!:::::::\n";
  EXPECT_THAT(faults_of(findings_of(files)), testing::ElementsAre("sshd.unit"));
}

TEST(Checks, AFileForAnotherMachinesCardIsAWarningAndTheLastOfThemAnError) {
  const base::TempDir host(base::temp_parent(), "dracut-sshd-test.");
  const auto nic = host.path() / "sys/class/net/enp1s0";
  std::filesystem::create_directories(nic / "device");
  base::write_file(nic / "address", "52:54:00:ab:00:01\n");
  auto some = options("quiet", true);
  some.host = host.path();
  const auto severities = [&](const Files& files) {
    const auto image = images::image_of(files);
    std::vector<Severity> out;
    Findings findings;
    check_network(gather(image, some), findings);
    for (const auto& finding : findings)
      if (finding.id == "network.configuration") out.push_back(finding.severity);
    return out;
  };
  auto files = images::good();
  put(files, "etc/systemd/network/10-other.network", "[Match]\nName=enp9s0\n[Network]\nDHCP=yes\n");
  EXPECT_THAT(severities(files), testing::ElementsAre(Severity::warning, Severity::good));
  files.erase("etc/systemd/network/20-wired.network");
  EXPECT_THAT(severities(files), testing::ElementsAre(Severity::error));
}

TEST(Checks, WhatTheCommandLineMaySayCannotBeToldWithoutIt) {
  auto files = images::good();
  files.erase("etc/systemd/network/20-wired.network");
  EXPECT_EQ(answer_of(findings_of(files)), Answer::cannot_tell);
  EXPECT_EQ(answer_of(findings_of(files, options("quiet ip=dhcp", true))), Answer::will_let_in);
  EXPECT_EQ(answer_of(findings_of(files, options("quiet", true))), Answer::will_not);
}

TEST(Checks, WhatSshdMindsNotIsNoFault) {
  auto files = images::good();
  put(files, "etc/ssh/ssh_host_ed25519_key.pub", images::kKey);  // another's: sshd makes its own
  files.at("etc/shadow").body = "root:*:0:0:90:7:::\n";          // no key asks how old a password is
  files.at("etc/ssh/sshd_config").body += "RSAMinSize 2048\nInclude /usr/etc/x.conf\n";  // by a distribution
  put(files, "usr/etc/x.conf", "MaxAuthTries 5\n");
  files.at("usr/sbin/sshd").body += std::string("\0rsaminsize\0", 12);
  const auto findings = findings_of(files);
  EXPECT_EQ(answer_of(findings), Answer::will_let_in) << text_of(findings);
}

TEST(Checks, PrivateKeysAreNamedWhereverTheyLieAndWhose) {
  const base::TempDir host(base::temp_parent(), "dracut-sshd-test.");
  std::filesystem::create_directories(host.path() / "etc/ssh");
  auto some = options();
  some.host = host.path();
  auto files = images::good();
  // Texts and programs that know how a key begins hold none.
  put(files, "etc/manual",
      "it begins with -----BEGIN OPENSSH PRIVATE KEY-----\nand\n-----BEGIN PUBLIC KEY-----\nPRIVATE KEY\n");
  put(files, "usr/bin/keygen", std::string("\0\n-----BEGIN RSA PRIVATE KEY-----\n", 34), 0100755);
  EXPECT_THAT(text_of(findings_of(files, some)), testing::AllOf(testing::Not(HasSubstr("warning hostkeys.own")),
                                                                testing::Not(HasSubstr("note hostkeys.own"))));
  put(files, "etc/wifi.pem", "Bag Attributes\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n");
  EXPECT_THAT(text_of(findings_of(files, some)), HasSubstr("note hostkeys.own /etc/wifi.pem is a private key, too"));
  put(files, "etc/issue", images::host_key());
  std::ofstream(host.path() / "etc/ssh/ssh_host_ed25519_key.pub") << images::kHostKey;
  const auto text = text_of(findings_of(files, some));
  EXPECT_THAT(text, HasSubstr("warning hostkeys.own the system's own private host key is in it"));
  EXPECT_THAT(text, HasSubstr("/etc/issue, /etc/ssh/ssh_host_ed25519_key"));
}

TEST(Checks, AnotherPortByTheUnitsVariablesIsNoticed) {
  auto files = images::good();
  files.at("usr/lib/systemd/system/sshd.service").body += "EnvironmentFile=-/etc/default/dracut-sshd\n";
  put(files, "etc/default/dracut-sshd", "SSHD_OPTS=\"-p 2222 -o PermitRootLogin=no\"\n");
  const auto image = images::image_of(files);
  const auto some = options();
  const auto facts = gather(image, some);
  EXPECT_EQ(openssh::argument_of(facts.effective.values, "port", "22"), "2222");
  EXPECT_THAT(faults_of(check_all(facts)), testing::ElementsAre("sshd.login"));
}

TEST(Checks, AnImageOfAnotherKernelIsAnError) {
  auto some = options();
  some.kernel = host::KernelRelease::from("6.13.0");
  EXPECT_THAT(faults_of(findings_of(images::good(), some)), testing::ElementsAre("kernel.modules"));
  some.kernel = host::KernelRelease::from("6.12.0");
  EXPECT_THAT(faults_of(findings_of(images::good(), some)), testing::IsEmpty());
}

TEST(Checks, ATextThatIsNoReleaseBecomesNoKernel) {
  const auto some = options();
  auto image = images::image_of(images::good());
  image.sections[".uname"] = "../../usr/lib/modules/6.12.0";
  const auto facts = gather(image, some);
  EXPECT_FALSE(facts.kernel);
  EXPECT_THAT(text_of(check_all(facts)),
              HasSubstr("warning kernel.modules \".uname: ../../usr/lib/modules/6.12.0\" is not"));
  image.sections[".uname"] = "6.12.0\n";
  EXPECT_EQ(gather(image, some).kernel, host::KernelRelease::from("6.12.0"));
  EXPECT_THAT(faults_of(check_all(gather(image, some))), testing::IsEmpty());

  auto files = images::good();
  put(files, "usr/lib/modules/-rf/modules.dep", "");
  const auto two = images::image_of(files);
  EXPECT_EQ(host::texts_of(gather(two, some).kernels), std::vector<std::string>{"6.12.0"});
  EXPECT_EQ(gather(two, some).no_release, "");
  std::erase_if(files, [](const auto& each) { return each.first.starts_with("usr/lib/modules/6.12.0"); });
  const auto odd = images::image_of(files);
  EXPECT_THAT(gather(odd, some).kernels, testing::IsEmpty());
  EXPECT_EQ(gather(odd, some).no_release, "usr/lib/modules/-rf");
}

TEST(Checks, AnImageOfInitramfsToolsIsNamedAsSuch) {
  Files files;
  put(files, "init", "#!/bin/sh\n", 0100755);
  put(files, "conf/initramfs.conf", "MODULES=most\n");
  put(files, "scripts/init-premount/ORDER", "");
  const auto findings = findings_of(files);
  EXPECT_EQ(answer_of(findings), Answer::will_not);
  EXPECT_THAT(text_of(findings), HasSubstr("error image.generator initramfs-tools made it"));
}

TEST(Checks, NothingAtAllIsAnError) {
  initramfs::Image image;
  const auto some = options();
  EXPECT_EQ(answer_of(check_all(gather(image, some))), Answer::will_not);
}

}  // namespace
}  // namespace inspect
