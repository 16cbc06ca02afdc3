// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "profile/load.hpp"

/// What machines try of each release, and that in the words of a CI service.
namespace matrix {

/// One release on one architecture.
struct Cell {
  const model::Profile* profile = nullptr;
  std::string arch;       // as uname -m says
  std::string container;  // the image; "" when there is none
  std::string runner;     // the machine's label
  bool nightly = false;   // in the image of what comes next
  bool by_hand = false;   // the label was named on the command line

  [[nodiscard]] std::string release() const { return profile->id + ":" + profile->release; }  // "fedora:44"
  [[nodiscard]] std::string name() const { return profile->key() + "-" + arch; }  // "fedora-44-x86_64", fit for a file
};

enum class Nights {
  both,     // every release
  only,     // those that are tried every night, in the image of that
  without,  // the others
};

struct MatrixOptions {
  Nights nights = Nights::both;
  std::set<std::string> arches;                // these alone; none: all
  std::map<std::string, std::string> runners;  // architecture -> label, instead of the profiles'
};

/// In the order of the releases, each by architecture. A release whose profile names no runners has none.
[[nodiscard]] std::vector<Cell> cells(const std::vector<const profile::Release*>& releases,
                                      const MatrixOptions& options);

/// What a cell does, in order: package, and what /ci/tests has of install, image, inspect.
[[nodiscard]] std::vector<std::string> steps_of(const model::Profile& profile);

/// The value of GitHub's strategy.matrix, {"include": [...]}, on one line.
[[nodiscard]] std::string as_github(const std::vector<Cell>& cells);
/// The YAML of a child pipeline for GitLab. Its jobs run what `ci/cell --prepare` has left in an artifact of the
/// parent's job "cells"; the parent gives its number as PARENT_PIPELINE_ID. Without a cell it has a job that does
/// nothing, because a pipeline without a job is a failure there.
[[nodiscard]] std::string as_gitlab(const std::vector<Cell>& cells);
[[nodiscard]] std::string as_json(const std::vector<Cell>& cells);   // an array, two spaces
[[nodiscard]] std::string as_table(const std::vector<Cell>& cells);  // for people

}  // namespace matrix
