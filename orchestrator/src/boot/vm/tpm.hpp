// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/background.hpp"
#include "base/confine.hpp"
#include "base/fd.hpp"

namespace vm {

/// A TPM 2.0 of a virtual machine's own, by swtpm(8): new, so that its keys and its PCRs are nobody else's. It ends
/// with its object.
class Tpm {
 public:
  /// What it keeps is in `folder`, which is made. base::Error: swtpm is not installed (Exit::missing_tool).
  Tpm(const std::filesystem::path& folder, const std::map<std::string, std::string>& environment,
      const std::optional<base::Confinement>& cage);

  /// For qemu.
  [[nodiscard]] int descriptor() const { return qemus_.get(); }

 private:
  base::Fd qemus_;
  std::unique_ptr<base::Background> swtpm_;
};

}  // namespace vm
