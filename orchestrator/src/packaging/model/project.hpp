// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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

/// How a package comes to be.
enum class Making {
  files,     // of the files of the source, by an install list: made here, with its source package
  compiled,  // by each distribution's own compiler: its source package is made here
  prebuilt,  // of files that were compiled elsewhere, for each architecture: made here, without a source package
};

/// What is the same for every distribution, of one package: project.json and CHANGELOG.md.
struct Project {
  std::string id;                        // what profiles call the package: "module"
  bool is_first = false;                 // of project.json's packages: the others go with it
  std::string name;                      // "dracut-sshd"
  std::string summary;                   // one line, no full stop
  std::vector<std::string> description;  // paragraphs' lines, at most 72 columns; "" separates paragraphs
  std::string source_name = {};          // of the folder in its tarball, where the package is called otherwise
  std::string repository;                // what repositories of all packages are called: the first one's name
  std::string url;                       // the one place where it stands
  std::string downloads;  // the folder that users fetch tarballs from; {version} may stand in it; "": url
  std::string license;    // SPDX, of what the package installs
  Making making = Making::files;
  std::string install_list;  // what is installed where, in the source; "": its own build does that
  /// Of a package that is prebuilt: a tarball for each architecture, a path of the project in which {version} and
  /// {arch} stand. It holds the folder NAME-VERSION/.
  std::string prebuilt;
  /// Of which paths of the project its source is made, and where they lie in it; a folder stands for all in it.
  std::vector<std::pair<std::string, std::string>> sources;
  std::vector<std::string> left_out;  // paths of the project below these that are not in the source
  std::vector<Release> changelog;     // newest first, never empty; the first gives version and SOURCE_DATE_EPOCH
  std::vector<NextStep> next_steps;   // in this order; the same for all packages

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
