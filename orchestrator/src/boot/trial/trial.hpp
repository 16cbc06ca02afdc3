// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "initramfs/source.hpp"
#include "inspect/facts.hpp"
#include "inspect/report.hpp"

/// `dracut-sshd inspect --try`: logs in to the image's own sshd. It executes what is in the image: only for one that
/// the admin trusts.
namespace trial {

struct Tried {
  std::string from;  // the client's address; with "to ADDRESS port N" where that matters
  enum class Result { in, out, unknown } result = Result::out;
};

struct Trial {
  std::string why_not;  // why it could not run; "": it did
  bool up = false;      // sshd listened
  std::vector<Tried> tried;
  std::vector<std::string> said;      // sshd's last words
  std::vector<std::string> left_out;  // keys that nothing could stand for
};

/// Extracts the image into a private folder, which is gone afterwards. Nothing is thrown but base::Interrupted: what
/// goes wrong is a reason why it could not run.
[[nodiscard]] Trial try_logins(initramfs::Source& source, const inspect::Facts& facts, const base::Context& context);

/// What is said of the image then: a login that was seen counts more than what was read of it, and so does one that was
/// refused. The finding "sshd.try" says what was tried.
[[nodiscard]] inspect::Findings with_trial(const inspect::Findings& findings, const Trial& trial);

}  // namespace trial
