// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "archives.hpp"
#include "initramfs/builder.hpp"
#include "initramfs/unpack.hpp"
#include "inspect/facts.hpp"
#include "inspect/gather.hpp"

/// Images as tests of the checks need them: a good one, made of texts, to be spoilt in one place.
namespace images {

/// By path, so that folders come before what is in them.
using Files = std::map<std::string, archives::Entry>;

inline void put(Files& files, const std::string& path, const std::string& body, std::uint32_t mode = 0100644) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const auto folder = path.substr(0, slash);
    if (!files.contains(folder)) files[folder] = {folder, "", 0040755, 0, 1, 0};
  }
  files[path] = {path, body, mode, 0, 1, 0};
}

inline void link(Files& files, const std::string& path, const std::string& target) {
  put(files, path, target, 0120777);
}

inline const std::string kKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6jPmtQFdMOiivNBTGOI8Vu5lq7VzOUEaCPi7pPYGHc somebody\n";
/// The public half of host_key().
inline const std::string kHostKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPkMHWZ+fCN/zjXINuyjbIHdfdy+38NbVLzksIjrcMSy\n";

/// A program that needs no loader: an ELF header, one segment (System V ABI, chapters 4 and 5), and some text.
inline std::string elf(const std::string& text) {
  std::string out(
      "\x7f"
      "ELF\x02\x01\x01",
      7);
  out.resize(64 + 56, '\0');
  out[16] = 2;   // ET_EXEC
  out[18] = 62;  // x86-64
  out[20] = 1;
  out[32] = 64;  // where the segments' headers are
  out[52] = 64;  // the header's own size
  out[54] = 56;  // and theirs
  out[56] = 1;
  out[64] = 1;  // PT_LOAD
  out[64 + 4] = 5;
  out[64 + 32] = 120;  // as many bytes of the file, and in memory
  out[64 + 40] = 120;
  return out + text;
}

/// A key that was made for these tests, and lets nobody in anywhere.
inline std::string host_key() {
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n"
         "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
         "QyNTUxOQAAACD5DB1mfnwjf841yDbso2yB3X3cvt/DW1S85LCI63DEsgAAAKAfuUhJH7lI\n"
         "SQAAAAtzc2gtZWQyNTUxOQAAACD5DB1mfnwjf841yDbso2yB3X3cvt/DW1S85LCI63DEsg\n"
         "AAAEBsRn/pEYLz4bJGY5ZB8oKTC9BPhjjllyPjVovg3PLyEPkMHWZ+fCN/zjXINuyjbIHd\n"
         "fdy+38NbVLzksIjrcMSyAAAAGHRlc3Qga2V5LCBmb3Igbm8gbWFjaGluZQECAwQF\n"
         "-----END OPENSSH PRIVATE KEY-----\n";
}

/// What the module records on a machine whose root file system is on a bare partition.
inline const std::string kPlainRoot =
    "version\t1\nfrom\tsysfs\nneed\t/\t1\nnode\t1\tfs\text4\t5f0c0000-0000-4000-8000-000000000001\t2\n"
    "node\t2\tpart\tvda1\t-\t3\nnode\t3\tdisk\tvda\t-\t-\n";

inline Files good() {
  Files files;
  put(files, "etc/initrd-release", "ID=dracut\n");
  put(files, "usr/lib/dracut/dracut-106-6", "");
  put(files, "usr/lib/dracut/modules.txt", "systemd\nsystemd-networkd\nsshd\ncrypt\n");
  using namespace std::string_literals;
  put(files, "init", elf("systemd"), 0100755);
  put(files, "usr/sbin/sshd",
      elf("\0OpenSSH_10.0p2 Debian-7\0NOTIFY_SOCKET\0/run/sshd\0/usr/lib/openssh/sshd-session\0/usr/lib/openssh/sshd-auth\0"s),
      0100755);
  put(files, "usr/lib/openssh/sshd-session", elf("session"), 0100755);
  put(files, "usr/lib/openssh/sshd-auth", elf("auth"), 0100755);
  link(files, "sbin", "usr/sbin");
  put(files, "bin/sh", elf("shell"), 0100755);
  put(files, "etc/ssh/sshd_config",
      "PermitRootLogin prohibit-password\nAuthorizedKeysFile /root/.ssh/authorized_keys\nHostKey "
      "/etc/ssh/ssh_host_ed25519_key\nUsePAM no\n",
      0100600);
  put(files, "etc/ssh/ssh_host_ed25519_key", host_key(), 0100600);
  put(files, "etc/passwd", "root:x:0:0::/root:/bin/sh\nsshd:x:74:74::/:/usr/sbin/nologin\n");
  put(files, "etc/shadow", "root:*:19000:0:99999:7:::\n", 0100600);
  put(files, "root/.ssh/authorized_keys", kKey, 0100600);
  files["root"].mode = files["root/.ssh"].mode = 0040700;
  put(files, "usr/lib/systemd/system/sshd.service",
      "[Unit]\nDefaultDependencies=no\nConditionPathExists=/etc/"
      "initrd-release\n[Service]\nType=notify\nRuntimeDirectory=sshd\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n");
  link(files, "etc/systemd/system/sysinit.target.wants/sshd.service", "/usr/lib/systemd/system/sshd.service");
  put(files, "usr/lib/systemd/systemd-networkd", elf("networkd"), 0100755);
  put(files, "usr/lib/systemd/systemd-network-generator", elf("generator"), 0100755);
  put(files, "usr/lib/systemd/system/systemd-networkd.service",
      "[Service]\nExecStart=/usr/lib/systemd/systemd-networkd\n");
  put(files, "etc/systemd/network/20-wired.network", "[Match]\nType=ether\n[Network]\nDHCP=yes\n");
  put(files, "usr/lib/modules/6.12.0/kernel/drivers/net/virtio_net.ko.xz", "");
  put(files, "usr/lib/modules/6.12.0/kernel/drivers/md/dm-crypt.ko.xz", "");
  put(files, "usr/bin/systemd-cryptsetup", elf("cryptsetup"), 0100755);
  put(files, "usr/lib/systemd/system-generators/systemd-cryptsetup-generator", elf("generator"), 0100755);
  put(files, "usr/lib/dracut-sshd/storage", kPlainRoot);
  put(files, "usr/bin/systemd-tty-ask-password-agent", elf("agent"), 0100755);
  return files;
}

inline initramfs::Image image_of(const Files& files, bool digests = false) {
  std::vector<archives::Entry> entries;
  for (const auto& [path, entry] : files) entries.push_back(entry);
  const auto bytes = archives::cpio(entries);
  initramfs::Image image;
  const initramfs::Limits limits;
  auto wanted = inspect::read_options();
  wanted.digests = digests;
  initramfs::Builder builder(image, wanted, limits);
  initramfs::Unpacker unpacker(builder, image, &builder, limits);
  if (unpacker.feed(bytes)) unpacker.finish();
  return image;
}

}  // namespace images
