// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/questions.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"

namespace remote {
namespace {

constexpr std::size_t kMost = 64;
constexpr std::size_t kLongest = 1000;

/// What unlock prints has no other characters; it becomes a part of a command, and is shown.
std::string field(const nlohmann::json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end() || !found->is_string()) return {};
  auto text = found->get<std::string>();
  const bool plain = std::ranges::all_of(text, [](char byte) { return byte >= ' ' && byte <= '~'; });
  return plain && text.size() <= kLongest ? text : "";
}

[[noreturn]] void refuse(const char* why) {
  throw base::Error(std::string("the initramfs's list of prompts: ") + why +
                    "; expected what unlock --list --json prints");
}

}  // namespace

std::vector<Question> questions_of(const std::string& printed) {
  const auto document = nlohmann::json::parse(printed, nullptr, false);
  if (document.is_discarded() || !document.is_object()) refuse("no JSON object");
  const auto prompts = document.find("prompts");
  if (prompts == document.end() || !prompts->is_array()) refuse("no array \"prompts\"");
  if (prompts->size() > kMost) refuse("more than 64 prompts");
  std::vector<Question> out;
  for (const auto& row : *prompts) {
    if (!row.is_object()) refuse("a prompt that is no object");
    out.push_back({field(row, "unit"), field(row, "id"), field(row, "message")});
  }
  return out;
}

std::vector<Question> to_answer(const std::vector<Question>& all, const std::vector<std::string>& answer) {
  std::vector<Question> out;
  std::ranges::copy_if(all, std::back_inserter(out), [&](const Question& question) {
    return question.is_of_disk() || std::ranges::any_of(answer, [&](const std::string& part) {
             return !part.empty() && question.message.find(part) != std::string::npos;
           });
  });
  return out;
}

std::string answer_command(const Question& question) {
  // --id would answer a prompt for a PIN as well.
  if (!question.is_of_disk()) return "unlock --message " + base::shell_quote(question.message);
  return question.unit.empty() ? "unlock --id " + base::shell_quote(question.id)
                               : "unlock --unit " + base::shell_quote(question.unit);
}

}  // namespace remote
