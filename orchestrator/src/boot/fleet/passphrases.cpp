// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/passphrases.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <mutex>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

namespace fleet {
namespace {

/// The terminal is one, and so is the agent behind most commands.
std::mutex& one_command() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

remote::Secret PassphraseCommand::passphrase(const remote::Question* question, const base::Cancel& cancel) {
  const remote::Question none;
  const auto& asked = question == nullptr ? none : *question;
  std::unique_lock lock(one_command(), std::defer_lock);
  if (together_ == Together::no) lock.lock();
  cancel.throw_if_requested();
  return remote::from_command(command_,
                              {{"HOST", host_}, {"DISK", asked.id}, {"MESSAGE", asked.message}, {"UNIT", asked.unit}},
                              patience_, cancel);
}

remote::Secret PassphraseFile::passphrase(const remote::Question* /*question*/, const base::Cancel& cancel) {
  const base::Fd file(open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.get() < 0) throw base::system_error(base::printable(file_.string()));
  struct stat found {};
  if (fstat(file.get(), &found) != 0) throw base::system_error(base::printable(file_.string()));
  if (!S_ISREG(found.st_mode)) throw base::Error(base::printable(file_.string()) + ": expected a regular file");
  return remote::read_line(file.get(), base::printable(file_.string()), cancel);
}

std::filesystem::path credential_file(const std::string& name, const std::map<std::string, std::string>& environment) {
  if (name.empty() || name == "." || name == ".." || name.find_first_of(std::string("/\0", 2)) != std::string::npos)
    throw base::Error(fmt::format("credential \"{}\": expected a file's name", base::printable(name)),
                      base::Exit::usage);
  const auto folder = environment.find("CREDENTIALS_DIRECTORY");
  if (folder == environment.end() || folder->second.empty())
    throw base::Error(fmt::format("credential \"{}\": there is no $CREDENTIALS_DIRECTORY", base::printable(name)))
        .with_hint("run it as a service with LoadCredentialEncrypted=, or set passphrase-command");
  return std::filesystem::path(folder->second) / name;
}

}  // namespace fleet
