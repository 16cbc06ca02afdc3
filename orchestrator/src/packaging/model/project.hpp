// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace model {

/// One entry of CHANGELOG.md: "## 1.0.0 - 2026-11-24" and its "- " items.
struct Release {
  std::string version;
  std::int64_t epoch = 0;          // that day, 00:00 UTC
  std::vector<std::string> items;  // one line each
};

/// What an administrator does after the installation; pages of repositories show it.
struct NextStep {
  std::string text;     // one line: what it does, and why
  std::string command;  // to type
  std::string package;  // that has the command; "": the first one
};

/// What is the same for every distribution: project.json and CHANGELOG.md.
struct Project {
  std::string name;                      // "dracut-sshd"
  std::string summary;                   // one line, no full stop
  std::vector<std::string> description;  // paragraphs' lines, at most 72 columns; "" separates paragraphs
  std::string url;                       // the one place where it stands
  std::string downloads;           // the folder that users fetch tarballs from; {version} may stand in it; "": url
  std::string license;             // SPDX, of module/
  std::vector<Release> changelog;  // newest first, never empty; the first gives version and SOURCE_DATE_EPOCH

  std::vector<NextStep> next_steps;

  [[nodiscard]] const std::string& version() const { return changelog.front().version; }
  [[nodiscard]] std::int64_t epoch() const { return changelog.front().epoch; }
};

/// Who packages: "Name <mail>", checked.
struct Packager {
  std::string name;
  std::string mail;
  [[nodiscard]] std::string full() const { return name + " <" + mail + ">"; }
};

/// Where recipes fetch the tarball from, without its name and a slash at the end; `version` stands in the place of
/// {version}: the version itself, or a recipe's own word for it.
[[nodiscard]] std::string download_folder(const Project& project, std::string_view version);
/// The tarball's whole address.
[[nodiscard]] std::string download_address(const Project& project);

/// Whether the host of an address, or of a mail address, is one that documents and tests use and that nobody can ever
/// reach: example.org and the like (RFC 2606), and the names that RFC 6761 sets apart.
[[nodiscard]] bool is_placeholder(std::string_view address);

}  // namespace model
