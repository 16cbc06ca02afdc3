// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "images.hpp"
#include "inspect/check.hpp"
#include "inspect/gather.hpp"

namespace inspect {
namespace {

using images::Files;
using images::put;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kLuks = "aaaaaaaa-1111-2222-3333-444444444444";
const std::string kOther = "bbbbbbbb-1111-2222-3333-444444444444";
const std::string kTail = "\t4\nnode\t4\tpart\tvda5\t-\t5\nnode\t5\tdisk\tvda\t-\t-\n";
/// LUKS with a file system in it.
const std::string kPlainLuks =
    "version\t1\nfrom\tsysfs\nneed\t/\t1\nnode\t1\tfs\text4\t5f0c\t3\nnode\t3\tcrypt\tvda5_crypt\t" + kLuks + kTail;
/// LVM in LUKS, with swap.
const std::string kLvm =
    "version\t1\nfrom\tsysfs\nneed\t/\t1\nneed\tresume\t6\nnode\t1\tfs\text4\t5f0c\t2\nnode\t2\tlv\tdebian-vg/"
    "root\t-\t3\nnode\t3\tcrypt\tvda5_crypt\t" +
    kLuks + kTail + "node\t6\tswap\tswap\t77\t7\nnode\t7\tlv\tdebian-vg/swap_1\t-\t3\n";
/// btrfs on two LUKS disks.
const std::string kBtrfs = "version\t1\nfrom\tsysfs\nneed\t/\t1\nnode\t1\tfs\tbtrfs\tb7\t2,3\nnode\t2\tcrypt\tone\t" +
                           kLuks + "\t-\nnode\t3\tcrypt\ttwo\t" + kOther + "\t-\n";
/// As in a chroot.
const std::string kFiles =
    "version\t1\nfrom\tfiles\nneed\t/\t1\nnode\t1\tfs\text4\t-\t2\nnode\t2\tlv\tdebian-vg/"
    "root\t-\t3\nnode\t3\tunknown\tvolume group debian-vg\t-\t-\n";
/// A random key for what one would like to resume from.
const std::string kRandomSwap =
    images::kPlainRoot + "need\tresume\t7\nnode\t7\tswap\tswap\t-\t8\nnode\t8\tcrypt\tcryptswap\t-\t-\n";
const std::string kLine = "vda5_crypt UUID=" + kLuks + " none luks,discard\n";

struct Case {
  const char* name;
  std::string record;    // "": none
  std::string crypttab;  // of the image; "": none
  std::string cmdline;   // "?": not known
  Severity severity;     // of the worst finding
  std::string message{};
  std::string remedy{};
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

Findings findings_of(const Files& files, const std::string& cmdline, const std::filesystem::path& host = {}) {
  const auto image = images::image_of(files);
  Options options;
  options.now = 1764000000;
  options.cmdline_known = cmdline != "?";
  if (options.cmdline_known) options.cmdline = cmdline;
  if (!host.empty()) options.host = host;
  const auto facts = gather(image, options);
  Findings out;
  check_crypt(facts, out);
  check_opens(facts, out);
  return out;
}

std::string text_of(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings)
    out += fmt::format("{} {} {} -> {}\n", name_of(finding.severity), finding.id, finding.message, finding.remedy);
  return out;
}

Severity worst(const Findings& findings) {
  auto out = Severity::good;
  for (const auto& finding : findings)
    if (finding.id == "crypt.opens") out = std::max(out, finding.severity);
  return out;
}

Files image_with(const std::string& record, const std::string& crypttab) {
  auto files = images::good();
  files.erase("usr/lib/dracut-sshd/storage");
  if (!record.empty()) put(files, "usr/lib/dracut-sshd/storage", record);
  if (!crypttab.empty()) put(files, "etc/crypttab", crypttab);
  return files;
}

class Opens : public testing::TestWithParam<Case> {};

TEST_P(Opens, IsJudgedByWhatTheBootWouldDo) {
  const auto& one = GetParam();
  const auto findings = findings_of(image_with(one.record, one.crypttab), one.cmdline);
  const auto text = text_of(findings);
  EXPECT_EQ(name_of(worst(findings)), name_of(one.severity)) << text;
  EXPECT_THAT(text, HasSubstr("crypt.opens")) << text;
  EXPECT_THAT(text, HasSubstr(one.message));
  EXPECT_THAT(text, HasSubstr(one.remedy));
}

const std::string kDebian = "root=/dev/mapper/vda5_crypt ro quiet";
const std::string kDebianLvm = "root=/dev/mapper/debian--vg-root ro quiet";

INSTANTIATE_TEST_SUITE_P(
    Each, Opens,
    testing::Values(
        // A generic image of Debian: the record has the disk, and neither crypttab nor command line does.
        Case{"generic", kPlainLuks, "", kDebian, Severity::error,
             "nothing opens vda5_crypt (UUID=" + kLuks + "), which the root file system needs",
             "vda5_crypt UUID=" + kLuks + " none luks"},
        Case{"generic_lvm", kLvm, "", kDebianLvm, Severity::error, "vda5_crypt", "dracut-sshd-rebuild"},
        Case{"generic_without_cmdline", kLvm, "", "?", Severity::unknown, "the kernel's command line", "--cmdline"},
        Case{"generic_without_record", "", "", kDebian, Severity::error, "nothing opens root=/dev/mapper/vda5_crypt",
             "blkid"},
        Case{"line", kPlainLuks, kLine, kDebian, Severity::good, "vda5_crypt for / (/etc/crypttab:1)"},
        Case{"line_lvm", kLvm, kLine, kDebianLvm, Severity::good, "vda5_crypt for resume"},
        Case{"line_without_cmdline", kLvm, kLine, "?", Severity::good},
        Case{"line_without_record", "", kLine, kDebian, Severity::good},
        Case{"line_by_device", kPlainLuks, "vda5_crypt /dev/vda5 none\n", kDebian, Severity::good},
        Case{"line_of_another_header", kPlainLuks, "vda5_crypt UUID=" + kOther + " none\n", kDebian, Severity::error,
             "nothing opens"},
        Case{"line_with_five_fields", kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks # mine\n", kDebian,
             Severity::error},
        Case{"noauto", kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks,noauto\n", kDebian, Severity::error,
             "it says noauto"},
        Case{"switched_off", kPlainLuks, kLine, kDebian + " rd.luks=0", Severity::error, "rd.luks=no switches it off"},
        Case{"crypttab_switched_off", kPlainLuks, kLine, kDebian + " luks.crypttab=no", Severity::error,
             "rd.luks.crypttab=no"},
        Case{"rd_luks_name", "", "", "rd.luks.name=" + kLuks + "=cryptroot root=/dev/mapper/cryptroot rw",
             Severity::good, "cryptroot for /"},
        Case{"rd_luks_name_and_another_record", images::kPlainRoot, "",
             "rd.luks.name=" + kLuks + "=cryptroot root=/dev/mapper/cryptroot rw", Severity::good},
        Case{"luks_name", kPlainLuks, "", "luks.name=" + kLuks + "=vda5_crypt " + kDebian, Severity::good},
        Case{"rd_luks_uuid_lvm", kLvm, "", "rd.luks.uuid=luks-aaaaaaaa-1111 " + kDebianLvm, Severity::good},
        // It is opened, and not under the name that the boot waits for.
        Case{"rd_luks_uuid_name", kPlainLuks, "", "rd.luks.uuid=" + kLuks + " " + kDebian, Severity::error,
             "as /dev/mapper/luks-" + kLuks, "rd.luks.name=" + kLuks + "=vda5_crypt"},
        Case{"rd_luks_uuid_with_line", kPlainLuks, kLine, "rd.luks.uuid=" + kLuks + " " + kDebian, Severity::good},
        Case{"crypttab_names_it_otherwise", kPlainLuks, "other UUID=" + kLuks + " none\n",
             "rd.luks.name=" + kLuks + "=vda5_crypt " + kDebian, Severity::error, "as /dev/mapper/other"},
        // With rd.luks.uuid the lines of other disks do not count.
        Case{"another_disk_by_cmdline", kLvm, kLine, "rd.luks.uuid=" + kOther + " " + kDebianLvm, Severity::error,
             "crypttab counts for those alone"},
        Case{"auto_lvm", kLvm, "", "rd.auto " + kDebianLvm, Severity::good, "rd.auto"},
        Case{"auto_off", kLvm, "", "rd.auto=0 " + kDebianLvm, Severity::error},
        Case{"serial", kLvm, "", "rd.luks.serial=X " + kDebianLvm, Severity::unknown, "rd.luks.serial=X"},
        Case{"btrfs_on_two", kBtrfs, "one UUID=" + kLuks + "\ntwo UUID=" + kOther + "\n", "root=UUID=b7",
             Severity::good},
        Case{"btrfs_second_missing", kBtrfs, "one UUID=" + kLuks + "\n", "root=UUID=b7", Severity::error,
             "nothing opens two"},
        Case{"chroot_lvm", kFiles, kLine, kDebianLvm, Severity::warning, "if / lies there, all is well"},
        Case{"chroot_lvm_nothing", kFiles, "", kDebianLvm, Severity::unknown, "nothing in it opens"},
        Case{"uuid_alone", "", "", "root=UUID=5f0c", Severity::unknown, "recorded nowhere"},
        Case{"uuid_and_a_disk", "", "", "rd.luks.uuid=" + kLuks + " root=UUID=5f0c", Severity::warning},
        Case{"uuid_of_another_root", kPlainLuks, "", "root=UUID=dead", Severity::unknown,
             "is not what the root file system was"},
        Case{"label", kPlainLuks, "", "root=LABEL=root", Severity::error},
        Case{"volume_alone", "", "", kDebianLvm, Severity::unknown, "logical volume"},
        Case{"partition", "", "", "root=PARTUUID=0a1b2c3d-02", Severity::note, "nothing has to be unlocked"},
        Case{"kernel_name", "", "", "root=/dev/nvme0n1p2", Severity::note},
        Case{"plain", images::kPlainRoot, "", "root=UUID=5f0c0000-0000-4000-8000-000000000001", Severity::note,
             "nothing has to be unlocked: / is ext4 on vda1 on vda"},
        Case{"plain_without_cmdline", images::kPlainRoot, "", "?", Severity::note},
        Case{"random_swap", kRandomSwap, "", "root=/dev/vda1 resume=/dev/mapper/cryptswap", Severity::warning,
             "random key"},
        Case{"resume_of_its_own",
             kPlainLuks + "need\tresume\t8\nnode\t8\tswap\tswap\t-\t9\nnode\t9\tcrypt\tvda6_crypt\t" + kOther + "\t-\n",
             kLine, kDebian + " resume=/dev/mapper/vda6_crypt", Severity::error, "vda6_crypt"},
        Case{"resume_not_asked_for",
             kPlainLuks + "need\tresume\t8\nnode\t8\tswap\tswap\t-\t9\nnode\t9\tcrypt\tvda6_crypt\t" + kOther + "\t-\n",
             kLine, kDebian, Severity::warning, "vda6_crypt"},
        Case{"usr",
             kPlainLuks + "need\t/usr\t8\nnode\t8\tfs\text4\t-\t9\nnode\t9\tcrypt\tusr_crypt\t" + kOther + "\t-\n",
             kLine, kDebian, Severity::error, "which /usr needs"},
        Case{"zfs", images::kPlainRoot, "", "root=ZFS=rpool/ROOT", Severity::unknown, "ZFS"},
        Case{"nfs", "", "", "root=nfs:10.0.0.1:/x", Severity::note, "in the network"},
        Case{"no_root", "", "", "quiet", Severity::unknown, "no root="},
        Case{"nothing_known", "", "", "?", Severity::unknown, "recorded nowhere"},
        Case{"broken_record", "version\t1\nneed\t/\t1\n", "", "root=UUID=5f0c", Severity::unknown,
             "there is no node 1"},
        Case{"old_host_only_image", "", kLine, "?", Severity::warning, "vda5_crypt"},
        Case{"key_not_there", kPlainLuks, "vda5_crypt UUID=" + kLuks + " /etc/keys/a luks\n", kDebian,
             Severity::warning, "its key file /etc/keys/a is not in the image; the passphrase is asked for"},
        Case{"key_not_there_and_headless", kPlainLuks, "vda5_crypt UUID=" + kLuks + " /etc/keys/a luks,headless=1\n",
             kDebian, Severity::error, "nobody is asked"},
        Case{"key_there", kPlainLuks, "vda5_crypt UUID=" + kLuks + " /etc/passwd luks\n", kDebian, Severity::note,
             "vda5_crypt is opened by the key file /etc/passwd; if that fails, a passphrase is asked for"},
        Case{"tpm_without_libraries", kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks,tpm2-device=auto\n", kDebian,
             Severity::warning,
             "/etc/crypttab:1 vda5_crypt: it is to be opened by the TPM, but libtss2-esys.so.0 is not in the image",
             "install tpm2-tools"},
        Case{"fido2_without_library", kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks,fido2-cid=x\n", kDebian,
             Severity::warning, "by a FIDO2 token, but libfido2.so.1 is not"},
        Case{"headless", kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks,headless\n", kDebian, Severity::error,
             "nothing opens it by itself, and with headless= nobody is asked", "take headless= away"},
        Case{"headless_no", kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks,headless=1,headless=0\n", kDebian,
             Severity::good},
        Case{"headless_by_the_command_line", kPlainLuks, "",
             kDebian + " rd.luks.name=" + kLuks + "=vda5_crypt rd.luks.options=headless=yes", Severity::error,
             "with headless= nobody is asked"},
        Case{"headless_of_another_disk", kPlainLuks, kLine, kDebian + " rd.luks.options=" + kOther + "=headless=yes",
             Severity::good},
        Case{"options_for_the_others", kPlainLuks, kLine, kDebian + " rd.luks.options=headless=yes", Severity::good},
        Case{"prompt_ends", kPlainLuks, kLine, kDebian + " rd.luks.options=" + kLuks + "=timeout=20s",
             Severity::warning, "its passphrase is asked for for 20s, and then the boot gives up", "unlock --retry"},
        Case{"stick", kPlainLuks, "vda5_crypt UUID=" + kLuks + " /key:LABEL=stick luks\n", kDebian, Severity::warning,
             "LABEL=stick", "keyfile-timeout"},
        Case{"keyscript", kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks,keyscript=decrypt_keyctl\n", kDebian,
             Severity::warning, "systemd ignores keyscript=decrypt_keyctl"}),
    [](const auto& each) { return std::string(each.param.name); });

Files image_with_tpm(const std::string& options) {
  auto files = image_with(kPlainLuks, "vda5_crypt UUID=" + kLuks + " none luks,tpm2-device=auto" + options + "\n");
  for (const auto* library : {"libtss2-esys.so.0", "libtss2-rc.so.0", "libtss2-mu.so.0"})
    put(files, std::string("usr/lib/x86_64-linux-gnu/") + library, "");
  return files;
}

TEST(OpensByItself, ByTheTpmAndWhatFollows) {
  auto text = text_of(findings_of(image_with_tpm(""), kDebian));
  EXPECT_THAT(text,
              HasSubstr("note crypt.opens vda5_crypt is opened by the TPM; if that fails, a passphrase is asked for"));
  EXPECT_THAT(text, Not(HasSubstr("warning crypt.opens")));
  text = text_of(findings_of(image_with_tpm(",token-timeout=0"), kDebian));
  EXPECT_THAT(text, HasSubstr("warning crypt.opens /etc/crypttab:1 vda5_crypt: with token-timeout=0 nobody is asked"));
  text = text_of(findings_of(image_with_tpm(",headless=yes"), kDebian));
  EXPECT_THAT(text, HasSubstr("by the TPM; if that fails, nobody is asked (headless=)"));
  EXPECT_THAT(text, HasSubstr("if the TPM does not open it, with headless= nobody is asked"));
  EXPECT_THAT(text, Not(HasSubstr("error")));
}

TEST(OpensByItself, ClevisAndMandosAnswerPrompts) {
  auto files = image_with(kPlainLuks, kLine);
  put(files, "usr/lib/dracut/modules.txt", "systemd\nclevis\nmandos\n");
  EXPECT_THAT(text_of(findings_of(files, kDebian)),
              HasSubstr("vda5_crypt is opened by a passphrase; Clevis or Mandos, which is in the image, answers"));
}

TEST(OpensWithoutPrograms, ADiskIsNeededAndNothingThatOpensDisksIsThere) {
  auto files = image_with(kPlainLuks, kLine);
  files.erase("usr/lib/systemd/system-generators/systemd-cryptsetup-generator");
  EXPECT_THAT(text_of(findings_of(files, kDebian)), AllOf(HasSubstr("error crypt.present"), HasSubstr("generator")));
  files = image_with(kPlainLuks, "");
  files.erase("usr/bin/systemd-cryptsetup");
  EXPECT_THAT(text_of(findings_of(files, kDebian)),
              AllOf(HasSubstr("error crypt.present it is to open vda5_crypt, which / lies on"),
                    HasSubstr("apt install systemd-cryptsetup")));
}

class OnTheMachine : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((host.path() / path).parent_path());
    base::write_file(host.path() / path, text);
  }
  const base::TempDir host{base::temp_parent(), "host."};
};

TEST_F(OnTheMachine, TheMachinesOwnFilesTellWhatTheImageDoesNot) {
  write("etc/crypttab", kLine);
  write("etc/fstab", "/dev/mapper/vda5_crypt / ext4 defaults 0 1\n");
  auto findings = findings_of(image_with("", ""), kDebian, host.path());
  EXPECT_EQ(worst(findings), Severity::error) << text_of(findings);
  EXPECT_THAT(text_of(findings), HasSubstr("vda5_crypt (UUID=" + kLuks));
  findings = findings_of(image_with("", kLine), kDebian, host.path());
  EXPECT_EQ(worst(findings), Severity::good) << text_of(findings);
}

TEST_F(OnTheMachine, ADiskThatOnlyTheRealSystemAsksForIsAWarning) {
  write("etc/crypttab",
        kLine + "data UUID=" + kOther +
            " none luks\nauto UUID=1 /etc/key\nlater UUID=2 none noauto\nswap /dev/vda6 /dev/urandom swap\n");
  write("etc/fstab", "/dev/mapper/vda5_crypt / ext4 defaults 0 1\n");
  const auto findings = findings_of(image_with(kPlainLuks, kLine), kDebian, host.path());
  EXPECT_EQ(worst(findings), Severity::warning) << text_of(findings);
  EXPECT_THAT(text_of(findings),
              AllOf(HasSubstr("warning crypt.opens data: the real system asks"), HasSubstr("x-initrd.attach")));
}

}  // namespace
}  // namespace inspect
