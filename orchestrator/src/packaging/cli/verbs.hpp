// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "build/job.hpp"
#include "build/workspace.hpp"
#include "profile/select.hpp"

/// One verb a file. Each prints its result on stdout, its talk on the console, and returns the exit status.
namespace cli {

struct Common {
  std::string project;                // --project, or "": look upwards from here
  std::vector<std::string> distros;   // --distro, repeated
  std::vector<std::string> packages;  // --package, repeated; none: all of the project's
  bool all = false;                   // --all
  bool json = false;                  // --json
  std::string packager;               // --packager
  std::vector<std::string> sources;   // --source, repeated
};

struct BuildArguments {
  std::string format;  // --format, or ""
  std::string out;     // --out, or "": dist/ in the project
  std::vector<std::string> tools;
  unsigned jobs = 0;  // --jobs, 0: the cores
  bool keep = false;  // --keep-work
  bool dry_run = false;
};

enum class KeyAction { list, make, extend, export_public };

struct KeyArguments {
  KeyAction action = KeyAction::list;
  std::string user;         // --user
  std::string expires;      // --expires
  std::string fingerprint;  // of the key to export or to extend
  bool no_passphrase = false;
};

struct PublishArguments {
  std::string to;           // --to
  std::string fingerprint;  // --sign, or ""
  std::string next;         // --next, or ""
  int valid_for = -1;       // --valid-for; -1: as before
  bool dry_run = false;
  std::string url;  // --url, or ""
  std::string out;  // --from, or "": dist/ in the project
  std::vector<std::string> tools;
  unsigned keep = 3;
  bool allow_placeholders = false;
};

struct SubmitArguments {
  std::string to;           // --to SERVICE or SERVICE=PLACE
  std::string config;       // --config, or ""
  std::string archive;      // --archive, or ""
  std::string fingerprint;  // --sign, or ""
  std::string out;          // --out, or "": dist/ in the project
  std::vector<std::string> tools;
  unsigned revision = 1;
  unsigned tries = 5;
  bool no_wait = false;
  bool dry_run = false;
};

struct VerifyArguments {
  std::vector<std::string> paths;  // one folder, or package files
  std::string key;                 // --key, a file, or ""
  std::string newer_than;          // --newer-than, a date, or ""
  std::vector<std::string> tools;
};

struct MatrixArguments {
  std::string output = "table";      // --output
  std::string changed_since;         // --changed-since, or "": every cell
  std::string reach;                 // --reach, a file, or "": the project's ci/reach.list
  std::vector<std::string> arches;   // --arch, repeated
  std::vector<std::string> runners;  // --runner ARCH=LABEL, repeated
  bool nightly = false;
  bool without_nightly = false;
};

int list(const Common& common, const base::Context& context);
int show(const Common& common, const base::Context& context);
int check(const Common& common, const std::vector<std::string>& files, const base::Context& context);
int schema(bool merged, bool manual);
int diff(const Common& common, const base::Context& context);
int matrix(const Common& common, const MatrixArguments& arguments, const base::Context& context);
int key(const KeyArguments& arguments, bool json, const base::Context& context);
int build(const Common& common, const BuildArguments& arguments, const base::Context& context);
int publish(const Common& common, const PublishArguments& arguments, const base::Context& context);
int submit(const Common& common, const SubmitArguments& arguments, const base::Context& context);
int verify(const Common& common, const VerifyArguments& arguments, const base::Context& context);

// What several verbs need.

/// Prints findings on stderr; Exit::usage when one is an error, else Exit::done.
int report(const model::Findings& findings);
[[nodiscard]] std::filesystem::path root_of(const Common& common);
/// The whole project, or an Error (usage) after all its findings were printed.
[[nodiscard]] build::Workspace open(const Common& common, const base::Context& context);
/// What --distro and --all mean; all of them when `everything_by_default` and neither is given.
[[nodiscard]] std::vector<const profile::Release*> chosen(const Common& common, const profile::Loaded& loaded,
                                                          bool everything_by_default);

/// base::Error (usage) when --package and --distro leave nothing to do.
void refuse_nothing(const std::vector<build::Job>& jobs, const Common& common);
/// base::Error (usage) when others would see a packager whom nobody can reach (nobody was named, or
/// packager@example.org).
void refuse_placeholder_packager(const build::Workspace& workspace);
/// base::Error (usage) when packages name an address that leads nowhere (https://dracut-sshd.example.org/).
void refuse_placeholder_address(const build::Workspace& workspace);
[[nodiscard]] std::int64_t now();  // seconds since the epoch

/// Findings were printed already: only the exit status is left to say.
struct Reported {
  int status;
};

}  // namespace cli
