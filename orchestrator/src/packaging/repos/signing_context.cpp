// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/signing_context.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace repos {
namespace {

constexpr std::uint64_t kOutput = 64U << 20U;
constexpr std::chrono::seconds kDeadline{600};

}  // namespace

std::string SigningContext::run(const std::vector<std::string>& argv, const std::filesystem::path& folder,
                                const std::map<std::string, std::string>& environment) const {
  context_.cancel.throw_if_requested();
  const base::TempDir output(base::temp_parent(), "orchestrator-out.");
  base::Command command;
  command.argv = argv;
  command.env = setting_.environment;
  command.env["PATH"] = setting_.path_list;
  command.env["SOURCE_DATE_EPOCH"] = std::to_string(time());
  for (const auto& [name, value] : environment) command.env[name] = value;
  command.cwd = folder;
  command.log = setting_.log;
  command.stdout_to = output.path() / "out";
  command.deadline = kDeadline;
  const auto outcome = context_.runner.run(command, context_.cancel);
  if (outcome.timed_out)
    throw base::Error(fmt::format("{} took longer than {} s", base::shell_quote(argv), kDeadline.count()));
  if (outcome.status != 0) {
    throw base::Error(fmt::format("{} ended with {}\ncommand: {}\nits last lines:\n{}", argv.front(), outcome.status,
                                  base::shell_quote(argv), outcome.tail))
        .with_hint("the whole log is " + setting_.log.string());
  }
  return base::read_file(command.stdout_to, kOutput);
}

const signing::Session& SigningContext::session() const {
  if (session_ == nullptr) throw base::Error("there is no key to sign with");
  return *session_;
}

std::string SigningContext::why_not_signed(const std::string& content, const std::string& signature) const {
  return signing::why_not_signed(content, signature, setting_.public_key, context_);
}

std::string SigningContext::why_package_not_signed(const std::string& content, const std::string& signature) const {
  return signing::why_not_signed(content, signature, package_keys(), context_);
}

}  // namespace repos
