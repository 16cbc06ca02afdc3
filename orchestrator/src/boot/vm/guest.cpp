// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/guest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

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
  const base::Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
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
  if (machine.firmware && machine.firmware->tpm >= 0) out.passed[kTpmDescriptor] = machine.firmware->tpm;
  out.dies_with_parent = true;
  return out;
}

}  // namespace

/// Ends a qemu whose logs grow without end, also while nobody looks at them.
class Guest::Watch {
 public:
  Watch(const Logs& logs, int qemu)
      : files_{{logs.console, kMostOfLog},
               {logs.journal, kMostOfLog},
               {logs.qemu, kMostOfLog},
               {logs.packets, kMostOfCapture}},
        qemu_(qemu < 0 ? -1 : fcntl(qemu, F_DUPFD_CLOEXEC, 0)),
        thread_([this] {
          while (!done_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            for (const auto& [file, most] : files_) {
              std::error_code failed;
              if (const auto size = std::filesystem::file_size(file, failed); failed || size <= most) continue;
              {
                const std::scoped_lock lock(mutex_);
                flood_ = fmt::format("it was ended: it had written more than {} to {}", base::human_size(most),
                                     file.filename().string());
              }
              // By this program's own descriptor: the number of the process may be another's by now.
              if (qemu_.is_open()) (void)syscall(SYS_pidfd_send_signal, qemu_.get(), SIGKILL, nullptr, 0U);
              return;
            }
          }
        }) {}
  ~Watch() {
    done_ = true;
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  [[nodiscard]] std::string flood() const {
    const std::scoped_lock lock(mutex_);
    return flood_;
  }

 private:
  static constexpr std::uint64_t kMostOfLog = 64U << 20U;
  static constexpr std::uint64_t kMostOfCapture = 256U << 20U;

  std::vector<std::pair<std::filesystem::path, std::uint64_t>> files_;
  base::Fd qemu_;
  mutable std::mutex mutex_;
  std::string flood_;
  std::atomic<bool> done_{false};
  std::thread thread_;  // last: it uses what stands before it
};

Guest::~Guest() = default;

std::string Guest::flood() const { return watch_ == nullptr ? "" : watch_->flood(); }

std::string Guest::words() const { return plain(end_of(logs_.qemu)); }

Guest::Guest(const Machine& machine, Logs logs, const std::map<std::string, std::string>& environment,
             const std::optional<base::Confinement>& cage)
    : logs_(std::move(logs)) {
  auto command = command_of(machine, logs_, monitor_.theirs(), environment);
  if (cage) command = base::confined(command, *cage);
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
  watch_ = std::make_unique<Watch>(logs_, qemu_->fd());
}

Isolation isolation_of(const Machine& machine, const std::filesystem::path& folder, const base::Context& context) {
  base::Confinement cage{.writable = {folder}, .readable = {}, .devices = {}, .network = true};
  if (!machine.kernel.empty()) cage.readable.push_back(machine.kernel);
  if (machine.kvm) cage.devices.emplace_back("/dev/kvm");
  base::Command ask;
  if (const auto path = context.environment.find("PATH"); path != context.environment.end()) ask.env.insert(*path);
  ask.env["LC_ALL"] = "C";
  ask.deadline = std::chrono::seconds(20);
  ask.dies_with_parent = true;
  const auto works = [&](bool caged, bool seccomp) {
    ask.argv = {std::string(machine.architecture->qemu)};
    if (seccomp) ask.argv.insert(ask.argv.end(), {"-sandbox", std::string(seccomp_option())});
    ask.argv.emplace_back("-version");
    try {
      return context.runner.run(caged ? base::confined(ask, cage) : ask, context.cancel).status == 0;
    } catch (const base::Error&) {
      return false;
    }
  };
  Isolation out;
  const auto path = ask.env.contains("PATH") ? ask.env.at("PATH") : "";
  out.why_not = base::why_not_confined(cage, path, context);
  if (out.why_not.empty()) {
    if (works(true, true) || works(true, false))
      out.cage = cage;
    else
      out.why_not = "qemu does not start below bubblewrap";
  }
  out.seccomp = works(out.cage.has_value(), true);
  return out;
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
