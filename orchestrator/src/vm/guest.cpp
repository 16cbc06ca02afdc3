// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/guest.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

namespace vm {
namespace {

constexpr int kMonitor = 3;                  // qemu's descriptor
constexpr std::size_t kLongest = 2U << 20U;  // of a log that is looked at
// What a kernel says of a breakpoint in its code that nobody set; since 6.9 with "Oops: " before it.
constexpr std::string_view kBreakpoint = "int3: 0000 [#";

/// The end of a file that is being written; "" as long as it is not there.
std::string end_of(const std::filesystem::path& path) {
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || fstat(file.get(), &status) != 0) return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  std::string out(std::min(size, kLongest), '\0');
  const auto count = pread(file.get(), out.data(), out.size(), static_cast<off_t>(size - out.size()));
  out.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return out;
}

base::Command command_of(const Machine& machine, const Logs& logs, int monitor,
                         const std::map<std::string, std::string>& environment) {
  base::Command out;
  out.argv = arguments_of(machine, logs, kMonitor);
  if (const auto path = environment.find("PATH"); path != environment.end()) out.env.insert(*path);
  out.env["LC_ALL"] = "C";
  out.log = logs.qemu;
  out.passed[kMonitor] = monitor;
  out.dies_with_parent = true;
  return out;
}

}  // namespace

Guest::Guest(const Machine& machine, Logs logs, const std::map<std::string, std::string>& environment)
    : logs_(std::move(logs)) {
  const auto command = command_of(machine, logs_, monitor_.theirs(), environment);
  try {
    qemu_ = std::make_unique<base::Background>(command);
  } catch (const base::Error& error) {
    if (error.exit() != base::Exit::missing_tool) throw;
    throw error.with_hint("install qemu for " + std::string(machine.architecture->name) + " (" +
                          std::string(machine.architecture->package) + " on Debian and Ubuntu)");
  }
  try {
    monitor_.begin();
    port_ = forwarded_port(monitor_.human("info usernet"));
  } catch (const base::Error& error) {
    (void)qemu_->end();
    const auto said = plain(end_of(logs_.qemu));
    throw base::Error(base::trim(said).empty() ? error.what() : "qemu: " + base::printable(base::trim(said), 400));
  }
  if (port_ == 0) throw base::Error("qemu forwards no port");
}

std::string Guest::console() const { return plain(end_of(logs_.console)); }

std::string Guest::journal() const { return plain(end_of(logs_.journal)); }

std::uint64_t Guest::written() const {
  std::uint64_t out = 0;
  for (const auto& log : {logs_.console, logs_.journal}) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(log, failed);
    if (!failed) out += size;
  }
  return out;
}

std::string Guest::death() const {
  const auto text = console();
  constexpr std::string_view kSigns[] = {"Kernel panic - not syncing", "BUG: unable to handle", "Oops: ", kBreakpoint};
  for (const auto sign : kSigns) {
    const auto found = text.find(sign);
    if (found != std::string::npos) return text.substr(found, text.find('\n', found) - found);
  }
  // A processor that can itself not run a virtual machine, in a virtual machine say, and does not say so before.
  return end_of(logs_.qemu).find("KVM internal error") == std::string::npos ? "" : "KVM internal error";
}

bool tripped(std::string_view console) { return console.find(kBreakpoint) != std::string_view::npos; }

std::string plain(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == 0x1b) {  // ECMA-48: CSI ends with a letter or the like, OSC with BEL or ESC backslash
      ++at;
      if (at < text.size() && text[at] == '[') {
        ++at;
        while (at < text.size() && (text[at] < 0x40 || text[at] > 0x7e)) ++at;
      } else if (at < text.size() && text[at] == ']') {
        while (at < text.size() && text[at] != '\a' && text[at] != '\x1b') ++at;
        if (at < text.size() && text[at] == '\x1b') ++at;
      }
      ++at;
      continue;
    }
    if (byte == '\n' || byte == '\t' || byte >= 0x20) out += text[at];
    ++at;
  }
  return out;
}

}  // namespace vm
