// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/patched_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "source/edit.hpp"

namespace source {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFile = 1024 * 1024;
constexpr const char* kUnit = "46sshd/sshd.service";
constexpr const char* kInitrd = "46sshd/initrd.conf";

base::Outcome run(const base::Context& context, std::vector<std::string> argv, const fs::path& cwd,
                  const fs::path& out) {
  base::Command command;
  command.argv = std::move(argv);
  command.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}};
  command.cwd = cwd;
  command.stdout_to = out;
  return context.runner.run(command, context.cancel);
}

void lay(const base::SourceTree& tree, const std::vector<std::string>& names, const fs::path& folder) {
  for (const auto& name : names) {
    base::make_dirs((folder / name).parent_path());
    base::write_scratch(folder / name, tree.at(name).content);
  }
}

}  // namespace

base::SourceTree changed_files(const base::SourceTree& pristine, const model::Profile& profile) {
  const auto before = pristine.find(kUnit);
  const auto names = pristine.find(kInitrd);
  if (before == pristine.end() && names == pristine.end()) return {};  // a package without a service
  if (before == pristine.end() || names == pristine.end())
    throw base::Error(fmt::format("the source holds no {} or no {}", kUnit, kInitrd));
  Unit unit(before->second.content);
  const auto& sshd = profile.sshd;
  const bool simple = sshd.service_type == model::ServiceType::simple;
  const std::string type = simple ? "simple" : "notify";
  if (unit.values("Service", "Type") != std::vector{type}) unit.set("Service", "Type", type);

  const auto commands = unit.values("Service", "ExecStart");
  if (commands.size() != 1) throw base::Error(fmt::format("{}: expected one ExecStart=", kUnit));
  const auto space = commands[0].find(' ');
  const auto arguments = space == std::string::npos ? "" : commands[0].substr(space);
  // Without notification sshd's own words on stderr (-e) are what the journal gets of its start.
  const auto start = sshd.path + (simple ? " -e" : "") + arguments;
  if (start != commands[0]) unit.set("Service", "ExecStart", start);

  const auto files = unit.values("Service", "EnvironmentFile");
  for (const auto& file : sshd.environment_files) {
    if (std::ranges::find(files, "-" + file) == files.end()) unit.append("Service", "EnvironmentFile", "-" + file);
  }
  if (constexpr std::string_view run = "/run/"; sshd.privsep_dir.starts_with(run)) {
    const auto wanted = sshd.privsep_dir.substr(run.size());
    if (unit.values("Service", "RuntimeDirectory") != std::vector{wanted})
      unit.set("Service", "RuntimeDirectory", wanted);
  }
  // Rewritten only where something differs, so that an untouched file stays byte for byte what it was.
  base::SourceTree changed;
  if (const auto text = unit.text(); text != before->second.content) changed[kUnit] = {before->second.mode, text};
  auto initrd = assign(names->second.content, "IMAGE", profile.initrd.image);
  initrd = assign(initrd, "GENERATOR", profile.initrd.generator);
  if (initrd != names->second.content) changed[kInitrd] = {names->second.mode, initrd};
  return changed;
}

base::SourceTree patched(const base::SourceTree& pristine, const model::Profile& profile) {
  auto tree = pristine;
  for (auto& [name, file] : changed_files(pristine, profile)) tree[name] = file;
  return tree;
}

std::string diff(const base::SourceTree& pristine, const base::SourceTree& patched, const base::Context& context) {
  std::vector<std::string> changed;
  for (const auto& [name, file] : patched) {
    if (pristine.at(name).content != file.content) changed.push_back(name);
  }
  if (changed.empty()) return "";
  const base::TempDir work(base::temp_parent(), "dracut-sshd-diff");
  lay(pristine, changed, work.path() / "a");
  lay(patched, changed, work.path() / "b");
  std::string text;
  for (const auto& name : changed) {
    const auto out = work.path() / "out";
    const auto outcome =
        run(context, {"diff", "-u", "--label", "a/" + name, "--label", "b/" + name, "a/" + name, "b/" + name},
            work.path(), out);
    if (outcome.status != 1)
      throw base::Error(fmt::format("diff of {} ended with {}: {}", name, outcome.status, outcome.tail));
    text += base::read_file(out, kMaxFile);
  }
  base::write_scratch(work.path() / "patch", text);
  const auto proof = run(context, {"patch", "-p1", "--fuzz=0", "--batch", "--no-backup-if-mismatch", "-i", "../patch"},
                         work.path() / "a", work.path() / "log");
  if (proof.status != 0) throw base::Error("patch does not apply what diff made: " + proof.tail);
  for (const auto& name : changed) {
    if (base::read_file(work.path() / "a" / name, kMaxFile) != patched.at(name).content)
      throw base::Error(fmt::format("patch of {} does not give what was meant", name));
  }
  return text;
}

}  // namespace source
