// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/app.hpp"

#include <CLI/CLI.hpp>
#include <string>

#include "base/error.hpp"
#include "base/version.hpp"

namespace admin {

int dracut_sshd(int argc, char** argv) {
  CLI::App app{"Proves that the next boot will let you in.", "dracut-sshd"};
  app.set_version_flag("--version", std::string("dracut-sshd ") + base::kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(base::Exit::usage);
  }
  return 0;
}

}  // namespace admin
