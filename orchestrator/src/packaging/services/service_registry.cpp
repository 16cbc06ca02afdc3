// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "services/aur.hpp"
#include "services/copr.hpp"
#include "services/guru.hpp"
#include "services/obs.hpp"
#include "services/ppa.hpp"
#include "services/service.hpp"

namespace services {
namespace {

const std::array<const Service*, 5>& all() {
  static const Copr copr;
  static const Obs obs;
  static const Ppa ppa;
  static const Aur aur;
  static const Guru guru;
  static const std::array<const Service*, 5> services{&copr, &obs, &ppa, &aur, &guru};
  return services;
}

std::string shown(const Call& call) {
  return (call.cwd == "." ? "" : "cd " + base::shell_quote(call.cwd) + " && ") + base::shell_quote(call.argv);
}

}  // namespace

const Service* find(std::string_view name) {
  const auto found = std::ranges::find_if(all(), [&](const auto* service) { return service->name() == name; });
  return found == all().end() ? nullptr : *found;
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto* service : all()) out.emplace_back(service->name());
  return out;
}

model::Profile Service::adapted(const model::Profile& profile, const SubmitTarget&) const { return profile; }

std::string Service::refusal(const Submission&, const std::vector<Reply>&, const std::filesystem::path&) const {
  return "";
}

void Service::leave_out_shared(const Submission&, const std::filesystem::path&) const {}

std::string to_text(const Submission& submission) {
  std::string text = fmt::format("{} -> {}\n", submission.what, submission.to);
  if (!submission.places.empty()) text += fmt::format("  builds for: {}\n", base::join(submission.places, " "));
  for (const auto& item : submission.items)
    text +=
        fmt::format("  takes: {}/{}{}\n", item.key, item.output, item.output == item.place ? "" : " as " + item.place);
  for (const auto& [place, content] : submission.texts) {
    text += fmt::format("  writes: {}\n", place);
    for (const auto& line : base::lines(content)) text += fmt::format("    {}\n", line);
  }
  if (submission.sign) text += "  signs it\n";
  const auto add = [&text](const char* title, const std::vector<Call>& calls) {
    for (const auto& call : calls) text += fmt::format("  {}: {}\n", title, shown(call));
  };
  add("checks", submission.check);
  add("asks", submission.ask);
  add("hands over", submission.send);
  return text;
}

const model::Output& output_with(const BuiltRelease& offer, std::string_view ending) {
  const auto found = std::ranges::find_if(offer.outputs, [&](const auto& out) { return out.name.ends_with(ending); });
  if (found == offer.outputs.end())
    throw base::Error(fmt::format("a build of {} makes no {}", offer.profile->key(), ending));
  return *found;
}

bool is_word(std::string_view text, std::string_view others) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 200 && plain(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return plain(c) || others.find(c) != std::string_view::npos; });
}

std::vector<std::vector<BuiltRelease>> by_package(const std::vector<BuiltRelease>& releases) {
  std::vector<std::vector<BuiltRelease>> out;
  for (const auto& one : releases) {
    const auto group = std::ranges::find_if(
        out, [&one](const auto& other) { return other.front().project->name == one.project->name; });
    if (group == out.end())
      out.push_back({one});
    else
      group->push_back(one);
  }
  return out;
}

void refuse_several(const SubmitTarget& order, const std::string& what) {
  throw base::Error(fmt::format("{} is {}", base::printable(order.place), what), base::Exit::usage)
      .with_hint("--package chooses one; without a place of its own each package goes to the one that bears its name");
}

void refuse_place(const SubmitTarget& order, const std::string& what, const std::string& hint) {
  throw base::Error(order.place.empty() ? fmt::format("{} was not named", what)
                                        : fmt::format("\"{}\" is not {}", base::printable(order.place), what),
                    base::Exit::usage)
      .with_hint(hint);
}

void check_word(std::string_view text, std::string_view allowed, const std::string& what, const std::string& hint) {
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           allowed.find(c) != std::string_view::npos;
  };
  if (!text.empty() && text.size() <= 300 && text.front() != '-' && std::ranges::all_of(text, fits)) return;
  throw base::Error(text.empty() ? fmt::format("{} was not named", what)
                                 : fmt::format("\"{}\" is not {}", base::printable(text), what),
                    base::Exit::usage)
      .with_hint(hint);
}

}  // namespace services
