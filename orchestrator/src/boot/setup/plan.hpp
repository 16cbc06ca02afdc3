// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/machine.hpp"
#include "setup/choices.hpp"
#include "setup/client_lines.hpp"
#include "setup/manifest.hpp"
#include "setup/network_files.hpp"
#include "setup/planned_file.hpp"

namespace setup {

/// A file that is there, was not written by setup or was changed since, and stays as it is.
struct KeptFile {
  std::string path;
  std::string why;
};

struct Plan {
  std::vector<PlannedFile> write;      // new or different content
  std::vector<PlannedFile> unchanged;  // there already, by an earlier run
  std::vector<std::string> remove;     // written by an earlier run, not wanted any more
  std::vector<KeptFile> keep;
  bool make_host_key = false;                      // by ssh-keygen: its content is in no plan
  std::vector<std::vector<std::string>> commands;  // in order: packages, rebuild
  NetworkPlan network;
  std::vector<std::string> may_log_in;  // "SHA256:... you@desk (/root/.ssh/authorized_keys:1)"
  std::vector<std::string> notes;
  std::vector<std::string> refusals;  // why nothing is done
};

/// A pure function but for reading the files that it would write.
[[nodiscard]] Plan make_plan(const detect::Machine& machine, const Choices& choices,
                             const std::optional<Manifest>& manifest, const std::filesystem::path& root);

}  // namespace setup
