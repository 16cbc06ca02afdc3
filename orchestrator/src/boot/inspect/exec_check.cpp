// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/exec_check.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/text.hpp"
#include "initramfs/loader.hpp"

namespace inspect {
namespace {

std::string missing_text(const initramfs::Missing& missing) {
  if (missing.found_at.empty()) return fmt::format("{} ({} wants it)", missing.soname, missing.wanted_by);
  return fmt::format("{} ({} wants it; it is at {}, where no loader looks)", missing.soname, missing.wanted_by,
                     missing.found_at);
}

/// A script is what its first line names; another file that is no program of this system cannot be run.
std::string why_no_script(const Facts& facts, const std::string& program, const initramfs::Node& node) {
  if (node.size == 0) return "it is empty";
  const auto text = facts.image.content(program);
  if (!text) return {};  // not looked into
  if (!text->starts_with("#!")) return "it is neither a program nor a script";
  const auto line = base::trim(text->substr(2, std::min(text->find('\n'), text->size()) - 2));
  const auto interpreter = line.substr(0, line.find_first_of(" \t"));
  if (!facts.has(interpreter)) return fmt::format("its interpreter is not there: {}", base::printable(interpreter));
  return {};
}

}  // namespace

std::string why_exec_fails(const Facts& facts, const std::string& program) {
  const auto* node = facts.image.find(program);
  if (node == nullptr) return "it is not there";
  if (!node->is_file() || (node->mode & 0111U) == 0) return "it is not a program";
  if (!node->elf) return why_no_script(facts, program, *node);
  const auto closure = facts.closure_of(program);
  if (!closure.fault.empty()) return closure.fault;
  if (!closure.interpreter.empty() && !closure.interpreter_found)
    return "its loader is not there: " + closure.interpreter;
  std::vector<std::string> all;
  for (const auto& missing : closure.missing) all.push_back(missing_text(missing));
  return all.empty() ? "" : "not there: " + base::join(all, "; ");
}

}  // namespace inspect
