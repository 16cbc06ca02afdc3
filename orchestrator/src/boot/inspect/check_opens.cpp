// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "host/host.hpp"
#include "host/small_file.hpp"
#include "inspect/check.hpp"
#include "inspect/openings.hpp"
#include "inspect/unlock_way.hpp"

namespace inspect {
namespace {

constexpr std::string_view kId = "crypt.opens";
constexpr std::string_view kMapper = "/dev/mapper/";

std::string shown(std::string_view text) { return base::printable(text, 120); }

std::string disk_text(const storage::StorageNode& node) {
  return node.uuid.empty() ? shown(node.name) : fmt::format("{} (UUID={})", shown(node.name), shown(node.uuid));
}

/// What the file system for a purpose is called in a sentence.
std::string needed_for(const std::string& purpose) {
  return purpose == "/" ? "the root file system" : purpose == "resume" ? "resume from hibernation" : purpose;
}

class Judge {
 public:
  Judge(const Facts& facts, Findings& out) : facts_(facts), out_(out), openings_(openings_of(facts)) {}

  void run() {
    judge_root();
    for (const auto* purpose : {"/usr", "resume"}) judge_other(purpose);
    judge_keys();
    judge_later();
    if (failed_) return;
    if (!opened_.empty())
      add(Severity::good, base::join(opened_, ", "));
    else if (!plain_.empty())
      add(Severity::note, "nothing has to be unlocked: " + base::join(plain_, ", "));
  }

 private:
  void add(Severity severity, const std::string& message, const std::string& remedy = "") {
    failed_ = failed_ || severity == Severity::error || severity == Severity::unknown;
    out_.push_back({std::string(kId), severity, message, remedy});
  }

  [[nodiscard]] std::string ignored_text() const {
    return openings_.ignored.empty() ? ""
                                     : "; not counted: " + base::printable(base::join(openings_.ignored, ", "), 400);
  }

  /// Where something may open a disk that is not known here.
  [[nodiscard]] std::string why_unsure() const {
    if (!facts_.options.cmdline_known)
      return "the kernel's command line, which may name it by rd.luks, is not known here";
    return openings_.unsure.empty() ? "" : base::printable(openings_.unsure) + " may open it";
  }

  void tell_unopened(const storage::StorageNode& node, const std::string& purpose) {
    const bool resumes = purpose == "resume";
    const auto what = fmt::format("{}, which {} needs", disk_text(node), needed_for(purpose));
    if (resumes && node.uuid.empty())
      return add(Severity::warning,
                 fmt::format("nothing opens {}: swap with a random key holds nothing to resume from", what),
                 "take resume= off the kernel's command line");
    if (resumes && !facts_.cmdline_value("resume"))
      return add(Severity::warning, fmt::format("nothing opens {}", what), "dracut-sshd-rebuild");
    const auto line = fmt::format("{} {} none luks", node.name, node.uuid.empty() ? "DEVICE" : "UUID=" + node.uuid);
    if (const auto unsure = why_unsure(); !unsure.empty())
      return add(Severity::unknown, fmt::format("nothing in it opens {}; {}{}", what, unsure, ignored_text()),
                 facts_.options.cmdline_known ? "name the disk by rd.luks.uuid=" + node.uuid
                                              : "name it: --cmdline \"$(cat /proc/cmdline)\"");
    add(Severity::error,
        fmt::format("nothing opens {}: neither /etc/crypttab in the image nor the kernel's command line names it{}",
                    what, ignored_text()),
        fmt::format(
            "dracut-sshd-rebuild; if it stays: write \"{}\" into /etc/crypttab, {}rebuild", shown(line),
            node.uuid.empty() ? "" : "or add rd.luks.uuid=" + node.uuid + " to the kernel's command line, and "));
  }

  /// Whether the disk of a crypt node is opened; `wanted`: the name under which root= looks for it, or "".
  bool judge_disk(const storage::StorageNode& node, const std::string& purpose, std::string_view wanted) {
    const auto* opening = openings_.of(node.name, node.uuid);
    std::string name = opening != nullptr ? opening->name : "";
    std::string source = opening != nullptr ? opening->source : "";
    if (opening == nullptr && openings_.every_luks && !node.uuid.empty()) {
      name = "luks-" + node.uuid;
      source = "rd.auto";
    }
    if (name.empty()) {
      tell_unopened(node, purpose);
      return false;
    }
    if (!wanted.empty() && name != wanted) {
      add(Severity::error,
          fmt::format("{} opens {} as {}{}, and {} looks for {}{}", shown(source), disk_text(node), kMapper,
                      shown(name), needed_for(purpose), kMapper, shown(wanted)),
          node.uuid.empty() ? "name it alike in both places"
                            : fmt::format("add rd.luks.name={}={} to the kernel's command line in the place of it",
                                          node.uuid, wanted));
      return false;
    }
    if (opening != nullptr) keys_.push_back(opening);
    const auto text = fmt::format("{} for {} ({})", shown(name), purpose, shown(source));
    if (std::ranges::find(opened_, text) == opened_.end()) opened_.push_back(text);
    needed_.insert(name);
    needed_.insert(node.uuid);
    return true;
  }

  /// All encrypted disks below a node. What is not known below one of them does not matter: it is a disk that is there.
  void judge_chain(const std::string& purpose, std::size_t top, std::string_view device) {
    const auto& storage = facts_.storage;
    const auto all = storage::nodes_from(storage, top);
    const auto wanted = device.starts_with(kMapper) && !volume_named(device) ? device.substr(kMapper.size()) : "";
    bool encrypted = false;
    bool fine = true;
    for (const auto index : all) {
      const auto& node = storage.nodes[index];
      if (node.kind != storage::StorageKind::crypt) continue;
      fine = judge_disk(node, purpose, encrypted ? "" : wanted_name(node, wanted)) && fine;
      encrypted = true;
    }
    if (encrypted || !fine) return;
    const auto unknown = std::ranges::find_if(
        all, [&](std::size_t index) { return storage.nodes[index].kind == storage::StorageKind::unknown; });
    const auto chain = storage::chain_text(storage, top);
    if (unknown == all.end())
      plain_.push_back(fmt::format("{} is {}, {}", purpose, chain, storage.source));
    else
      tell_unknown(purpose, fmt::format("{} is {}, {}", purpose, chain, storage.source));
  }

  /// root=/dev/mapper/NAME is the name that counts where it is that of the disk itself.
  static std::string_view wanted_name(const storage::StorageNode& node, std::string_view wanted) {
    return node.name == wanted ? wanted : "";
  }

  [[nodiscard]] bool volume_named(std::string_view device) const {
    const auto index = storage::node_named(facts_.storage, device);
    return index && facts_.storage.nodes[*index].kind == storage::StorageKind::volume;
  }

  /// What lies below is not known: with nothing that is opened, the boot may wait for ever; otherwise it is likely
  /// that.
  void tell_unknown(const std::string& purpose, const std::string& what) {
    std::vector<std::string> names;
    for (const auto& disk : openings_.disks)
      names.push_back(fmt::format("{} ({})", shown(disk.name), shown(disk.source)));
    if (openings_.every_luks) names.emplace_back("every LUKS disk (rd.auto)");
    const auto missing = facts_.storage.fault.empty() ? "what is below it is recorded nowhere"
                                                      : base::printable(facts_.storage.fault, 300);
    if (!names.empty()) {
      for (const auto& disk : openings_.disks) {
        needed_.insert(disk.name);
        needed_.insert(disk.uuid);
        keys_.push_back(&disk);
      }
      return add(Severity::warning,
                 fmt::format("{}; {}. It opens {}: if {} lies there, all is well", what, missing,
                             base::printable(base::join(names, ", "), 400), purpose),
                 "ask on the machine itself: dracut-sshd inspect");
    }
    if (purpose == "resume") return add(Severity::warning, fmt::format("{}; {}", what, missing));
    add(Severity::unknown,
        fmt::format("{}; {}, and nothing in it opens an encrypted disk{}", what, missing, ignored_text()),
        "ask on the machine itself: dracut-sshd inspect; or build the image again: dracut-sshd-rebuild");
  }

  void judge_root() {
    const auto& storage = facts_.storage;
    auto root = facts_.cmdline_value("root").value_or("");
    if (root.starts_with("block:")) root = root.substr(6);
    if (root.starts_with("ZFS=") || root.starts_with("zfs:") || root == "zfs")
      return add(Severity::unknown,
                 fmt::format("root={}: whether a passphrase of ZFS is asked for cannot be told", shown(root)),
                 "rehearse the boot, or look for the prompt in one: zfs(8), encryption");
    for (const auto* net : {"nfs:", "nfs4:", "/dev/nfs", "cifs:", "nfs"}) {
      if (root.starts_with(net)) return plain_.push_back("root=" + shown(root) + " is in the network");
    }
    if (root.empty() || root == "gpt-auto" || root == "/dev/gpt-auto-root") return judge_unnamed_root();
    if (storage.of_host && storage.tells("/")) return judge_chain_of("/", root);
    if (const auto node = storage::node_named(storage, root)) return judge_chain("/", *node, root);
    judge_by_name(root);
  }

  void judge_chain_of(const std::string& purpose, const std::string& device) {
    const auto top = facts_.storage.needs.at(purpose);
    const auto& node = facts_.storage.nodes[top];
    // The machine does not know the device: what the name alone says.
    const bool lost = std::ranges::all_of(node.below, [&](std::size_t child) {
      return facts_.storage.nodes[child].kind == storage::StorageKind::unknown;
    });
    if (purpose == "/" && lost && node.kind != storage::StorageKind::unknown && device.starts_with(kMapper))
      return judge_by_name(device);
    judge_chain(purpose, top, device);
  }

  /// No root= that names a device.
  void judge_unnamed_root() {
    const auto& storage = facts_.storage;
    if (storage.tells("/") && !facts_.options.cmdline_known) return judge_chain("/", storage.needs.at("/"), "");
    const bool automatic = facts_.has("usr/lib/systemd/system-generators/systemd-gpt-auto-generator") ||
                           facts_.has("lib/systemd/system-generators/systemd-gpt-auto-generator");
    if (storage.tells("/")) {
      const auto all = storage::nodes_from(storage, storage.needs.at("/"));
      const bool closed = std::ranges::any_of(all, [&](std::size_t index) {
        const auto& node = storage.nodes[index];
        return node.kind == storage::StorageKind::crypt && openings_.of(node.name, node.uuid) == nullptr;
      });
      // systemd-gpt-auto-generator(8) opens the root partition itself, if it has the type of one.
      if (!closed || !automatic) return judge_chain("/", storage.needs.at("/"), "");
    }
    if (!openings_.disks.empty() || openings_.every_luks)
      return tell_unknown("/", "which disk the root file system is on is not said");
    if (!facts_.options.cmdline_known)
      return add(
          Severity::unknown,
          "which disk the root file system is on is recorded nowhere, and the kernel's command line is not known here" +
              (storage.fault.empty() ? "" : "; " + base::printable(storage.fault, 300)),
          "name it: --cmdline \"$(cat /proc/cmdline)\"; or build the image again: dracut-sshd-rebuild");
    add(Severity::unknown,
        automatic ? "no root= is on the kernel's command line: systemd-gpt-auto-generator looks for the root partition "
                    "by its "
                    "type, which is not known here"
                  : "no root= is on the kernel's command line, and no root file system is recorded",
        "add root= to the kernel's command line");
  }

  /// root= alone, of which neither machine nor record knows more.
  void judge_by_name(const std::string& root) {
    if (root.starts_with(kMapper)) return judge_mapped(root.substr(kMapper.size()));
    const auto& storage = facts_.storage;
    const bool by_name = root.starts_with("LABEL=") || root.starts_with("PART") || root.starts_with("/dev/disk/by-");
    if (storage.tells("/") && by_name && storage::uuid_in(root).empty())
      return judge_chain("/", storage.needs.at("/"), "");
    if (storage.tells("/") && !storage::uuid_in(root).empty()) {
      const auto& node = storage.nodes[storage.needs.at("/")];
      if (node.uuid.empty()) return judge_chain("/", storage.needs.at("/"), "");
      return tell_unknown("/",
                          fmt::format("root={} is not what the root file system was when the image was built (UUID={})",
                                      shown(root), shown(node.uuid)));
    }
    const auto parts = base::split(root, '/');
    const bool partition = root.starts_with("PARTUUID=") || root.starts_with("PARTLABEL=") ||
                           root.starts_with("/dev/disk/by-part") || is_plain_disk(root);
    if (partition) return plain_.push_back(fmt::format("root={} is a partition, not an encrypted device", shown(root)));
    tell_unknown("/", "root=" + shown(root));
  }

  /// /dev/sda2, /dev/vda, /dev/nvme0n1p2, /dev/mmcblk0p1: what the kernel itself calls a disk or a partition.
  static bool is_plain_disk(std::string_view root) {
    if (!root.starts_with("/dev/") || root.find('/', 5) != std::string_view::npos) return false;
    const auto name = root.substr(5);
    return std::ranges::any_of(std::vector<std::string_view>{"sd", "vd", "hd", "xvd", "nvme", "mmcblk"},
                               [&](std::string_view prefix) { return name.starts_with(prefix); });
  }

  void judge_mapped(const std::string& name) {
    if (const auto* opening = openings_.named(name); opening != nullptr) {
      (void)judge_disk({storage::StorageKind::crypt, name, opening->uuid, {}}, "/", name);
      return;
    }
    if (openings_.every_luks && name.starts_with("luks-")) {
      opened_.push_back(shown(name) + " for / (rd.auto)");
      return;
    }
    const auto what = "root=/dev/mapper/" + shown(name);
    if (storage::volume_in(name)) return tell_unknown("/", what + " is the name of a logical volume");
    for (const auto* module : {"multipath", "dmraid"}) {
      if (facts_.has_module(module)) return tell_unknown("/", what + " may be a device of " + module);
    }
    std::vector<std::string> others;
    for (const auto& disk : openings_.disks)
      others.push_back(fmt::format("{} ({})", shown(disk.name), shown(disk.source)));
    const auto instead = others.empty() ? "" : "; opened is " + base::printable(base::join(others, ", "), 300);
    if (!openings_.unsure.empty())
      return add(Severity::unknown, fmt::format("nothing that can be followed opens {}; {} may{}", what,
                                                base::printable(openings_.unsure), ignored_text()));
    add(Severity::error,
        fmt::format(
            "nothing opens {}: neither /etc/crypttab in the image nor the kernel's command line has that name{}{}",
            what, instead, ignored_text()),
        fmt::format("dracut-sshd-rebuild; if it stays: write \"{} UUID=... none luks\" into /etc/crypttab, or add "
                    "rd.luks.name=UUID={} to the kernel's command line; blkid -t TYPE=crypto_LUKS shows the UUID",
                    shown(name), shown(name)));
  }

  void judge_other(const std::string& purpose) {
    const auto& storage = facts_.storage;
    const auto device = facts_.cmdline_value(purpose == "/usr" ? "mount.usr" : "resume").value_or("");
    if (storage.tells(purpose)) return judge_chain(purpose, storage.needs.at(purpose), device);
    const auto node = storage::node_named(storage, device);
    if (node) judge_chain(purpose, *node, device);
  }

  /// Of what is opened: whether its key is there, and whether somebody is asked where it is not.
  void judge_keys() {
    std::set<std::string> told;
    for (const auto* opening : keys_) {
      if (!told.insert(opening->name).second) continue;
      const auto where = opening->line ? fmt::format("/etc/crypttab:{} {}", opening->line->number, shown(opening->name))
                                       : fmt::format("{} {}", shown(opening->source), shown(opening->name));
      const auto way = unlock_way(facts_, *opening, where);
      if (!way.text.empty()) add(Severity::note, fmt::format("{} is opened {}", shown(opening->name), way.text));
      for (const auto& concern : way.concerns) add(concern.severity, concern.message, concern.remedy);
      if (!opening->line) continue;
      const auto& line = *opening->line;
      const bool asks = !is_headless(*opening);
      if (const auto script = line.option_value("keyscript"); !script.empty())
        add(Severity::warning,
            fmt::format("{}: systemd ignores keyscript={}, and asks for the passphrase", where, shown(script)),
            "take keyscript= out of the line, if the script is not needed");
      if (line.key.empty() || line.has_random_key() || line.key.starts_with("/dev/") || line.key.starts_with("/run/"))
        continue;
      const auto colon = line.key.rfind(':');
      if (colon != std::string::npos) {
        if (line.option_value("keyfile-timeout").empty())
          add(Severity::warning,
              fmt::format("{}: its key is on {}; as long as that is not plugged in, nobody is asked for a passphrase",
                          where, shown(line.key.substr(colon + 1))),
              "add keyfile-timeout=30s to the options in /etc/crypttab, and type dracut-sshd-rebuild");
        continue;
      }
      if (!line.key.starts_with('/') || facts_.has(line.key.substr(1))) continue;
      if (asks)
        add(Severity::warning,
            fmt::format("{}: its key file {} is not in the image; the passphrase is asked for", where, shown(line.key)),
            "");
      else
        add(Severity::error,
            fmt::format("{}: its key file {} is not in the image, and with headless= nobody is asked", where,
                        shown(line.key)),
            "take headless= out of the line in /etc/crypttab, and type dracut-sshd-rebuild");
    }
  }

  /// Disks that only the real system opens: then nobody is at the prompt.
  void judge_later() {
    if (!facts_.options.host) return;
    const auto text = host::read_small(*facts_.options.host / "etc/crypttab").value_or("");
    std::vector<std::string> later;
    for (const auto& line : storage::parse_crypttab(text)) {
      const auto uuid = storage::uuid_in(line.device);
      const bool needed = needed_.contains(line.name) || (!uuid.empty() && needed_.contains(uuid));
      if (needed || openings_.of(line.name, uuid) != nullptr || !line.key.empty() || line.has_random_key() ||
          line.has_option("noauto") || line.has_option("nofail") || !line.option_value("tpm2-device").empty() ||
          failed_)
        continue;
      if (later.size() < 20) later.push_back(shown(line.name));
    }
    if (later.empty()) return;
    add(Severity::warning,
        fmt::format("{}: the real system asks for its passphrase after sshd of the initramfs has ended, and waits for "
                    "somebody at "
                    "the console",
                    base::join(later, ", ")),
        "add x-initrd.attach to its options in /etc/crypttab, and type dracut-sshd-rebuild; or give it a key file, or "
        "nofail");
  }

  const Facts& facts_;
  Findings& out_;
  Openings openings_;
  std::vector<std::string> opened_;
  std::vector<std::string> plain_;
  std::vector<const Opening*> keys_;
  std::set<std::string, std::less<>> needed_;
  bool failed_ = false;
};

}  // namespace

void check_opens(const Facts& facts, Findings& out) {
  const auto cannot_open = [](const Finding& finding) {
    return finding.id == "crypt.present" && finding.severity == Severity::error;
  };
  if (std::ranges::any_of(out, cannot_open)) return;
  Judge(facts, out).run();
}

}  // namespace inspect
