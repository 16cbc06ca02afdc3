// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "repos/manager.hpp"

namespace repos {

/// A Debian repository, one a distribution: pool/SERIES/ and dists/SERIES/
/// (https://wiki.debian.org/DebianRepository/Format), by apt-ftparchive; InRelease and Release.gpg, sources, by-hash.
/// Each architecture's list holds its own packages and those for all.
/// Each series has a folder of its own in the pool, since apt-ftparchive lists folders.
class Apt final : public Manager {
 public:
  [[nodiscard]] std::string_view name() const override { return "apt"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  bool sign(const SigningContext& context, const model::Profile& profile, const model::Recipe& recipe,
            const std::filesystem::path& job) const override;
  [[nodiscard]] std::string place(const model::Profile& profile, const model::Output& output) const override;
  void index(const SigningContext& context, const model::Profile& profile, const std::vector<const Published*>& entries,
             const std::filesystem::path& site) const override;
  [[nodiscard]] Instructions instructions(const model::Profile& profile, const std::vector<const Published*>& newest,
                                          const SiteFacts& site) const override;
  [[nodiscard]] std::string_view curl_command() const override { return "sudo apt install curl ca-certificates"; }
  [[nodiscard]] std::vector<std::string> faults(const SigningContext& context,
                                                const std::vector<const Published*>& entries,
                                                const std::filesystem::path& site) const override;
};

}  // namespace repos
