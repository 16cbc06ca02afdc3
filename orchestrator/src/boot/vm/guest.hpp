// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/background.hpp"
#include "base/confine.hpp"
#include "base/context.hpp"
#include "vm/machine.hpp"
#include "vm/monitor.hpp"

namespace vm {

/// A machine that is running under qemu. It ends with its object, and with this program, however that ends.
class Guest {
 public:
  /// base::Error: qemu is not installed (Exit::missing_tool), or it says why it cannot start.
  Guest(const Machine& machine, Logs logs, const std::map<std::string, std::string>& environment,
        const std::optional<base::Confinement>& cage = std::nullopt);
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  [[nodiscard]] unsigned port() const { return port_; }  // of 127.0.0.1, which leads to its sshd
  [[nodiscard]] bool ended() const { return qemu_->ended(); }
  /// All that its console has printed so far, without escape sequences; of very much, the end.
  [[nodiscard]] std::string console() const;
  [[nodiscard]] std::string journal() const;
  /// Bytes of both: as long as they grow, it gets on.
  [[nodiscard]] std::uint64_t written() const;
  [[nodiscard]] const Logs& logs() const { return logs_; }
  /// What killed its kernel, in the kernel's words or in qemu's; "" while it lives.
  [[nodiscard]] std::string death() const;
  /// qemu's own words; of very many, the end.
  [[nodiscard]] std::string words() const;
  /// What it wrote too much of, for which it was ended; "" otherwise. Whoever runs in it chooses what is logged: a log
  /// of 64 MiB, or a capture of 256, is the end.
  [[nodiscard]] std::string flood() const;
  void end() { (void)qemu_->end(); }

 private:
  Logs logs_;
  Monitor monitor_;
  std::unique_ptr<base::Background> qemu_;
  unsigned port_ = 0;
  class Watch;
  std::unique_ptr<Watch> watch_;  // last: it looks at what stands before it
};

/// How qemu can be kept from this machine, as far as both allow it.
struct Isolation {
  bool seccomp = false;
  std::optional<base::Confinement> cage;  // for Guest
  std::string why_not;                    // there is no cage
};

/// `folder` has all that qemu writes. Asked of qemu's own program, which is started for that and only says its version.
[[nodiscard]] Isolation isolation_of(const Machine& machine, const std::filesystem::path& folder,
                                     const base::Context& context);

/// Whether a kernel died of qemu's emulation of several processors, and of nothing that is its own. A kernel changes
/// its code while others run it: it writes a breakpoint (int3), the new bytes, and takes the breakpoint away (Linux,
/// arch/x86/kernel/alternative.c). qemu 7.2 goes on to run a breakpoint that is gone in one boot of some tens, and then
/// the kernel knows of none; with one processor there is nobody to meet it.
[[nodiscard]] bool tripped(std::string_view console);

/// Text as a terminal would show it: without escape sequences, carriage returns and other control characters.
[[nodiscard]] std::string plain(std::string_view text);

}  // namespace vm
