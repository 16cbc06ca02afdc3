// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repos {

/// One version of a package of a release, for one architecture, as it lies in a site.
struct Published {
  struct File {
    std::string path;  // below the site
    std::string sha256;
    std::uint64_t size = 0;
  };
  std::string distribution, distribution_name, release, manager;
  std::string package, version;  // "1.0.0-1": of the project, and the packaging's revision
  std::string arch;              // as its package manager writes it: "noarch", "all", "amd64"; kSource
  std::string key;               // of the build that they are from (build::key_of)
  std::int64_t time = 0;         // of its signatures, seconds since the epoch
  std::string signed_with;       // fingerprint of the key that has signed its packages; "": the catalog's
  std::vector<File> files;
  std::string how;                    // the file that users fetch to install from it (Instructions), below the site
  std::vector<std::string> commands;  // and what they type
  std::string replaces;               // the package that goes then (model::InitrdFields); "": none
};

/// The architecture of a package that is there as a source package alone.
inline constexpr const char* kSource = "source";

/// catalog.json at a site's top: what is there, from which the page is made, and what a later publish goes on from.
struct Catalog {
  std::string project;             // "dracut-sshd": what the site's own files and its repositories are called
  std::string url;                 // where clients find the site, without a slash at its end
  std::string fingerprint;         // of the key that signs every list, and what is new
  std::vector<Published> entries;  // in the order of publishing: the last of a package is its newest
  // Fingerprints of the further keys that clients get with it.
  std::string next;                  // announced: it will sign what the present one signs; "": none
  std::vector<std::string> old;      // has signed packages that are still there, or signs with the present one
  std::vector<std::string> revoked;  // so that clients learn of it
  std::int64_t valid_until = 0;      // seconds since the epoch; 0: for ever
};

inline constexpr const char* kCatalog = "catalog.json";

[[nodiscard]] std::string to_json(const Catalog& catalog);
/// Reads what to_json() writes, and format 1, which knew one package a release, for all architectures. base::Error when
/// it is neither, or a path or a name in it is none that may be joined to a folder.
[[nodiscard]] Catalog read_catalog(std::string_view text);

/// Whether a package is for all architectures.
[[nodiscard]] bool is_for_all(const Published& entry);
/// Whether both are versions of one package: of the same release, for the same architecture.
[[nodiscard]] bool is_same_package(const Published& one, const Published& other);
/// The entries of one release, of all its packages, oldest first.
[[nodiscard]] std::vector<const Published*> of_release(const Catalog& catalog, std::string_view distribution,
                                                       std::string_view release);
/// The newest version of each package and architecture among `entries`, which are of one release: sorted by name, then
/// by architecture.
[[nodiscard]] std::vector<const Published*> newest_of(const std::vector<const Published*>& entries);
/// The first entry that has a file of this path with another digest; nullptr when none has.
[[nodiscard]] const Published* with_other_contents(const Catalog& catalog, std::string_view path,
                                                   std::string_view sha256);
/// Takes away the oldest versions of each package until `keep` are left, and returns them. At least one stays.
std::vector<Published> prune(Catalog& catalog, unsigned keep);

}  // namespace repos
