// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/cancel.hpp"
#include "remote/secret.hpp"

namespace remote {

/// A question that systemd asks in an initramfs (systemd's "Password Agents" specification), as `unlock --list --json`
/// tells it (dracut-sshd-unlock(8)). All of it is the machine's own text, printable ASCII.
struct Question {
  std::string unit;     // that asks: "systemd-cryptsetup@luks\x2dhome.service"; "" if it is not known
  std::string id;       // "cryptsetup:/dev/disk/by-uuid/..."
  std::string message;  // what it asks: "Please enter passphrase for disk ..."

  /// Asked by systemd-cryptsetup for a passphrase: a PIN's question has another Id, or none.
  [[nodiscard]] bool is_of_disk() const { return id.starts_with("cryptsetup:"); }
};

/// Where one machine's passphrases come from. Used by one thread.
class PassphraseSource {
 public:
  virtual ~PassphraseSource() = default;
  /// Whether each question may have another answer. Otherwise one goes to all disks.
  [[nodiscard]] virtual bool by_question() const = 0;
  /// For a question; null: for any disk of the machine, be it because the questions cannot be told apart. An Error if
  /// there is none. It may take as long as a person does, and ends with base::Interrupted.
  [[nodiscard]] virtual Secret passphrase(const Question* question, const base::Cancel& cancel) = 0;
};

}  // namespace remote
