// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "signing/session.hpp"

namespace repos {

/// What the maker of a repository works with: the tools, the key, and the one time that everything bears.
class SigningContext {
 public:
  /// Of the site alone: what its lists say.
  struct SiteSetting {
    std::string key_file;          // what clients get: the key that signs, and those before and after it
    std::string package_keys;      // those that packages may be signed with; "": the key that signs
    std::int64_t valid_until = 0;  // of lists that can say so; 0: for ever
    bool has_other_key = false;    // lists that are as before are signed all the same
  };
  struct Setting {
    std::string project;                             // "dracut-sshd": what packages and repositories are called
    std::string path_list;                           // where tools are
    std::filesystem::path log;                       // what they say
    std::map<std::string, std::string> environment;  // what they see: the session's, where there is a key
    std::string public_key;                          // of the key that signs; ASCII armoured
    std::int64_t time = 0;                           // of signatures and metadata
    SiteSetting site = {};
  };
  /// Without a session it can only look.
  SigningContext(const base::Context& context, Setting setting, const signing::Session* session)
      : context_(context), setting_(std::move(setting)), session_(session) {}

  /// Runs a tool in `folder`, with the key at hand; its standard output. base::Error with the command and its last
  /// lines when it fails.
  std::string run(const std::vector<std::string>& argv, const std::filesystem::path& folder,
                  const std::map<std::string, std::string>& environment = {}) const;

  [[nodiscard]] const signing::Session& session() const;
  [[nodiscard]] const std::string& project() const { return setting_.project; }
  [[nodiscard]] const std::string& public_key() const { return setting_.public_key; }
  [[nodiscard]] const std::string& key_file() const { return setting_.site.key_file; }
  [[nodiscard]] const std::string& package_keys() const {
    return setting_.site.package_keys.empty() ? setting_.public_key : setting_.site.package_keys;
  }
  [[nodiscard]] std::int64_t valid_until() const { return setting_.site.valid_until; }
  [[nodiscard]] bool has_other_key() const { return setting_.site.has_other_key; }
  [[nodiscard]] std::int64_t time() const { return setting_.time; }
  /// Why `signature` is none of `content` by this site's key; "" when it is. No `signature`: `content` is clear-signed.
  [[nodiscard]] std::string why_not_signed(const std::string& content, const std::string& signature) const;
  /// The same of a package, which one of the site's earlier keys may have signed.
  [[nodiscard]] std::string why_package_not_signed(const std::string& content, const std::string& signature) const;

 private:
  base::Context context_;
  Setting setting_;
  const signing::Session* session_;
};

}  // namespace repos
