// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/read_next_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace source {
namespace {

/// One line that a page shows, and a reader types.
bool is_line(const std::string& text) {
  return !text.empty() && text.size() <= 200 && !base::utf8_fault(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::vector<model::NextStep> next_steps(const nlohmann::json& array, const std::string& file,
                                        model::Findings& findings) {
  std::vector<model::NextStep> out;
  const auto refuse = [&](const std::string& where, std::string message) {
    findings.push_back({model::Severity::error, file + ": /next_steps" + where, std::move(message), ""});
  };
  if (!array.is_array()) {
    refuse("", "expected an array of objects with \"text\" and \"command\"");
    return out;
  }
  for (std::size_t i = 0; i < array.size(); ++i) {
    const auto where = fmt::format("/{}", i);
    if (!array[i].is_object()) {
      refuse(where, "expected an object with \"text\" and \"command\"");
      continue;
    }
    model::NextStep step;
    for (const auto& [key, value] : array[i].items()) {
      auto* target = key == "text"      ? &step.text
                     : key == "command" ? &step.command
                     : key == "package" ? &step.package
                                        : nullptr;
      if (target == nullptr) {
        refuse(where, fmt::format("unknown key \"{}\"", base::printable(key, 40)));
      } else if (!value.is_string() || !is_line(value.get<std::string>())) {
        refuse(where + "/" + key, "expected one line of at most 200 characters");
      } else {
        *target = value.get<std::string>();
      }
    }
    if (step.text.empty() || step.command.empty()) refuse(where, "expected \"text\" and \"command\"");
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace source
