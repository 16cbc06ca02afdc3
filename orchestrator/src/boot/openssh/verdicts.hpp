// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "openssh/access.hpp"

/// What speaks against root's login in settings of which none is undecided. For access.cpp.
namespace openssh {

struct Case {
  const Values& values;
  const Connection& connection;
  const std::vector<LoginKey>& keys;
  const std::vector<PublicKey>& host_keys;
  const Version& version;
};

[[nodiscard]] std::vector<Objection> verdicts(const Case& one);

}  // namespace openssh
