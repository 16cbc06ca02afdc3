// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "host/boot_files.hpp"
#include "host/host.hpp"
#include "inspect/check.hpp"
#include "inspect/exec_check.hpp"

namespace inspect {
namespace {

constexpr std::size_t kShown = 3;  // of faults of one kind

std::string remedy_of(initramfs::Fault::Kind kind) {
  using Kind = initramfs::Fault::Kind;
  switch (kind) {
    case Kind::trailing:
      return "look at what has written behind it; dracut-sshd-rebuild makes it without";
    case Kind::broken:
      return "build it again, with room in its file system: dracut-sshd-rebuild";
    case Kind::window:
      return "build it with a lower level of compression: zstd's --ultra --long makes such windows";
    case Kind::unreadable:
      return "build it with compress=\"zstd\" or \"gzip\" in dracut.conf";
    case Kind::limit:
      return "no image of a real system is like this: look at where it comes from";
    case Kind::lost:
      return "whatever put these entries in did not put their folders in";
  }
  return {};
}

/// The name of the kernel's decoder for it, among the settings RD_* of its configuration.
std::string_view decoder_setting(base::Compression compression) {
  using enum base::Compression;
  switch (compression) {
    case gzip:
      return "GZIP";
    case bzip2:
      return "BZIP2";
    case lzma:
      return "LZMA";
    case xz:
      return "XZ";
    case lzo:
      return "LZO";
    case lz4:
      return "LZ4";
    case zstd:
      return "ZSTD";
    case none:
      return "";
  }
  return "";
}

/// The compressions that the kernel was built without, as far as its configuration is at hand.
std::vector<std::string> compressions_without_decoder(const Facts& facts) {
  std::vector<std::string> out;
  if (!facts.options.host || !facts.kernel) return out;
  const auto config = host::kernel_config(*facts.options.host, *facts.kernel);
  if (!config) return out;
  const auto lines = base::lines(*config);
  for (const auto& part : facts.image.parts) {
    const auto setting = decoder_setting(part.compression);
    if (setting.empty()) continue;
    const auto absent = fmt::format("# CONFIG_RD_{} is not set", setting);
    const auto name = std::string(base::name_of(part.compression));
    if (std::ranges::find(lines, absent) != lines.end() && std::ranges::find(out, name) == out.end())
      out.push_back(name);
  }
  return out;
}

}  // namespace

void check_whole(const Facts& facts, Findings& out) {
  using Kind = initramfs::Fault::Kind;
  if (facts.image.entries == 0 && facts.image.faults.empty())
    return out.push_back({"image.whole", Severity::error, "there is nothing in it: not one file",
                          "build it again: dracut-sshd-rebuild"});
  for (const auto& compression : compressions_without_decoder(facts))
    out.push_back(
        {"image.whole", Severity::error,
         fmt::format("it is compressed with {}, and kernel {} was built without a decoder for that", compression,
                     facts.kernel->text()),
         "build it with compress=\"gzip\" in dracut.conf, or another one that the kernel's configuration has"});
  std::size_t lost = 0;
  for (const auto& fault : facts.image.faults) {
    if (fault.kind == Kind::lost && ++lost > kShown) continue;
    const auto severity = fault.kind == Kind::lost || fault.kind == Kind::trailing      ? Severity::warning
                          : fault.kind == Kind::limit || fault.kind == Kind::unreadable ? Severity::unknown
                                                                                        : Severity::error;
    const auto* const what = severity == Severity::error || fault.kind == Kind::trailing ? "the kernel stops here"
                             : severity == Severity::warning                             ? "the kernel passes over it"
                                                                                         : "this program stops here";
    out.push_back({"image.whole", severity, fmt::format("at byte {}: {}; {}", fault.offset, fault.message, what),
                   remedy_of(fault.kind)});
  }
  if (lost > kShown)
    out.push_back({"image.whole", Severity::warning, fmt::format("{} more entries like these", lost - kShown), ""});
  if (facts.image.faults.empty() && compressions_without_decoder(facts).empty())
    out.push_back({"image.whole", Severity::good,
                   fmt::format("{} entries in {} {}", facts.image.entries, facts.image.parts.size(),
                               facts.image.parts.size() == 1 ? "part" : "parts"),
                   ""});
}

void check_generator(const Facts& facts, Findings& out) {
  if (facts.by_dracut && facts.has_module("systemd"))
    return out.push_back({"image.generator", Severity::good, fmt::format("{}, with systemd", facts.generator), ""});
  if (facts.by_dracut && facts.modules.empty())
    return out.push_back(
        {"image.generator", Severity::note, facts.generator + "; which modules it used is not in the image", ""});
  if (facts.by_dracut)
    return out.push_back({"image.generator", Severity::error,
                          facts.generator + " made it, without its module systemd, which sshd is started by",
                          "let dracut take it along: remove omit_dracutmodules+=\" systemd \" from its configuration"});
  if (!facts.generator.empty())
    return out.push_back({"image.generator", Severity::error,
                          fmt::format("{} made it, and not dracut, whose module dracut-sshd is", facts.generator),
                          "install dracut in its place, and build the image again: dracut-sshd-rebuild"});
  out.push_back({"image.generator", Severity::note, "what made it cannot be told", ""});
}

void check_init(const Facts& facts, Findings& out) {
  const auto init = facts.cmdline_value("rdinit").value_or("/init");
  if (const auto why = why_exec_fails(facts, init.starts_with('/') ? init.substr(1) : init); !why.empty())
    return out.push_back({"image.init", Severity::error, fmt::format("{} cannot start: {}", base::printable(init), why),
                          "build the image again: dracut-sshd-rebuild"});
  // Whatever else the kernel runs does not start what systemd would.
  const auto own = facts.image.resolve("init");
  const auto chosen = facts.image.resolve(init);
  const bool is_systemd = chosen && (chosen == own || chosen->ends_with("/systemd/systemd"));
  if (!is_systemd)
    return out.push_back(
        {"image.init", Severity::error,
         fmt::format("rdinit={} is on the kernel's command line: it runs in place of systemd, which starts "
                     "sshd",
                     base::printable(init)),
         "remove rdinit= from the kernel's command line"});
  out.push_back({"image.init", Severity::good, init, ""});
}

void check_private(const Facts& facts, Findings& out) {
  if (facts.options.file.empty()) return;
  if (const auto why = host::readable_by_others(facts.options.file); !why.empty())
    return out.push_back({"image.private", Severity::warning,
                          "others than root can read it, and the host key in it: " + why,
                          "on a FAT file system mount with fmask=0077,dmask=0077; elsewhere chmod 0600 " +
                              base::shell_quote(facts.options.file.string())});
  out.push_back({"image.private", Severity::good, "", ""});
}

void check_kernel(const Facts& facts, Findings& out) {
  if (!facts.no_release.empty())
    return out.push_back({"kernel.modules", Severity::warning,
                          fmt::format("\"{}\" is not a kernel release", base::printable(facts.no_release)),
                          "name the kernel that it is for: --kernel RELEASE"});
  if (facts.kernels.empty())
    return out.push_back({"kernel.modules", Severity::note,
                          "no kernel module is in it: all drivers have to be in the kernel itself", ""});
  if (!facts.kernel)
    return out.push_back({"kernel.modules", Severity::good,
                          "they are for kernel " + base::join(host::texts_of(facts.kernels), " and "), ""});
  if (std::ranges::find(facts.kernels, *facts.kernel) != facts.kernels.end())
    return out.push_back({"kernel.modules", Severity::good, "they are for kernel " + facts.kernel->text(), ""});
  out.push_back(
      {"kernel.modules", Severity::error,
       fmt::format("they are for kernel {}, and {} would load none of them",
                   base::join(host::texts_of(facts.kernels), " and "), facts.kernel->text()),
       "build the image of that kernel: dracut-sshd-rebuild --kernel " + base::shell_quote(facts.kernel->text())});
}

}  // namespace inspect
