// SPDX-License-Identifier: GPL-3.0-or-later
#include "publish/publish.hpp"

#include <fmt/format.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"

namespace cli {
namespace {

std::string word(publish::PublishVerdict verdict) {
  return verdict == publish::PublishVerdict::published ? "published" : "unchanged";
}

nlohmann::ordered_json versions(const std::vector<repos::Published>& entries) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& entry : entries)
    out.push_back({{"distribution", entry.distribution},
                   {"release", entry.release},
                   {"package", entry.package},
                   {"architecture", entry.arch},
                   {"version", entry.version}});
  return out;
}

/// Counts the seconds of all children, for ci/bench/publish: what this program adds to them is its own.
class Stopwatch final : public base::Runner {
 public:
  explicit Stopwatch(base::Runner& runner) : runner_(runner) {}
  base::Outcome run(const base::Command& command, const base::Cancel& cancel) override {
    auto outcome = runner_.run(command, cancel);
    const std::lock_guard lock(mutex_);
    seconds_ += outcome.seconds;
    return outcome;
  }
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  base::Runner& runner_;
  std::mutex mutex_;
  double seconds_ = 0;
};

std::string as_json(const publish::PublishResult& result, bool dry_run, double seconds) {
  auto packages = nlohmann::ordered_json::array();
  for (const auto& row : result.rows) {
    auto files = nlohmann::ordered_json::array();
    for (const auto& file : row.entry.files)
      files.push_back({{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
    packages.push_back({{"distribution", row.job->profile.id},
                        {"release", row.job->profile.release},
                        {"package", row.entry.package},
                        {"architecture", row.entry.arch},
                        {"version", row.entry.version},
                        {"verdict", word(row.verdict)},
                        {"files", files}});
  }
  return nlohmann::ordered_json{{"dry_run", dry_run},
                                {"changes", result.changes},
                                {"key", result.keys.present.primary.fingerprint},
                                {"next_key", result.keys.next},
                                {"old_keys", result.keys.old},
                                {"revoked_keys", result.keys.revoked},
                                {"packages", packages},
                                {"signed_anew", result.signed_anew},
                                {"pruned", versions(result.pruned)},
                                {"dropped", versions(result.dropped)},
                                {"tools_seconds", seconds}}
      .dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string as_table(const std::vector<publish::PublishRow>& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    std::uint64_t size = 0;
    for (const auto& file : row.entry.files) size += file.size;
    cells.push_back({row.job->profile.id, row.job->profile.release, row.entry.package, row.entry.arch,
                     row.entry.version, std::to_string(row.entry.files.size()), base::human_size(size),
                     word(row.verdict)});
  }
  return base::table({"distribution", "release", "package", "architecture", "version", "files", "size", "verdict"},
                     cells, {5, 6});
}

/// What the table does not show, a line each.
void tell(const publish::PublishResult& result, bool dry_run, base::Console& console) {
  const auto line = [&](std::string_view text, const std::string& what) {
    console.line(fmt::format("{}{}: {}", dry_run ? "would be " : "", text, what));
  };
  const auto name = [](const repos::Published& entry) {
    return base::printable(
        fmt::format("{} {} {} {} {}", entry.distribution, entry.release, entry.package, entry.version, entry.arch),
        400);
  };
  for (const auto& one : result.signed_anew) line("signed anew", one);
  for (const auto& one : result.pruned) line("removed, as there are newer ones", name(one));
  for (const auto& one : result.dropped)
    console.warn(fmt::format("{}dropped: {}, which was signed with a key that is revoked and cannot be proven again",
                             dry_run ? "would be " : "", name(one)));
  if (result.keys.begins_anew) console.warn("the site begins anew: its users need the new key (docs/publishing.md)");
  if (!result.keys.next.empty()) line("announced, to follow the key that signs", result.keys.next);
  if (dry_run) console.line(result.changes ? "nothing was written" : "nothing would change");
}

}  // namespace

int publish(const Common& common, const PublishArguments& arguments, const base::Context& context) {
  Stopwatch stopwatch(context.runner);
  const base::Context timed{stopwatch, context.cancel, context.console, context.environment, context.clock};
  const auto workspace = open(common, context);
  const auto releases = chosen(common, workspace.profiles, false);
  if (!arguments.allow_placeholders) {
    refuse_placeholder_packager(workspace);
    refuse_placeholder_address(workspace);
    if (model::is_placeholder(arguments.url))
      throw base::Error(fmt::format("--url {} is an example's address, where users find nothing", arguments.url),
                        base::Exit::usage)
          .with_hint("name the address of your own server, or --allow-placeholders for a trial");
  }
  auto jobs = build::plan(workspace, releases, timed);
  refuse_nothing(jobs, common);
  for (const auto& sentence : workspace.left_out) context.console.line(sentence);
  publish::PublishOptions options;
  options.project = &workspace.project();
  options.is_partial = !common.packages.empty() || !workspace.left_out.empty();
  options.out = arguments.out.empty() ? workspace.root / "dist" : std::filesystem::path(arguments.out);
  options.to = std::filesystem::absolute(arguments.to);
  options.keys = {arguments.fingerprint, arguments.next};
  if (arguments.valid_for >= 0) options.valid_for = static_cast<unsigned>(arguments.valid_for);
  options.dry_run = arguments.dry_run;
  for (const auto* release : profile::all(workspace.profiles)) options.profiles.push_back(&release->profile);
  options.url = arguments.url;
  options.keep = arguments.keep;
  for (const auto& folder : arguments.tools) options.tool_folders.push_back(std::filesystem::absolute(folder));
  options.tool_folders.push_back(workspace.root / "build/portage/bin");
  const signing::Gnupg gnupg(timed);
  const auto result = publish::publish(jobs, options, gnupg, now(), timed);
  fmt::print("{}", common.json ? as_json(result, options.dry_run, stopwatch.seconds()) + "\n" : as_table(result.rows));
  tell(result, options.dry_run, context.console);
  return 0;
}

}  // namespace cli
