// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/app.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/program.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/verbs.hpp"

namespace cli {
namespace {

/// The command line and where its values go. One object, because CLI11 keeps pointers into it.
struct CommandLine {
  CLI::App app{"Builds the packages of dracut-sshd for every distribution, and proves them.", "orchestrator"};
  Common common;
  BuildArguments build;
  KeyArguments key;
  MatrixArguments matrix;
  PublishArguments publish;
  SubmitArguments submit;
  VerifyArguments verify;
  std::vector<std::string> files;
  bool merged = false;
  bool manual = false;

  CommandLine() {
    app.set_version_flag("--version", std::string("orchestrator ") + base::kVersion);
    app.require_subcommand(1);
    app.footer(
        "See orchestrator(1). Exit status: 0 done, 1 a job or a check failed, 2 usage or profile wrong, 3 a tool is "
        "missing.");
    auto* list = app.add_subcommand("list", "Lists the distributions and their releases");
    auto* show = app.add_subcommand("show", "Shows merged profiles, and where each value comes from");
    auto* check = app.add_subcommand("check", "Checks profiles and the project; every finding at once");
    auto* schema = app.add_subcommand("schema", "Prints the JSON schema of a profile");
    auto* diff = app.add_subcommand("diff", "Prints what a distribution changes in the pristine source");
    auto* make = app.add_subcommand("build", "Builds packages and proves them");
    auto* send = app.add_subcommand("publish", "Signs packages, and puts them into repositories to install from");
    for (auto* verb : {list, show, check, diff, make, send})
      verb->add_option("--project", common.project, "The project's folder (default: looked for upwards)");
    for (auto* verb : {show, diff, make, send}) {
      verb->add_option("--distro", common.distros, "ID, ID:RELEASE or 'ID:*'; may be repeated")
          ->allow_extra_args(false);
      verb->add_flag("--all", common.all, "Every release of every distribution");
    }
    for (auto* verb : {list, show, check, make, send}) verb->add_flag("--json", common.json, "For machines");
    for (auto* verb : {diff, make, send})
      verb->add_option("--source", common.sources,
                       "Take this published tarball for a package's source; may be repeated")
          ->allow_extra_args(false);
    for (auto* verb : {diff, make, send}) {
      verb->add_option("--package", common.packages, "Only this package of the project; may be repeated")
          ->allow_extra_args(false);
    }
    for (auto* verb : {make, send}) {
      verb->add_option("--packager", common.packager,
                       "\"Name <mail>\" (default: DEBFULLNAME and DEBEMAIL, then git's configuration)");
    }
    make->add_option("--format", build.format, "Only packages of this format");
    make->add_option("--out", build.out, "Where packages go (default: dist/ in the project)");
    make->add_option("--jobs,-j", build.jobs, "How many builds run side by side (default: the cores)")
        ->check(CLI::Range(1, 256));
    make->add_option("--tools", build.tools, "A further folder to look for package tools in; may be repeated")
        ->allow_extra_args(false);
    make->add_flag("--keep-work", build.keep, "Keep the jobs' folders");
    make->add_flag("--keep", build.keep)->group("");  // the old name, for one release
    make->add_flag("--dry-run", build.dry_run, "Print the recipes, build nothing");
    check->add_option("file", files, "Profiles to check (default: the whole project)");
    schema->add_flag("--merged", merged, "Of a merged profile, with what is required");
    schema->add_flag("--man", manual, "The same table as the manual page has it");
    add_matrix();
    add_key();
    add_publish(*send);
    add_submit();
  }

  void add_submit() {
    auto* hand = app.add_subcommand("submit", "Hands sources to a build service, by the service's own client");
    hand->add_option("--to", submit.to,
                     "Where to: copr=OWNER/NAME, obs=PROJECT, ppa=ppa:OWNER/NAME, guru=ADDRESS, aur or aur=ADDRESS")
        ->required();
    hand->add_option("--project", common.project, "The project's folder (default: looked for upwards)");
    hand->add_option("--distro", common.distros, "ID, ID:RELEASE or 'ID:*'; may be repeated (default: all)")
        ->allow_extra_args(false);
    hand->add_flag("--all", common.all, "Every release that the service builds for");
    hand->add_option("--package", common.packages, "Only this package of the project; may be repeated")
        ->allow_extra_args(false);
    hand->add_option("--source", common.sources, "Take this published tarball for a package's source; may be repeated")
        ->allow_extra_args(false);
    hand->add_option("--packager", common.packager,
                     "\"Name <mail>\" (default: DEBFULLNAME and DEBEMAIL, then git's configuration)");
    hand->add_option("--config", submit.config, "The client's own configuration file, with its account");
    hand->add_option("--sign", submit.fingerprint, "The whole fingerprint of the key that signs (ppa)");
    hand->add_option("--revision", submit.revision, "Which upload of one version this is (ppa)")
        ->check(CLI::Range(1, 999))
        ->default_val(1);
    hand->add_option("--archive", submit.archive, "Where the PPA is published, or none (default: Launchpad's)");
    hand->add_option("--out", submit.out, "Where packages are, or are built into (default: dist/ in the project)");
    hand->add_option("--tools", submit.tools, "A further folder of programs; may be repeated")->allow_extra_args(false);
    hand->add_option("--tries", submit.tries, "How often a transient failure is tried")
        ->check(CLI::Range(1, 20))
        ->default_val(5);
    hand->add_flag("--no-wait", submit.no_wait, "Do not wait until the service has built it");
    hand->add_flag("--dry-run", submit.dry_run, "Print what would be handed over, and how");
    hand->add_flag("--json", common.json, "For machines");
  }

  void add_publish(CLI::App& send) {
    auto* prove =
        app.add_subcommand("verify", "Looks at published repositories as package managers do, or at packages");
    prove->add_flag("--json", common.json, "For machines");
    send.add_option("--to", publish.to, "The folder that a web server shows; exchanged as a whole")->required();
    send.add_option("--sign", publish.fingerprint,
                    "The key's whole fingerprint (default: the one that signs there already)");
    send.add_option("--next", publish.next,
                    "Announce this key, which will follow the one that signs; none: withdraw it");
    send.add_option("--valid-for", publish.valid_for,
                    "Have apt and verify refuse what is published after so many days; 0: for ever (default: as before)")
        ->check(CLI::Range(0, 3650));
    send.add_flag("--dry-run", publish.dry_run, "Say what would be signed, published and removed; write nothing");
    send.add_option("--url", publish.url, "Where users reach that folder (default: as before)");
    send.add_option("--from", publish.out, "Where the packages are (default: dist in the project)");
    send.add_option("--keep", publish.keep, "Versions of each release to keep")->default_val(3);
    send.add_flag("--allow-placeholders", publish.allow_placeholders,
                  "Publish for a trial, with a packager or an address that nobody can reach");
    send.add_option("--tools", publish.tools, "A further folder of programs; may be repeated");
    prove->add_option("path", verify.paths, "The folder that was published; or package files, beside their sources")
        ->required();
    prove->add_option("--tools", verify.tools, "A further folder of programs; may be repeated")
        ->allow_extra_args(false);
    prove->add_option("--project", common.project, "The project's folder, for packages (default: looked for upwards)");
    prove->add_option("--packager", common.packager, "Who has made the packages, \"Name <mail>\"");
    prove->add_option("--key", verify.key, "A file with the public key, from a place that you trust");
    prove->add_option("--newer-than", verify.newer_than,
                      "The newest packages of a published folder must be of this day or later: YEAR-MONTH-DAY");
  }

  void add_matrix() {
    auto* cells = app.add_subcommand("matrix", "Lists the cells that a CI service tries, in its own words");
    cells->add_option("--project", common.project, "The project's folder (default: looked for upwards)");
    cells->add_option("--distro", common.distros, "ID, ID:RELEASE or 'ID:*'; may be repeated (default: all)")
        ->allow_extra_args(false);
    cells->add_flag("--all", common.all, "Every release of every distribution, which is the default");
    const CLI::IsMember outputs({"github", "gitlab", "json", "table", "tests"});
    auto* output =
        cells->add_option("--output", matrix.output, "github, gitlab, json, table, or tests: what ci/test has to run")
            ->check(outputs)
            ->default_str("table");
    // The old name, for one release.
    cells->add_option("--format", matrix.output)->check(outputs)->group("")->excludes(output);
    cells->add_flag("--json", common.json, "For machines: --output json");
    cells->add_option("--changed-since", matrix.changed_since,
                      "Only what a change since this revision of git's can reach (\"\": all)");
    cells->add_option("--reach", matrix.reach,
                      "The table of what each path can reach (default: the project's ci/reach.list)");
    auto* only = cells->add_flag("--nightly", matrix.nightly, "Only what is tried every night, in the image of that");
    cells->add_flag("--without-nightly", matrix.without_nightly, "All but that")->excludes(only);
    cells->add_option("--arch", matrix.arches, "Only this architecture; may be repeated")->allow_extra_args(false);
    cells->add_option("--runner", matrix.runners, "ARCHITECTURE=LABEL, instead of the profiles'; may be repeated")
        ->allow_extra_args(false);
  }

  void add_key() {
    auto* verb =
        app.add_subcommand("key", "Keys that packages and repositories are signed with, in the user's own GnuPG");
    verb->require_subcommand(1);
    auto* list = verb->add_subcommand("list", "Lists the secret keys, and which of them can sign");
    list->add_flag("--json", common.json, "For machines");
    auto* make = verb->add_subcommand("new", "Makes one: RSA 4096, which every package manager reads");
    make->add_option("--user", key.user, "\"Name <mail>\", whom the key is said to belong to")->required();
    make->add_option("--expires", key.expires, "When it expires: a number and d, w, m or y")->default_val("3y");
    make->add_flag("--no-passphrase", key.no_passphrase, "Do not protect it: for a machine that signs alone");
    auto* extend = verb->add_subcommand("extend", "Lets one live longer; its fingerprint stays");
    extend->add_option("fingerprint", key.fingerprint, "The key's whole fingerprint")->required();
    extend->add_option("--expires", key.expires, "When it expires, from now: a number and d, w, m or y")
        ->default_val("3y");
    extend->final_callback([this] { key.action = KeyAction::extend; });
    auto* send = verb->add_subcommand("export", "Prints the public part");
    send->add_option("fingerprint", key.fingerprint, "The key's whole fingerprint")->required();
    make->final_callback([this] { key.action = KeyAction::make; });
    send->final_callback([this] { key.action = KeyAction::export_public; });
  }

  /// "did you mean", when the first word is none of the verbs.
  [[nodiscard]] std::string near_verb(int argc, char** argv) const {
    const std::string word = argc > 1 ? argv[1] : "";
    if (word.empty() || word.starts_with('-')) return "";
    std::vector<std::string> verbs;
    for (const auto* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
    if (std::ranges::find(verbs, word) != verbs.end()) return "";
    const auto near = base::closest(word, verbs);
    return near ? fmt::format("hint: there is no verb \"{}\"; did you mean \"{}\"?", base::printable(word), *near)
                : fmt::format("hint: there is no verb \"{}\"; known: {}", base::printable(word),
                              base::join(verbs, ", "));
  }

  /// What processes that were killed have left in the folder for temporary files.
  static void sweep() {
    for (const auto* kind : {"apt", "git", "gpg", "key", "out", "pacman", "rpm", "sign", "submit", "verify"})
      base::remove_abandoned(base::temp_parent(), fmt::format("orchestrator-{}.", kind));
  }

  int run(const base::Context& context) const {
    for (const auto* verb : {"build", "key", "publish", "submit", "verify"}) {
      if (app.got_subcommand(verb)) sweep();
    }
    if (app.got_subcommand("list")) return list(common, context);
    if (app.got_subcommand("show")) return show(common, context);
    if (app.got_subcommand("check")) return check(common, files, context);
    if (app.got_subcommand("schema")) return schema(merged, manual);
    if (app.got_subcommand("diff")) return diff(common, context);
    if (app.got_subcommand("matrix")) return cli::matrix(common, matrix, context);
    if (app.got_subcommand("key")) return cli::key(key, common.json, context);
    if (app.got_subcommand("publish")) return cli::publish(common, publish, context);
    if (app.got_subcommand("submit")) return cli::submit(common, submit, context);
    if (app.got_subcommand("verify")) return cli::verify(common, verify, context);
    return cli::build(common, build, context);
  }
};

constexpr int kFailed = static_cast<int>(base::Exit::failed);

int guarded(const CommandLine& line, const base::Context& context) {
  try {
    return line.run(context);
  } catch (const Reported& reported) {
    return reported.status;
  } catch (const base::Error& error) {
    base::tell(error, context.console);
    return static_cast<int>(error.exit());
  } catch (const base::Interrupted&) {
    throw;
  } catch (const std::exception& error) {  // the file system, memory, a full disk behind standard output
    base::tell(base::Error(error.what()), context.console);
    return kFailed;
  }
}

}  // namespace

int orchestrator(int argc, char** argv) {
  umask(022);  // the user's must reach no package: a folder's mode travels in a source package
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = line.app.exit(error);
    if (const auto hint = line.near_verb(argc, argv); status != 0 && !hint.empty()) fmt::print(stderr, "{}\n", hint);
    return status == 0 ? base::written(0, kFailed) : static_cast<int>(base::Exit::usage);
  }
  return base::run_program([&](const base::Context& context, const base::Cancel&) { return guarded(line, context); },
                           kFailed);
}

}  // namespace cli
