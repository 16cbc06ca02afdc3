// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "formats/format.hpp"

namespace formats {

/// Arch packages, by makepkg: PKGBUILD and .SRCINFO as the AUR takes them, and the package.
class Pkgbuild final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "pkgbuild"; }
  [[nodiscard]] std::string_view template_folder() const override { return "pkgbuild"; }
  [[nodiscard]] model::Recipe recipe(const Ingredients& from) const override;
  [[nodiscard]] model::PackageFacts expected_facts(const Ingredients& from) const override;
  [[nodiscard]] base::ListedTree expected_tree(const Ingredients& from) const override;
  [[nodiscard]] std::vector<ToolMade> tool_made(const Ingredients& from) const override;
  [[nodiscard]] std::vector<model::Reading> read(const Ingredients& from,
                                                 const std::filesystem::path& job) const override;
};

}  // namespace formats
