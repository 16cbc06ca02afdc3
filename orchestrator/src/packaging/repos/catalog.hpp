// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repos {

/// One version of one release's packages, as it lies in a site.
struct Published {
  struct File {
    std::string path;  // below the site
    std::string sha256;
    std::uint64_t size = 0;
  };
  std::string distribution, distribution_name, release, manager;
  std::string package, version;  // "1.0.0-1": of the project, and the packaging's revision
  std::string key;               // of the build that they are from (build::key_of)
  std::int64_t time = 0;         // of its signatures, seconds since the epoch
  std::string signed_with;       // fingerprint of the key that has signed its packages; "": the catalog's
  std::vector<File> files;
  std::string how;                    // the file that users fetch to install from it (Instructions), below the site
  std::vector<std::string> commands;  // and what they type
};

/// catalog.json at a site's top: what is there, from which the page is made, and what a later publish goes on from.
struct Catalog {
  std::string url;                 // where clients find the site, without a slash at its end
  std::string fingerprint;         // of the key that signs every list, and what is new
  std::vector<Published> entries;  // in the order of publishing: the last of a release is its newest
  // Fingerprints of the further keys that clients get with it.
  std::string next;                  // announced: it will sign what the present one signs; "": none
  std::vector<std::string> old;      // has signed packages that are still there, or signs with the present one
  std::vector<std::string> revoked;  // so that clients learn of it
  std::int64_t valid_until = 0;      // seconds since the epoch; 0: for ever
};

inline constexpr const char* kCatalog = "catalog.json";

[[nodiscard]] std::string to_json(const Catalog& catalog);
/// base::Error when it is not one, or a path in it is none that may be joined to a folder.
[[nodiscard]] Catalog read_catalog(std::string_view text);

/// The entries of one release, oldest first.
[[nodiscard]] std::vector<const Published*> of_release(const Catalog& catalog, std::string_view distribution,
                                                       std::string_view release);
/// Takes away the oldest entries of each release until `keep` are left, and returns them. At least one stays.
std::vector<Published> prune(Catalog& catalog, unsigned keep);

}  // namespace repos
