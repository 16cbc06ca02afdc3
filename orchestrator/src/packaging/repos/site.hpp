// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "proof/prove.hpp"
#include "repos/catalog.hpp"
#include "repos/signing_context.hpp"

/// The folder that a web server shows: repositories of several distributions, the key, the page, and a signed list of
/// all files. It is never changed in place: a copy is made beside it, changed, and exchanged with it.
namespace repos {

inline constexpr const char* kSums = "SHA256SUMS";

/// What a site says of itself; nothing of one that is not there, or empty. base::Error for a folder that holds
/// something else, which must not be exchanged for packages.
[[nodiscard]] Catalog catalog_of(const std::filesystem::path& site);

/// Every regular file below a site, by path, relative to it. base::Error for anything that is neither that nor a
/// folder.
[[nodiscard]] std::vector<std::string> files_of(const std::filesystem::path& site);

/// Path below a site -> SHA-256, as the site's signed list has it.
using Digests = std::map<std::string, std::string>;

/// The next state of a site, beside it, in a private folder. Nothing of it is seen until finish().
class Draft {
 public:
  /// Begins with the files in `carried` out of the site, each of which must have its digest: base::Error when one has
  /// not. They are copies: whoever has a file of the site open for writing changes nothing here. What a killed
  /// publisher left beside `site` is removed. The caller holds the site's lock.
  Draft(std::filesystem::path site, const Digests& carried);
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// Takes what was proven, and nothing else, to `place`, and lists it. `time` becomes its time. base::Error when
  /// another package was put there, too, with other contents.
  void put(const proof::VerifiedArtifact& artifact, const std::string& place, std::int64_t time, Published& entry);
  /// A file that belongs to one that was put (a detached signature).
  void put_beside(const std::filesystem::path& file, const std::string& place);
  void write(const std::string& place, const std::string& content);
  /// Removes the files of versions that are no longer kept, but for those that a kept one has too.
  void remove(const std::vector<Published>& gone, const Catalog& kept);
  /// Signs the list of all files, and takes the site's place in one step. The digests of the packages in `catalog` are
  /// those of what was put or carried here, from memory: base::Error when a file is another one by now.
  void finish(const SigningContext& context, const Catalog& catalog);

 private:
  void put_file(const std::filesystem::path& file, const std::string& place, std::int64_t time, Published& entry);

  [[nodiscard]] std::string sums(const std::set<std::string>& packages) const;

  std::filesystem::path site_, folder_;
  Digests known_;  // of what was put, written or carried
  Digests put_;    // of what was put
};

/// A site's own path: absolute, without links and without a slash at its end, so that what belongs to it can lie beside
/// it. base::Error (usage) for a folder that has no place beside it.
[[nodiscard]] std::filesystem::path place_of(const std::filesystem::path& given);

/// The lock's file of a site, and the folder of its draft: beside it, because the site itself is exchanged.
[[nodiscard]] std::filesystem::path lock_of(const std::filesystem::path& site);
/// What a killed publisher left beside a site. The caller holds its lock.
void remove_draft(const std::filesystem::path& site);

/// What a stranger can tell of a site: the signature of its list, and each file against the list. `faults` of the
/// repositories themselves are their managers'.
[[nodiscard]] std::vector<std::string> faults_of_files(const SigningContext& context,
                                                       const std::filesystem::path& site);

/// What a publisher goes on from: the files of a site, by its list, whose signature is the key's. base::Error when it
/// is not, or when the site holds more or fewer files: what somebody else has put there must not be signed, nor read by
/// git. Nothing of a site that is not there, or empty.
[[nodiscard]] Digests carried(const SigningContext& context, const std::filesystem::path& site);

}  // namespace repos
