// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/error.hpp"
#include "inspect/report.hpp"
#include "rehearsal/request.hpp"
#include "rehearsal/step.hpp"
#include "remote/unlock.hpp"

/// A boot of an image in a virtual machine, with scratch disks that bear the names of the real ones, up to the moment
/// at which the real system would start. Nothing of this machine is written to, but for a private folder that is gone
/// afterwards, however the program ends.
namespace rehearsal {

struct Report {
  std::string image;
  std::string kernel;
  std::string cmdline;
  std::string source;  // how the image was found
  bool kvm = false;
  bool firmware = false;     // one has started the image
  bool secure_boot = false;  // with Secure Boot on
  std::vector<std::string> changes;
  std::vector<Step> steps;
  bool passed = false;
  std::size_t encrypted = 0;      // disks that had to be unlocked
  inspect::Findings findings;     // of the inspection
  inspect::Findings explanation;  // those that are about the step that failed
  std::string console;            // all of it
  std::string journal;
  std::string qemu;
  std::string command;  // by which the same machine was logged in to
};

struct Observer {
  OnStep step;
  std::function<void(const std::string&)> status;   // what is being done
  std::function<void(const std::string&)> console;  // what the console printed, line by line
  std::function<void(const std::string& command, const std::string& passphrase)> waiting;  // --interactive
};

/// base::Error for what keeps it from being tried: no qemu (Exit::missing_tool), no image, no room.
[[nodiscard]] Report rehearse(const Request& request, const base::Context& context, const Observer& observer);

/// Why it cannot be rehearsed, where a plan could not be made.
class CannotRehearse final : public base::Error {
 public:
  using base::Error::Error;
};

}  // namespace rehearsal
