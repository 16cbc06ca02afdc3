// SPDX-License-Identifier: GPL-3.0-or-later
// The first MiB of a physical volume of LVM2, by the code that dracut-sshd rehearse makes scratch disks with: the
// scenarios of ci/e2e put a file system behind it. The kernel and the tools of the guest are the judges.
//
// physical-volume GROUP ROOT_EXTENTS VOLUME...   extents of 4 MiB; the first volume is the root's, each other has one
// extent
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>

#include "rehearsal/volumes.hpp"

int main(int count, char** words) {
  if (count < 4) {
    fmt::print(stderr, "usage: physical-volume GROUP ROOT_EXTENTS VOLUME...\n");
    return 2;
  }
  try {
    const rehearsal::VolumeGroup group{words[1], {words + 3, words + count}};
    const auto bytes = rehearsal::physical_volume(group, std::stoull(words[2]), "ci/e2e");
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? 0 : 1;
  } catch (const std::exception& fault) {
    fmt::print(stderr, "physical-volume: {}\n", fault.what());
    return 2;
  }
}
