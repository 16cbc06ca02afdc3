// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/step.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace rehearsal {
namespace {

constexpr std::array kKinds{
    StepKind{"disks", "what root= lies on is known", "crypt."},
    StepKind{"firmware", "the firmware starts the image", "image.signed"},
    StepKind{"kernel", "the kernel starts", "image. kernel."},
    StepKind{"initrd", "the initramfs starts", "image. kernel."},
    StepKind{"network", "the network interface has an address", "network. sshd.unit"},
    StepKind{"banner", "sshd answers", "sshd. hostkeys. network. account.root"},
    StepKind{"hostkey", "its host key is the one that inspect shows", "hostkeys. image.current"},
    StepKind{"login", "a key logs in", "keys. sshd. account. hostkeys."},
    StepKind{"keys", "sshd takes the keys that inspect shows", "keys. sshd.login"},
    StepKind{"prompt", "the disks ask for their passphrase", "crypt. kernel."},
    StepKind{"wrong", "a wrong passphrase is refused", "crypt."},
    StepKind{"unlock", "the passphrase is taken", "crypt."},
    StepKind{"break", "the emergency shell holds the boot, and is ended", "crypt. kernel."},
    StepKind{"root", "the root file system appears, and its system starts", "crypt. kernel."},
    StepKind{"handover", "nothing of the initramfs is left behind", ""},
    StepKind{"off", "the machine powers off", ""},
};

bool is_about(std::string_view id, std::string_view checks) {
  return std::ranges::any_of(base::split(checks, ' '),
                             [&](const std::string& prefix) { return !prefix.empty() && id.starts_with(prefix); });
}

}  // namespace

std::span<const StepKind> step_kinds() { return kKinds; }

const StepKind& kind_of(std::string_view id) { return *std::ranges::find(kKinds, id, &StepKind::id); }

bool is_early(std::string_view id) { return id == "kernel" || id == "initrd"; }

inspect::Findings explanation_of(std::string_view step, const inspect::Findings& findings) {
  inspect::Findings out;
  for (const auto& finding : findings) {
    if (finding.severity >= inspect::Severity::warning && is_about(finding.id, kind_of(step).checks))
      out.push_back(finding);
  }
  std::ranges::stable_sort(out, std::ranges::greater(), &inspect::Finding::severity);
  return out;
}

}  // namespace rehearsal
