// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/firmware_start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "inspect/boot_words.hpp"
#include "inspect/check.hpp"
#include "openssh/wire.hpp"
#include "rehearsal/make_plan.hpp"
#include "vm/efi_store.hpp"

namespace rehearsal {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kStubTakesWords = 254;           // the first version of systemd-stub that does
constexpr std::uint64_t kMostOfStore = 16U << 20U;  // of a firmware's variables
constexpr std::uint64_t kMostOfExtra = 32U << 20U;
constexpr std::uint64_t kMostOfImage = 450U << 20U;  // what goes into the file system that qemu makes

/// Words that the UKI has, that a rehearsal leaves away, and that further words do not make good.
std::string why_not_as_it_is(const std::string& cmdline) {
  // What comes later counts ("loglevel=", "console="), or does no harm.
  static constexpr std::array<std::string_view, 7> kMadeGood{"quiet",         "loglevel",    "console",   "resume",
                                                             "resume_offset", "crashkernel", "rd.md.uuid"};
  for (const auto& word : inspect::words_of(base::replace_all(cmdline, "\n", " "))) {
    const auto name = word.substr(0, word.find('='));
    if (word == "rootfstype=ext4" || std::ranges::find(kMadeGood, name) != kMadeGood.end()) continue;
    if (const auto why = why_dropped(word); !why.empty())
      return fmt::format("its command line has {}, and {}", base::printable(word), why);
  }
  return {};
}

bool takes_tmpfiles(const inspect::Facts& facts) {
  const auto& image = facts.image;
  if (facts.program("systemd-tmpfiles").empty()) return false;
  for (const auto* folder : {"usr/lib/systemd/system", "lib/systemd/system", "etc/systemd/system"}) {
    const auto unit = image.content(std::string(folder) + "/systemd-tmpfiles-setup.service");
    if (unit && unit->find("Credential=tmpfiles.") != std::string_view::npos &&
        image.find_link(std::string(folder) + "/sysinit.target.wants/systemd-tmpfiles-setup.service") != nullptr)
      return true;
  }
  return false;
}

std::string why_only_start(const Subject& subject, const Request& request) {
  const auto& image = subject.tree;
  if (const auto version = stub_version(image); version < kStubTakesWords)
    return version == 0 ? "its stub is not systemd's"
                        : fmt::format("its systemd-stub ({}) takes no words from a virtual machine, as {} and later do",
                                      version, kStubTakesWords);
  if (subject.facts->sealed && !inspect::has_clear_host_key(*subject.facts))
    return "its only host key is sealed to this machine's TPM";
  if (request.key.empty() && words_for_key(*subject.facts, "x").empty())
    return "nothing in the image would add a throw-away key (systemd-tmpfiles with credentials); --key FILE needs none";
  if (const auto section = image.sections.find(".cmdline"); section != image.sections.end())
    return why_not_as_it_is(section->second);
  return {};
}

bool is_fat_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_.+@=").find(c) != std::string_view::npos;
  });
}

void copy_extra(const fs::path& from, const fs::path& to, std::vector<std::string>& names) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(from, ignored)) {
    const auto name = entry.path().filename().string();
    if (!is_fat_name(name) || !entry.is_regular_file(ignored)) continue;
    base::make_dirs(to);
    base::write_file(to / name, base::read_file(entry.path(), kMostOfExtra), 0600);
    names.push_back(name);
  }
}

}  // namespace

unsigned stub_version(const initramfs::Image& image) {
  const auto section = image.sections.find(".sdmagic");
  constexpr std::string_view kSign = "systemd-stub ";
  if (section == image.sections.end()) return 0;
  const auto at = section->second.find(kSign);
  unsigned out = 0;
  if (at != std::string::npos) {
    const auto* begin = section->second.data() + at + kSign.size();
    (void)std::from_chars(begin, section->second.data() + section->second.size(), out);
  }
  return out;
}

std::string words_for_key(const inspect::Facts& facts, const std::string& public_key) {
  const auto file =
      std::ranges::find_if(facts.key_files, [](const inspect::KeyFile& one) { return one.node != nullptr; });
  if (file == facts.key_files.end() || !takes_tmpfiles(facts)) return {};
  const auto path = facts.image.resolve(file->path);
  // tmpfiles.d(5): w+ appends, behind a line that may lack its end. Neither specifiers nor quotes are in such a path.
  if (!path || !base::is_safe_relative(*path) || path->find_first_of(" %\\\"'") != std::string::npos) return {};
  const auto line = fmt::format("w+ /{} - - - - \\n{}\\n\n", *path, base::trim(public_key));
  return "systemd.set_credential_binary=tmpfiles.extra:" + openssh::base64_encode(line, true);
}

FirmwareStart firmware_start_of(const Subject& subject, const Request& request, const fs::path& root) {
  FirmwareStart out;
  if (!subject.tree.is_uki) return out;
  std::uint16_t machine = 0;
  for (const auto* path : {"usr/lib/systemd/systemd", "lib/systemd/systemd", "init"}) {
    const auto* node = subject.tree.find(path);
    if (machine == 0 && node != nullptr && node->elf) machine = node->elf->machine;
  }
  const auto* architecture = vm::architecture_of(machine);
  if (request.no_firmware)
    out.why_not = "--no-firmware";
  else if (!request.kernel.empty() || !request.cmdline.empty())
    out.why_not = "another kernel or command line was asked for";
  else if (architecture == nullptr || !architecture->has_secure_firmware)
    out.why_not = "no firmware with Secure Boot is known for this architecture";
  else if (subject.file->size() > kMostOfImage)
    out.why_not = "the image is too large for the file system that qemu makes";
  else if (out.firmware = vm::secure_firmware(*architecture, root); !out.firmware)
    out.why_not = "no firmware with Secure Boot is installed (package ovmf)";
  if (!out.firmware) return out;
  if (!request.secure_boot_keys.empty()) {
    out.keys = keys_of_path(request.secure_boot_keys);
  } else {
    const auto own = request.image.empty() ? host::secure_boot(request.wishes.root) : host::SecureBoot();
    // What it trusts may be hidden, or it may have no such variables.
    const bool known = own.enabled && (!*own.enabled || own.setup_mode || !own.db.empty());
    out.keys = known ? keys_of_machine(own) : keys_of_signer(subject.tree.signatures);
  }
  out.why_only_start = why_only_start(subject, request);
  return out;
}

BootPartition make_boot_partition(Subject& subject, const fs::path& folder) {
  BootPartition out;
  auto name = subject.image.filename().string();
  if (!is_fat_name(name) || !name.ends_with(".efi")) name = "image.efi";
  const auto place = folder / "EFI/Linux";
  base::make_dirs(place);
  copy_whole(*subject.file, place / name);
  out.path = "\\EFI\\Linux\\" + name;
  copy_extra(subject.image.string() + ".extra.d", place / (name + ".extra.d"), out.extra);
  const auto beside = subject.image.parent_path();
  if (beside.filename() == "Linux" && beside.parent_path().filename() == "EFI") {
    for (const auto* each : {"addons", "credentials"})
      copy_extra(beside.parent_path().parent_path() / "loader" / each, folder / "loader" / each, out.extra);
  }
  return out;
}

MadeFirmwareBoot make_firmware_boot(const FirmwareStart& start, Subject& subject, const fs::path& folder) {
  MadeFirmwareBoot out;
  auto partition = make_boot_partition(subject, folder / "boot");
  auto variables = vm::boot_variables(partition.path);
  if (start.keys.on) {
    for (auto& each : vm::secure_boot_variables(start.keys.pk, start.keys.kek, start.keys.db, start.keys.dbx))
      variables.push_back(each);
  }
  out.boot.code = start.firmware->code;
  out.boot.variables = folder / "variables.fd";
  out.boot.boot_partition = folder / "boot";
  const auto empty = base::read_file(start.firmware->variables, kMostOfStore);
  try {
    base::write_file(out.boot.variables, vm::with_variables(empty, variables), 0600);
  } catch (const base::Error& error) {
    throw error.with_context(start.firmware->variables.string());
  }
  out.extra = std::move(partition.extra);
  return out;
}

std::vector<std::string> changes_of(const FirmwareStart& start, bool throw_away_key) {
  std::vector<std::string> out;
  if (!start.why_not.empty())
    out.push_back("no firmware starts the image, its kernel and initramfs are taken out of it: " + start.why_not);
  if (!start.firmware) return out;
  out.push_back(fmt::format(
      "a firmware (OVMF) starts the image, not one of its bytes changed; Secure Boot is {}: {}. The boot loader is "
      "left out",
      start.keys.on ? "on" : "off", start.keys.words));
  if (!start.is_whole())
    out.push_back(
        "the firmware's start is all that is seen of it; then its kernel and initramfs, taken out of it, are booted: " +
        start.why_only_start);
  else
    out.push_back(fmt::format(
        "further words on the command line{} come from the virtual machine (systemd-stub measures them into PCR 12)",
        throw_away_key ? ", and the throw-away key," : ""));
  return out;
}

}  // namespace rehearsal
