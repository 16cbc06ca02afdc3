// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace model {

/// One entry of CHANGELOG.md: "## 1.0.0 - 2026-11-24" and its "- " items.
struct Release {
  std::string version;
  std::int64_t epoch = 0;          // that day, 00:00 UTC
  std::vector<std::string> items;  // one line each
};

/// What is the same for every distribution: project.json and CHANGELOG.md.
struct Project {
  std::string name;                      // "dracut-sshd"
  std::string summary;                   // one line, no full stop
  std::vector<std::string> description;  // paragraphs' lines, at most 72 columns; "" separates paragraphs
  std::string url;                       // the one place where it stands
  std::string license;                   // SPDX, of module/
  std::vector<Release> changelog;        // newest first, never empty; the first gives version and SOURCE_DATE_EPOCH

  [[nodiscard]] const std::string& version() const { return changelog.front().version; }
  [[nodiscard]] std::int64_t epoch() const { return changelog.front().epoch; }
};

/// Who packages: "Name <mail>", checked.
struct Packager {
  std::string name;
  std::string mail;
  [[nodiscard]] std::string full() const { return name + " <" + mail + ">"; }
};

}  // namespace model
