// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/fd.hpp"

namespace vm {

/// The QEMU Machine Protocol (docs/interop/qmp-spec), over one end of a socket pair whose other end qemu was started
/// with. Every answer is waited for at most some seconds; base::Error where none comes.
class Monitor {
 public:
  /// Makes the pair; `theirs()` goes to qemu, and is closed here by `begin()`.
  Monitor();
  [[nodiscard]] int theirs() const { return theirs_.get(); }
  /// Waits for the greeting, and leaves the negotiation behind.
  void begin();

  /// A command without arguments; its "return" as JSON.
  std::string command(const std::string& name);
  /// A command of the human monitor; what it prints.
  std::string human(const std::string& line);

 private:
  std::string answer();
  std::string line();

  base::Fd ours_;
  base::Fd theirs_;
  std::string pending_;
};

/// The port of this machine that `info usernet` says is forwarded to the guest; 0 if it names none.
[[nodiscard]] unsigned forwarded_port(const std::string& info);

}  // namespace vm
