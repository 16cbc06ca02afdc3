// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "admin/explain.hpp"
#include "admin/findings_text.hpp"
#include "admin/next_boot.hpp"
#include "admin/verbs.hpp"
#include "base/output.hpp"
#include "detect/machine_state.hpp"
#include "setup/finding_list.hpp"
#include "setup/findings.hpp"

namespace admin {

int doctor(const DoctorArguments& arguments, const base::Context& context) {
  if (arguments.explains) return explain(setup::host_checks(), arguments.explain, arguments.json);
  detect::SystemCommands commands(context);
  const auto machine = detect::read_machine({"/", commands, context.environment});
  auto findings = setup::findings_of(machine);
  const auto boot = judge_next_boot("/", context);
  if (!boot.why.empty())
    findings.push_back({"image", inspect::Severity::unknown, boot.why, "dracut-sshd-rebuild --all"});
  findings.insert(findings.end(), boot.findings.begin(), boot.findings.end());
  const auto answer = inspect::answer_of(findings);
  if (arguments.json) {
    nlohmann::ordered_json document{{"schema", 1},
                                    {"answer", answer_code(answer)},
                                    {"exit", static_cast<int>(answer)},
                                    {"image", boot.image},
                                    {"findings", inspect::findings_json(findings)}};
    base::print(document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
  } else {
    base::print(findings_text(findings, arguments.quiet));
    base::print(verdict_sentence(answer) + "\n");
  }
  return static_cast<int>(answer);
}

}  // namespace admin
