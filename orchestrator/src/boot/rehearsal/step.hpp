// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/report.hpp"

/// What is seen of a rehearsal, in order.
namespace rehearsal {

struct Step {
  std::string id;      // "login"
  bool done = false;   // otherwise the rehearsal ended here
  double at = 0;       // seconds after qemu was started
  double seconds = 0;  // that it took: since the step before
  std::string detail;  // what was seen, or why it failed; printable
};

/// What a step is about: for people, and for whoever looks for the reason.
struct StepKind {
  std::string_view id;
  std::string_view title;
  std::string_view checks;  // prefixes of the ids of inspect's checks that explain its failure, with blanks between
};

/// All there are, in the order in which they come.
[[nodiscard]] std::span<const StepKind> step_kinds();
[[nodiscard]] const StepKind& kind_of(std::string_view id);
/// Whether only the kernel has run so far.
[[nodiscard]] bool is_early(std::string_view id);

/// What of an inspection explains that a step failed: the errors and unknowns that are about it, the worst first.
[[nodiscard]] inspect::Findings explanation_of(std::string_view step, const inspect::Findings& findings);

using OnStep = std::function<void(const Step&)>;

}  // namespace rehearsal
