// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/explain.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/console.hpp"
#include "base/error.hpp"
#include "base/output.hpp"
#include "base/text.hpp"
#include "setup/finding_list.hpp"

namespace admin {
namespace {

nlohmann::ordered_json explained(const inspect::Check& check) {
  return {{"id", check.id}, {"statement", check.statement}, {"why", check.why}};
}

void print(const nlohmann::ordered_json& document) { base::print(document.dump(2, ' ', true) + "\n"); }

}  // namespace

int explain(std::span<const inspect::Check> list, const std::string& id, bool json) {
  if (!id.empty()) {
    const auto* check = inspect::check_of(id);
    if (check == nullptr) check = setup::host_check_of(id);
    if (check == nullptr)
      throw base::Error("there is no check \"" + base::printable(id) + "\"", base::Exit::usage)
          .with_hint(
              "dracut-sshd inspect explain lists those of an image, dracut-sshd doctor explain those of a machine");
    if (json)
      print(explained(*check));
    else
      base::print(fmt::format("{}: {}\n\n{}\n", check->id, check->statement, check->why));
    return 0;
  }
  auto document = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& check : list) {
    document.push_back(explained(check));
    rows.push_back({std::string(check.id), std::string(check.statement)});
  }
  if (json)
    print(document);
  else
    base::print(base::table({"check", "what is checked"}, rows));
  return 0;
}

}  // namespace admin
