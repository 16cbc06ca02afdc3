// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/encrypted_disks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "detect/boot_line.hpp"
#include "detect/host_files.hpp"
#include "detect/luks_tokens.hpp"
#include "host/small_file.hpp"
#include "storage/storage_host.hpp"

namespace detect {
namespace {

using storage::CrypttabLine;
using storage::StorageKind;
using Words = std::vector<std::string>;

std::string folded(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string device_value(const Words& words, std::string_view name) {
  auto value = command_value(words, name);
  return value.starts_with("block:") ? value.substr(6) : value;
}

void add_once(Words& list, const std::string& item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(item);
}

/// Options of crypttab(5) that open a device by something else than a passphrase.
void read_options(const Words& options, EncryptedDevice& out) {
  for (const auto& option : options) {
    if (option.starts_with("tpm2-device=")) add_once(out.automatic, "tpm2");
    if (option.starts_with("fido2-device=")) add_once(out.automatic, "fido2");
    if (option.starts_with("pkcs11-uri=")) add_once(out.automatic, "pkcs11");
    if (option.starts_with("keyscript=")) {
      out.keyscript = true;
      out.keyscript_of = option.substr(10);
    }
  }
}

/// "FILE" or "FILE:DEVICE", as crypttab(5) and rd.luks.key= have it.
void set_key_file(std::string_view key, EncryptedDevice& out) {
  const auto colon = key.find(':');
  out.key_file = key.substr(0, colon);
  if (colon != std::string_view::npos) out.key_device = key.substr(colon + 1);
}

/// The parts of the kernel's command line that are about a LUKS device (systemd-cryptsetup-generator(8),
/// dracut.cmdline(7)): luks.options= and luks.key= are for all devices, or begin with one's UUID.
void read_command_line(const Words& words, EncryptedDevice& out) {
  for (const auto& whole : words) {
    auto word = std::string_view(whole);
    if (word.starts_with("rd.")) word.remove_prefix(3);
    const auto equals = word.find('=');
    if (!word.starts_with("luks.") || equals == std::string_view::npos || out.uuid.empty()) continue;
    const auto key = word.substr(0, equals);
    auto value = word.substr(equals + 1);
    if (value.starts_with("luks-")) value.remove_prefix(5);
    const auto head = folded(value.substr(0, value.find('=')));
    const bool is_uuid = !head.empty() && head.find_first_not_of("0123456789abcdef-") == std::string::npos;
    const bool is_ours = is_uuid && out.uuid.starts_with(head);
    if (key == "luks.uuid" || key == "luks.name") out.on_command_line = out.on_command_line || is_ours;
    if (is_uuid && !is_ours) continue;
    if (is_ours) value.remove_prefix(std::min(head.size() + 1, value.size()));
    if (key == "luks.options") read_options(base::split(value, ','), out);
    if (key == "luks.key" && !value.empty()) set_key_file(value, out);
  }
}

void read_line(const CrypttabLine& line, EncryptedDevice& out) {
  out.in_crypttab = true;
  out.crypttab_line = line.number;
  read_options(line.options, out);
  out.random_key = line.has_random_key() && line.key.starts_with("/dev/") && line.key.ends_with("random");
  if (!line.key.empty() && !out.random_key && !out.keyscript) set_key_file(line.key, out);
}

/// As systemd's generator matches them: by name, else by the device.
const CrypttabLine* line_of(const std::vector<CrypttabLine>& lines, const storage::StorageNode& node) {
  const auto named = std::ranges::find(lines, node.name, &CrypttabLine::name);
  if (named != lines.end()) return &*named;
  const auto found = std::ranges::find_if(lines, [&](const CrypttabLine& line) {
    return !node.uuid.empty() && storage::uuid_in(line.device) == node.uuid;
  });
  return found == lines.end() ? nullptr : &*found;
}

/// What the kernel has of a mapped device: "CRYPT-LUKS2-UUID-NAME" in dm/uuid, and what it is made of.
void read_mapping(const Source& source, EncryptedDevice& out) {
  const auto text = [&](const std::string& path) {
    return std::string(base::trim(host::read_small(source.root / path).value_or("")));
  };
  for (const auto& name : names_in(source, "/sys/class/block")) {
    const auto folder = "sys/class/block/" + name;
    if (!name.starts_with("dm-") || text(folder + "/dm/name") != out.name) continue;
    const auto parts = base::split(text(folder + "/dm/uuid"), '-');
    if (parts.size() > 1 && parts[0] == "CRYPT") out.format = parts[1] == "PLAIN" ? "plain" : parts[1];
    const auto below = names_in(source, "/" + folder + "/slaves");
    // A kernel's name of a device has "!" where its path has "/".
    if (below.size() == 1) out.device = "/dev/" + base::replace_all(below[0], "!", "/");
    return;
  }
}

void decide(EncryptedDevice& out) {
  if (!out.key_file.empty())
    add_once(out.automatic, "key file " + out.key_file + (out.key_device.empty() ? "" : " on " + out.key_device));
  if (out.random_key) add_once(out.automatic, "a random key");
  out.asks = out.automatic.empty();
}

class Reader {
 public:
  Reader(const Source& source, Disks& out) : source_(source), out_(out), mounts_(mounts(source)) {}

  void run() {
    const auto next = next_line(source_);
    out_.zfs_module = !dracut_module(source_, "zfs").empty();
    words_ = command_words(next.boot.cmdline);
    out_.crypttab = storage::parse_crypttab(text_at(source_, "/etc/crypttab", out_.faults));
    out_.storage = storage::read_host_storage(
        source_.root, {device_value(words_, "root"), device_value(words_, "mount.usr"), device_value(words_, "resume")},
        true);
    if (!out_.storage.fault.empty()) out_.faults.push_back(base::printable(out_.storage.fault, 300));
    bool certain = out_.storage.complete && out_.storage.tells("/");
    for (const auto& [purpose, top] : out_.storage.needs) certain = read_purpose(purpose, top) && certain;
    out_.nothing_encrypted = certain && out_.encrypted.empty();
    read_later();
    read_boot(next.boot.image.empty() ? "boot" : next.boot.image.lexically_relative(source_.root).string());
  }

 private:
  /// Whether all of a chain is known.
  bool read_purpose(const std::string& purpose, std::size_t top) {
    bool known = true;
    for (const auto index : storage::nodes_from(out_.storage, top)) {
      const auto& node = out_.storage.nodes[index];
      if (node.kind == StorageKind::crypt) add_device(node, purpose);
      if (node.kind == StorageKind::unknown) known = read_unknown(node, purpose) && known;
    }
    return known;
  }

  void add_device(const storage::StorageNode& node, const std::string& purpose) {
    if (std::ranges::find(out_.encrypted, node.name, &EncryptedDevice::name) != out_.encrypted.end()) return;
    EncryptedDevice device;
    device.name = node.name;
    device.uuid = node.uuid;
    device.purpose = purpose;
    read_mapping(source_, device);
    if (const auto* line = line_of(out_.crypttab, node)) read_line(*line, device);
    read_command_line(words_, device);
    if (device.format.starts_with("LUKS") && !device.device.empty()) {
      for (const auto& token : luks_tokens(source_, device.device, device.format, out_.faults))
        add_once(device.automatic, token);
    }
    find_key(device);
    decide(device);
    out_.encrypted.push_back(std::move(device));
  }

  /// The device that a key file is on, where that is not the root's.
  void find_key(EncryptedDevice& device) const {
    if (!device.key_file.starts_with('/') || device.key_file.starts_with("/dev/") || !device.key_device.empty()) return;
    const auto mount = mount_of(mounts_, device.key_file);
    if (mount && mount->at != "/") device.key_device = mount->device;
  }

  /// ZFS encrypts by itself: its datasets are at the end of a chain.
  bool read_unknown(const storage::StorageNode& node, const std::string& purpose) {
    if (!node.name.starts_with("zfs")) return false;
    const auto mount = std::ranges::find_if(mounts_.rbegin(), mounts_.rend(), [&](const MountPoint& each) {
      return each.at == purpose && each.type == "zfs";
    });
    if (mount == mounts_.rend() || mount->device.starts_with('-')) {
      out_.faults.push_back(fmt::format("which dataset of ZFS {} is on is not known", purpose));
      return false;
    }
    return read_dataset(mount->device, purpose);
  }

  /// One property of a dataset; "" if it cannot be told.
  std::string zfs_property(const std::string& dataset, const std::string& name) {
    const auto answer = source_.commands.run({"zfs", "get", "-H", "-o", "value", name, dataset});
    if (!answer.ok()) return {};
    return std::string(base::trim(answer.out.substr(0, answer.out.find('\n'))));
  }

  /// zfsprops(7): keylocation is the encryption root's, and "none" on all below it.
  bool read_dataset(const std::string& dataset, const std::string& purpose) {
    const auto root = zfs_property(dataset, "encryptionroot");
    if (root == "-") return true;
    if (root.empty() || root.starts_with('-')) {
      out_.faults.push_back(fmt::format(
          "{}: whether ZFS encrypts it is not known: zfs get encryptionroot gave no answer", base::printable(dataset)));
      return false;
    }
    EncryptedDevice device;
    device.name = root;
    device.format = "ZFS";
    device.purpose = purpose;
    const auto location = zfs_property(root, "keylocation");
    if (location.empty())
      out_.faults.push_back(fmt::format("{}: where its key comes from is not known: zfs get keylocation gave no answer",
                                        base::printable(root)));
    else if (location != "prompt")
      device.key_file = location.starts_with("file://") ? location.substr(7) : location;
    decide(device);
    if (std::ranges::find(out_.encrypted, root, &EncryptedDevice::name) == out_.encrypted.end())
      out_.encrypted.push_back(std::move(device));
    return true;
  }

  /// As the module's sshd_is_asked_for() has it.
  [[nodiscard]] static bool asks_later(const CrypttabLine& line) {
    if (line.has_option("x-initrd.attach") || line.has_option("nofail") || line.has_option("noauto")) return false;
    if (!line.key.empty() && line.option_value("keyscript").empty()) return false;
    for (const auto* option : {"swap", "tmp", "plain"}) {
      if (line.has_option(option) || !line.option_value(option).empty()) return false;
    }
    return std::ranges::none_of(line.options, [](const std::string& option) {
      return option.starts_with("tpm2-device=") || option.starts_with("fido2-device=") ||
             option.starts_with("pkcs11-uri=");
    });
  }

  void read_later() {
    if (out_.encrypted.empty()) return;
    for (const auto& line : out_.crypttab) {
      const auto uuid = storage::uuid_in(line.device);
      const bool needed = std::ranges::any_of(out_.encrypted, [&](const EncryptedDevice& device) {
        return device.name == line.name || (!uuid.empty() && device.uuid == uuid);
      });
      if (!needed && asks_later(line)) out_.later.push_back(line.name);
    }
  }

  void read_boot(const std::string& image) {
    const auto mount = mount_of(mounts_, "/" + image);
    if (!mount || !mount->device.starts_with("/dev/")) return;
    const auto storage = storage::read_host_storage(source_.root, {mount->device, "", ""}, true);
    const auto top = storage.needs.find("/");
    if (top == storage.needs.end()) return;
    const auto all = storage::nodes_from(storage, top->second);
    out_.boot_encrypted =
        std::ranges::any_of(all, [&](std::size_t index) { return storage.nodes[index].kind == StorageKind::crypt; });
  }

  const Source& source_;
  Disks& out_;
  std::vector<MountPoint> mounts_;
  Words words_;
};

}  // namespace

Disks read_disks(const Source& source) {
  Disks out;
  Reader(source, out).run();
  return out;
}

}  // namespace detect
