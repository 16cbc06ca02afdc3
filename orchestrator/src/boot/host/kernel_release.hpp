// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace host {

/// A kernel's release, as uname(2) has it: "6.12.9-200.fc41.x86_64". It becomes part of paths, and comes out of images,
/// boot loader entries and command lines; so this is the only way to one: a letter or a digit, then letters, digits and
/// "._+~:-", at most 64 bytes (__NEW_UTS_LEN of Linux). The module's programs have the same rule for --kernel.
class KernelRelease {
 public:
  /// Nothing if the text is no release.
  [[nodiscard]] static std::optional<KernelRelease> from(std::string_view text);
  /// base::Error (Exit::usage) that names `option` if the text is neither a release nor empty, which is nothing.
  [[nodiscard]] static std::optional<KernelRelease> from_option(std::string_view text, std::string_view option);

  [[nodiscard]] const std::string& text() const { return text_; }
  auto operator<=>(const KernelRelease&) const = default;

 private:
  explicit KernelRelease(std::string_view text) : text_(text) {}
  std::string text_;
};

[[nodiscard]] std::vector<std::string> texts_of(const std::vector<KernelRelease>& releases);

}  // namespace host
