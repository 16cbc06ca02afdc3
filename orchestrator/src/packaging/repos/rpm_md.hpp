// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "repos/manager.hpp"

namespace repos {

/// An "rpm-md" repository, one a release: packages, repodata/ by createrepo_c, repomd.xml.asc beside repomd.xml
/// (dnf.conf(5) and zypper(8): repo_gpgcheck). It holds the packages of all architectures: dnf and zypper offer a
/// machine those that it can run, and an address without $basearch is what every client has. dnf and zypper read the
/// same, and are told of it differently.
class RpmMd : public Manager {
 public:
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  bool sign(const SigningContext& context, const model::Profile& profile, const model::Recipe& recipe,
            const std::filesystem::path& job) const override;
  [[nodiscard]] std::string place(const model::Profile& profile, const model::Output& output) const override;
  void index(const SigningContext& context, const model::Profile& profile, const std::vector<const Published*>& entries,
             const std::filesystem::path& site) const override;
  [[nodiscard]] Instructions instructions(const model::Profile& profile, const std::vector<const Published*>& newest,
                                          const SiteFacts& site) const override;
  [[nodiscard]] std::vector<std::string> faults(const SigningContext& context,
                                                const std::vector<const Published*>& entries,
                                                const std::filesystem::path& site) const override;

 protected:
  /// The lines that a user types, given the address of the .repo file.
  [[nodiscard]] virtual std::vector<std::string> commands(const std::string& project, const std::string& repo_file,
                                                          const std::string& key) const = 0;
};

class Dnf final : public RpmMd {
 public:
  [[nodiscard]] std::string_view name() const override { return "dnf"; }

 protected:
  [[nodiscard]] std::vector<std::string> commands(const std::string& project, const std::string& repo_file,
                                                  const std::string& key) const override;
};

class Zypper final : public RpmMd {
 public:
  [[nodiscard]] std::string_view name() const override { return "zypper"; }

 protected:
  [[nodiscard]] std::vector<std::string> commands(const std::string& project, const std::string& repo_file,
                                                  const std::string& key) const override;
};

}  // namespace repos
