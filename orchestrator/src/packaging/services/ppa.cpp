// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/ppa.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "services/changes.hpp"

namespace services {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLargest = 64U << 20U;

/// OWNER/NAME of "ppa:OWNER/NAME"; "" for a host of the user's own dput.cf.
std::string path_of(const SubmitTarget& order) {
  return order.place.starts_with("ppa:") ? order.place.substr(4) : std::string();
}

std::string archive_of(const SubmitTarget& order, const model::Profile& profile) {
  if (order.archive == "none") return "";
  auto address = order.archive;
  if (address.empty() && !path_of(order).empty())
    address = base::replace_all(profile.services.ppa_archive, "{project}", path_of(order));
  while (!address.empty() && address.back() == '/') address.pop_back();
  return address;
}

/// dput.cf(5) of a PPA. Ubuntu's dput and dput-ng know ppa:OWNER/NAME by themselves, Debian's does not.
std::string stanza(const SubmitTarget& order, const model::Profile& profile) {
  const auto& queue = profile.services.ppa_queue;
  const auto scheme = queue.find("://");
  const auto slash = scheme == std::string::npos ? scheme : queue.find('/', scheme + 3);
  if (slash == std::string::npos)
    throw base::Error(fmt::format("/services/ppa_queue of {} is not a METHOD://HOST/FOLDER", profile.key()),
                      base::Exit::usage);
  return fmt::format("[ppa]\nmethod = {}\nfqdn = {}\nincoming = {}\nlogin = anonymous\nallow_unsigned_uploads = 0\n",
                     queue.substr(0, scheme), queue.substr(scheme + 3, slash - scheme - 3),
                     base::replace_all(queue.substr(slash + 1), "{project}", path_of(order)));
}

const Submission::Item& item_with(const Submission& submission, std::string_view ending) {
  const auto found =
      std::ranges::find_if(submission.items, [&](const auto& item) { return item.place.ends_with(ending); });
  if (found == submission.items.end()) throw base::Error(fmt::format("{} has no {}", submission.what, ending));
  return *found;
}

}  // namespace

std::vector<model::Tool> Ppa::tools() const {
  return {{"dput", "dput", {}}, {"debsign", "devscripts", {}}, {"gpg", "gnupg", {}}, {"curl", "curl", {}}};
}

bool Ppa::takes(const model::Profile& profile) const { return !profile.services.ppa.empty(); }

model::Profile Ppa::adapted(const model::Profile& profile, const SubmitTarget& order) const {
  auto out = profile;
  // Below the same version in the distribution itself, and above an earlier upload (Launchpad's "Packaging/PPA").
  out.package.deb.suffix += fmt::format("~ppa{}", order.revision);
  out.package.deb.series = profile.services.ppa;
  return out;
}

void Ppa::check(const SubmitTarget& order) const {
  // A name of Launchpad's, or of a stanza in dput.cf(5).
  const auto path = path_of(order);
  const auto slash = path.find('/');
  const bool ppa =
      slash != std::string::npos && is_word(path.substr(0, slash), ".-+") && is_word(path.substr(slash + 1), ".-+");
  if (!ppa && (order.place.starts_with("ppa:") || !is_word(order.place, "._-")))
    refuse_place(order, "a PPA", "--to ppa=ppa:OWNER/NAME, or --to ppa=HOST of your own dput.cf");
  if (!order.archive.empty())
    check_word(order.archive, ":/._-+~[]", "an archive's address", "--archive https://..., or --archive none");
}

std::vector<Submission> Ppa::submissions(const SubmitTarget& order, const std::vector<BuiltRelease>& releases) const {
  std::vector<Submission> out;
  for (const auto& offer : releases) {
    Submission submission;
    for (const auto& output : offer.outputs) {
      if (!output.name.ends_with(".deb"))
        submission.items.push_back({offer.profile->key(), output.name, output.name, output.shared});
    }
    const auto& changes = output_with(offer, "_source.changes").name;
    submission.what = changes;
    submission.to = order.place;
    submission.name = offer.project->name;
    // NAME_VERSION_source.changes
    submission.version =
        changes.substr(submission.name.size() + 1, changes.rfind("_source") - submission.name.size() - 1);
    submission.releases = {offer.profile->key()};
    submission.places = {offer.profile->services.ppa};
    submission.sign = true;
    submission.receipt = changes.substr(0, changes.rfind('.')) + ".";
    if (const auto archive = archive_of(order, *offer.profile); !archive.empty())
      submission.ask = {
          {{"curl", "--fail", "--silent", "--show-error", "--location", "--max-time", "60", "--output", "Sources.gz",
            fmt::format("{}/dists/{}/main/source/Sources.gz", archive, submission.places[0])},
           ".",
           true},
          {{"gzip", "--decompress", "--stdout", "Sources.gz"}, ".", true}};
    const bool own = order.config.empty() && !path_of(order).empty();
    if (own) submission.texts = {{"dput.cf", stanza(order, *offer.profile)}};
    std::vector<std::string> dput{"dput"};
    if (own || !order.config.empty()) dput.insert(dput.end(), {"--config", own ? "dput.cf" : order.config});
    dput.insert(dput.end(), {own ? "ppa" : order.place, changes});
    submission.send = {{dput}};
    out.push_back(std::move(submission));
  }
  return out;
}

Answer Ppa::answer(const Submission& submission, const std::vector<Reply>& replies) const {
  Answer out;
  if (replies.empty()) return out;
  if (replies.front().status != 0) {
    const auto why = classify_failure(replies.front());
    // A new PPA has no lists yet; an archive of files (file://) says it in another way.
    const bool nothing_there = why.why.find("404") != std::string::npos || replies.front().status == 37;
    if (!nothing_there) out.say = "its archive could not be asked: " + why.why;
    return out;
  }
  for (const auto& source : listed_sources(replies.back().out, submission.name)) {
    for (const auto& item : submission.items) {
      const auto listed = source.sha256.find(item.output);
      if (listed == source.sha256.end() || !item.shared) continue;
      out.shared_there = true;
      if (!item.sha256.empty() && item.sha256 != listed->second)
        throw base::Error(fmt::format("{} has another {}", submission.to, item.output))
            .with_hint("a PPA takes one upstream tarball of a version only; build from that one: --source FILE");
    }
    if (source.version != submission.version) continue;
    const auto& debian = item_with(submission, ".debian.tar.xz");
    const auto listed = source.sha256.find(debian.output);
    if (listed != source.sha256.end() && !debian.sha256.empty() && listed->second != debian.sha256)
      throw base::Error(
          fmt::format("{} has {} {} already, with other contents", submission.to, submission.name, source.version))
          .with_hint("a PPA takes a version once: --revision N with a higher N");
    out.standing = RemoteState::there;
  }
  return out;
}

void Ppa::leave_out_shared(const Submission& submission, const fs::path& folder) const {
  const auto file = folder / item_with(submission, "_source.changes").output;
  base::write_file(file, without_orig(base::read_file(file, kLargest)));
}

std::string Ppa::remedy(const Submission&, Failure fault) const {
  if (fault == Failure::auth) return "Launchpad takes anonymous ftp, or sftp with the ssh key of your account there";
  return "Launchpad knows you by the signature: its key must be one of your account there "
         "(launchpad.net/~/+editpgpkeys)";
}

}  // namespace services
