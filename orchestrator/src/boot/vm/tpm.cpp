// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/tpm.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include "base/error.hpp"
#include "base/files.hpp"

namespace vm {
namespace {

constexpr int kControl = 3;  // swtpm's descriptor

}  // namespace

Tpm::Tpm(const std::filesystem::path& folder, const std::map<std::string, std::string>& environment,
         const std::optional<base::Confinement>& cage) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw base::system_error("a pair of sockets");
  qemus_ = base::Fd(pair[0]);
  const base::Fd theirs(pair[1]);
  base::make_dirs(folder);
  base::Command command;
  command.argv = {"swtpm",
                  "socket",
                  "--tpm2",
                  "--tpmstate",
                  "dir=" + folder.string(),
                  "--ctrl",
                  fmt::format("type=unixio,clientfd={}", kControl),
                  "--terminate"};
  if (const auto path = environment.find("PATH"); path != environment.end()) command.env.insert(*path);
  command.env["LC_ALL"] = "C";
  command.log = folder / "swtpm.log";
  command.passed[kControl] = theirs.get();
  command.dies_with_parent = true;
  if (cage) command = base::confined(command, *cage);
  swtpm_ = std::make_unique<base::Background>(command);
}

}  // namespace vm
