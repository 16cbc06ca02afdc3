// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/profile.hpp"
#include "model/project.hpp"
#include "model/recipe.hpp"
#include "services/classify_failure.hpp"

/// A build service is a class here and a line in the registry: what it takes, which client hands it over, and how that
/// client's answers are read. Nothing here runs anything: submit/ does. It knows nothing of distributions; which
/// release a service builds for is in the profile (/services). No credential passes through here: each client has its
/// own.
namespace services {

/// What the user wants, as typed.
struct SubmitTarget {
  std::string place;    // where to, as the service names it: OWNER/NAME, an address, a folder; "": as the profile says
  std::string config;   // the client's own configuration file; "": where it looks by itself
  std::string archive;  // where what was taken is published; "": as the profile says; "none": do not look
  unsigned revision = 1;  // of an upload of the same package, where a service wants one
};

/// A package of a release, and what a build of it makes.
struct BuiltRelease {
  const model::Profile* profile = nullptr;
  const model::Project* project = nullptr;
  const model::Packager* packager = nullptr;
  std::vector<model::Output> outputs;
};

/// One call of a client. Its folder, and all that it names, lies in the submission's folder.
struct Call {
  std::vector<std::string> argv;
  std::string cwd = ".";
  bool may_fail = false;  // its failure is an answer too
  bool isolated = false;  // needs no network and no account: runs in the builds' sandbox, as no root
};

/// What a service gets in one piece: all of it, or nothing.
struct Submission {
  std::string what;                   // for people: "dracut-sshd-1.0.0-1.fc44.src.rpm"
  std::string to;                     // "example/ssh"
  std::string name, version;          // of the package, as the service lists them
  std::vector<std::string> releases;  // whom it serves, as profile::key()
  std::vector<std::string> places;    // what the service builds it in: chroots, series, repositories
  /// What it is made of: a release's key, the output's name, and its place in the submission's folder.
  struct Item {
    std::string key, output, place;
    bool shared = false;      // several submissions have it, and the service wants it once
    std::string sha256 = {};  // once it is built
  };
  std::vector<Item> items;
  std::vector<std::pair<std::string, std::string>> texts;  // and small files of our own: place, content
  bool sign = false;                                       // the release's own package manager signs it first
  std::string receipt;      // the client writes a file that begins so and ends in ".upload" when it is done; "": none
  bool builds = false;      // the service builds it, and tells of that: ask until it is done
  std::vector<Call> check;  // whether it is fit to be handed over
  std::vector<Call> ask;    // whether it is there already
  std::vector<Call> send;
};

enum class RemoteState { absent, there, under_way, failed };

/// What a service says of a submission.
struct Answer {
  RemoteState standing = RemoteState::absent;
  std::string say;                                               // one sentence, or ""
  std::vector<std::pair<std::string, std::string>> states = {};  // of each place
  bool shared_there = false;                                     // a file that several submissions share is there
};

class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The programs that the calls need, and which package brings them.
  [[nodiscard]] virtual std::vector<model::Tool> tools() const = 0;
  [[nodiscard]] virtual bool takes(const model::Profile& profile) const = 0;
  /// What the release's package must be like to be taken: another version, say.
  [[nodiscard]] virtual model::Profile adapted(const model::Profile& profile, const SubmitTarget& order) const;
  /// Whether it takes recipes alone, by a git push: whoever builds them fetches the tarball from its address.
  [[nodiscard]] virtual bool takes_recipes() const { return false; }
  /// base::Error (usage) when the order names no place, or none of this service's: each has a form of its own.
  virtual void check(const SubmitTarget& order) const = 0;
  [[nodiscard]] virtual std::vector<Submission> submissions(const SubmitTarget& order,
                                                            const std::vector<BuiltRelease>& releases) const = 0;

  /// Why the submission that lies in `folder` may not be handed over, from the replies to `check`; "" when it may.
  [[nodiscard]] virtual std::string refusal(const Submission& submission, const std::vector<Reply>& replies,
                                            const std::filesystem::path& folder) const;
  /// From the replies to `ask`. base::Error when the service refuses what was asked.
  [[nodiscard]] virtual Answer answer(const Submission& submission, const std::vector<Reply>& replies) const = 0;
  /// Whether `adapted` makes other packages than everybody else's: they are kept apart.
  [[nodiscard]] virtual bool wants_its_own() const { return false; }
  /// Changes what lies in `folder`, by the outputs' names, before it is signed: the service has the shared files
  /// already.
  virtual void leave_out_shared(const Submission& submission, const std::filesystem::path& folder) const;
  /// What the user can do when the service does not know them, or refuses a submission: one sentence.
  [[nodiscard]] virtual std::string remedy(const Submission& submission, Failure fault) const = 0;
};

/// The registry. nullptr when there is no such service.
[[nodiscard]] const Service* find(std::string_view name);
[[nodiscard]] std::vector<std::string> names();

/// A submission for people: what is handed over, and each call as a command that a shell would take. Pure.
[[nodiscard]] std::string to_text(const Submission& submission);

// What several services need.

/// The first output with this ending. base::Error when there is none.
[[nodiscard]] const model::Output& output_with(const BuiltRelease& offer, std::string_view ending);
/// A word that begins with a letter or digit, and goes on with these and characters of `others`.
[[nodiscard]] bool is_word(std::string_view text, std::string_view others);
/// The releases of each package, in the order in which the packages first come.
[[nodiscard]] std::vector<std::vector<BuiltRelease>> by_package(const std::vector<BuiltRelease>& releases);
/// base::Error (usage): the place that was named takes one package (`what` says so), and there are several.
[[noreturn]] void refuse_several(const SubmitTarget& order, const std::string& what);
/// base::Error (usage): the place that was named is none of this service's.
[[noreturn]] void refuse_place(const SubmitTarget& order, const std::string& what, const std::string& hint);
/// base::Error (usage) when `text` is empty, begins with '-', or has a character that is none of `allowed` or a letter
/// or digit.
void check_word(std::string_view text, std::string_view allowed, const std::string& what, const std::string& hint);

}  // namespace services
