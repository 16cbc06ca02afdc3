// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

namespace remote {

/// What a host that has let us in is asked: is it an initramfs, and if not, since when is it up, and is it going down?
/// One word for any login shell. Its exit status is 0 in an initramfs and kRealSystem in a real system.
///
/// A key that may only unlock (command="unlock") runs that instead, without a passphrase: it ends with a status of its
/// own, and we are in, too.
[[nodiscard]] const std::string& state_question();
inline constexpr int kRealSystem = 97;

struct SystemState {
  std::string boot;      // /proc/sys/kernel/random/boot_id: another one after each reboot
  double up = -1;        // seconds since the kernel started; -1: not told
  std::string manager;   // systemctl(1), is-system-running; "" without systemd
  double shutdown = -1;  // seconds until a shutdown that is planned (shutdown(8)); -1: none is

  /// It has begun to shut down, or will within so many seconds.
  [[nodiscard]] bool going_down(double within) const;
  /// Its manager says that it is not shutting down. Where there is none to ask, or it does not answer, nobody knows.
  [[nodiscard]] bool surely_stays() const;
};

/// What it has answered, out of all that a session has printed. Fields that do not read as they should stay empty.
[[nodiscard]] SystemState state_of(const std::string& printed);

}  // namespace remote
