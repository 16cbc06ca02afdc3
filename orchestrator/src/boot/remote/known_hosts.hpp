// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/context.hpp"

namespace remote {

/// The keys that known_hosts has under a name.
struct KnownKeys {
  std::set<std::string> keys;  // base64, as in the file
  bool authority = false;      // a @cert-authority line fits: certificates are taken, too
  bool revoked = false;        // a @revoked line fits

  [[nodiscard]] bool any() const { return !keys.empty() || authority || revoked; }
};

/// Asks ssh-keygen -F, which reads hashed names, patterns and markers as ssh does.
class KnownHosts {
 public:
  /// `list` are the files as `ssh -G` prints them (UserKnownHostsFile, GlobalKnownHostsFile): separated by blanks, and
  /// with blanks in them. `scratch` is a folder for answers.
  KnownHosts(const std::vector<std::string>& list, std::filesystem::path scratch, const base::Context& context);

  /// False where a file's name cannot be told, or there is no ssh-keygen: an empty answer of of() means nothing then.
  [[nodiscard]] bool can_tell() const { return can_tell_; }
  [[nodiscard]] KnownKeys of(const std::string& name) const;
  /// Those that are there.
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
  /// The file that a new line belongs into; "" if there is none.
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  void add(const std::string& list);
  std::vector<std::string> files_;
  std::string first_;
  bool can_tell_ = true;
  std::filesystem::path scratch_;
  std::map<std::string, std::string> environment_;
  base::Context context_;
};

/// The names under which known_hosts may have a machine's initramfs, best first: HOST-initramfs for the name as typed,
/// for the HostName that ssh resolves, and for the short forms of both. An address has no short form.
[[nodiscard]] std::vector<std::string> initramfs_names(const std::string& host, const std::string& resolved);

}  // namespace remote
