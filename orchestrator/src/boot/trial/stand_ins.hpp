// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "inspect/facts.hpp"

/// Keys in place of those of an image whose private halves are elsewhere: of the same types, behind the same options.
namespace trial {

struct StandIn {
  std::string blob;     // of the key that it stands for
  std::string name;     // of the private key's file in the folder
  std::string command;  // that is forced upon it; "": none
  bool has_command = false;
};

struct StandIns {
  std::vector<StandIn> all;
  std::vector<std::string> left_out;  // keys for which there is none, and why
};

/// More keys than these are not stood for.
inline constexpr std::size_t kStandIns = 16;

/// Makes them in `folder`, and puts their public halves into the files below `tree`, the extracted image: authorized
/// keys, authorities and revoked ones. base::Error where ssh-keygen(1) fails.
[[nodiscard]] StandIns make_stand_ins(const inspect::Facts& facts, const std::filesystem::path& tree,
                                      const std::filesystem::path& folder, const std::string& path,
                                      const base::Context& context);

}  // namespace trial
