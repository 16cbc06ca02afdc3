// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/tool_registry.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace build {
namespace {

namespace fs = std::filesystem;

/// Changes when the program's file does. Never part of a key: only tells whether a remembered version still holds.
std::string stamp_of(const fs::path& program) {
  struct stat s {};
  if (stat(program.c_str(), &s) != 0) throw base::system_error(program.string());
  return fmt::format("{}-{}-{}-{}", s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

}  // namespace

ToolRegistry::ToolRegistry(std::vector<fs::path> folders, fs::path cache, const base::Context& context)
    : folders_(std::move(folders)), cache_(std::move(cache)), context_(context) {
  std::erase_if(folders_, [](const fs::path& folder) { return !fs::is_directory(folder); });
  path_list_ = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const auto& folder : folders_) path_list_ += ":" + folder.string();
  try {
    const auto document = nlohmann::json::parse(base::read_file(cache_, 1024 * 1024));
    for (const auto& [program, entry] : document.items()) known_[program] = {entry.at("stamp"), entry.at("version")};
  } catch (const base::Error&) {                // none yet
  } catch (const nlohmann::json::exception&) {  // broken: the programs are asked again
    known_.clear();
  }
}

std::optional<fs::path> ToolRegistry::find(const model::Tool& tool) const {
  return base::find_program(tool.program, path_list_);
}

ToolRegistry::Question ToolRegistry::question(const model::Tool& tool) const {
  const auto place = find(tool);
  const auto program = tool.asked.empty() ? place : base::find_program(tool.asked, path_list_);
  if (!place || !program)
    throw base::Error(fmt::format("{} is not installed", tool.program), base::Exit::missing_tool)
        .with_hint("install the package " + tool.package);
  return {*program, place->string() + " " + base::join(tool.version, " "),
          stamp_of(*place) + (program == place ? "" : " " + stamp_of(*program))};
}

std::string ToolRegistry::ask(const model::Tool& tool, const fs::path& program) const {
  base::Command command;
  command.argv = {program.string()};
  command.argv.insert(command.argv.end(), tool.version.begin(), tool.version.end());
  command.env = {{"PATH", path_list_}, {"LC_ALL", "C.UTF-8"}, {"HOME", "/nonexistent"}};
  command.cwd = "/";  // some programs read what lies around them even then
  command.deadline = std::chrono::seconds(60);
  const auto outcome = context_.runner.run(command, context_.cancel);
  if (outcome.status != 0)
    throw base::Error(
        fmt::format("{} ended with {}: {}", base::shell_quote(command.argv), outcome.status, outcome.tail))
        .with_hint("is the package " + tool.package + " installed whole?");
  return std::string(base::trim(outcome.tail));
}

std::string ToolRegistry::version(const model::Tool& tool) {
  const auto question = this->question(tool);
  if (tool.version.empty()) return "";
  auto& known = known_[question.key];
  if (known.stamp == question.stamp) return known.version;
  known = {question.stamp, ask(tool, question.program)};
  changed_ = true;
  return known.version;
}

void ToolRegistry::learn(const std::vector<const model::Recipe*>& recipes, unsigned workers) {
  struct Open {
    const model::Tool* tool;
    Question question;
    std::string answer;
    std::exception_ptr failure;
  };
  std::vector<Open> open;
  for (const auto* recipe : recipes) {
    for (const auto& tool : recipe->tools) {
      if (tool.version.empty()) continue;
      auto question = this->question(tool);
      const auto known = known_.find(question.key);
      const bool listed = std::ranges::any_of(open, [&](const Open& o) { return o.question.key == question.key; });
      if (!listed && (known == known_.end() || known->second.stamp != question.stamp))
        open.push_back({&tool, std::move(question), {}, {}});
    }
  }
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (auto i = next++; i < open.size(); i = next++) {
      try {
        open[i].answer = ask(*open[i].tool, open[i].question.program);
      } catch (...) {  // it belongs to the caller's thread
        open[i].failure = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::min<std::size_t>(std::max(1U, workers), open.size()); ++i) threads.emplace_back(work);
  }
  for (const auto& o : open) {
    if (o.failure) std::rethrow_exception(o.failure);
    known_[o.question.key] = {o.question.stamp, o.answer};
    changed_ = true;
  }
}

std::vector<fs::path> ToolRegistry::roots() const {
  std::vector<fs::path> roots;
  for (const auto& folder : folders_) {
    const auto root = fs::absolute(folder).parent_path();
    if (!(root.string() + "/").starts_with("/usr/")) roots.push_back(root);
  }
  return roots;
}

void ToolRegistry::save() const {
  if (!changed_) return;
  nlohmann::json document = nlohmann::json::object();
  for (const auto& [program, known] : known_) document[program] = {{"stamp", known.stamp}, {"version", known.version}};
  base::write_file(cache_, document.dump(1) + "\n");
}

std::vector<model::Tool> missing(const std::vector<const model::Recipe*>& recipes, const ToolRegistry& tools) {
  std::vector<model::Tool> all;
  for (const auto* recipe : recipes) {
    for (const auto& tool : recipe->tools) {
      const bool listed =
          std::ranges::any_of(all, [&](const model::Tool& other) { return other.program == tool.program; });
      if (!listed && !tools.find(tool)) all.push_back(tool);
    }
  }
  return all;
}

}  // namespace build
