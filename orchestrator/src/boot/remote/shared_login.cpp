// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/shared_login.hpp"

#include <algorithm>
#include <utility>

#include "base/files.hpp"

namespace remote {
namespace {

constexpr std::size_t kLongestName = 88;          // 107 without the 17 that ssh adds, and two to spare
constexpr std::uint64_t kLongestLog = 1U << 16U;  // of what is read of it

base::Command command_of(const Target& target, const std::filesystem::path& log,
                         const std::map<std::string, std::string>& environment) {
  auto out = ssh_command(target, System::initramfs, "", nullptr, environment);
  out.argv.pop_back();  // no command: it stays until it is ended
  std::ranges::replace(out.argv, std::string("ControlMaster=no"), std::string("ControlMaster=yes"));
  out.argv.insert(out.argv.begin() + 1, "-N");
  out.log = log;
  out.dies_with_parent = true;
  return out;
}

}  // namespace

SharedLogin::SharedLogin(const Target& target, std::filesystem::path log,
                         const std::map<std::string, std::string>& environment)
    : control_(target.control), log_(std::move(log)) {
  base::write_file(log_, "");
  ssh_ = std::make_unique<base::Background>(command_of(target, log_, environment));
}

bool SharedLogin::up() const { return !ssh_->ended() && std::filesystem::exists(control_); }

std::optional<base::Outcome> SharedLogin::ended() {
  if (!ssh_->ended()) return std::nullopt;
  base::Outcome out;
  (void)ssh_->end();
  out.status = kSshFailed;  // also where the server has closed it in good order
  out.tail = base::read_file(log_, kLongestLog);
  return out;
}

bool SharedLogin::can_be_at(const std::string& control) { return control.size() <= kLongestName; }

}  // namespace remote
