// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/janitor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"

namespace rehearsal {

Janitor::Janitor(const std::filesystem::path& folder) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw base::system_error("making a pipe");
  const base::Fd theirs(ends[0]);
  pipe_ = base::Fd(ends[1]);
  base::Command command;
  // A second, in which the other children, whose parent has gone, come to their ends.
  command.argv = {"/bin/sh", "-c", "trap '' INT TERM HUP; read -r line <&3; sleep 1; rm -rf -- \"$0\"",
                  folder.string()};
  command.env = {{"PATH", "/usr/bin:/bin"}};
  command.passed[3] = theirs.get();
  command.log = "/dev/null";
  child_ = std::make_unique<base::Background>(command);
}

Janitor::~Janitor() = default;  // the child is killed, and removes nothing

}  // namespace rehearsal
