// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "inspect/check.hpp"
#include "inspect/glob.hpp"
#include "openssh/pattern.hpp"

/// What PAM would say to root, of the files in the image (pam.conf(5)).
namespace inspect {
namespace {

constexpr int kDeepest = 8;  // of includes
const std::string kRemedy = "say UsePAM no in /etc/dracut-sshd/sshd_config, as this module's own does";

struct Rules {
  std::string missing;   // a module or file without which PAM refuses; "": all are there
  std::string refusing;  // a module that refuses everybody
  std::set<std::string> seen;
};

/// The words of a rule; "[success=ok default=bad]" is one of them.
std::vector<std::string> words_of_rule(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) break;
    auto end = line.front() == '[' ? line.find(']') : line.find_first_of(" \t");
    if (end != std::string_view::npos && line.front() == '[') ++end;
    end = std::min(end, line.size());
    out.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return out;
}

bool is_there(const Facts& facts, const std::string& module) {
  if (module.starts_with('/')) return facts.has(module.substr(1));
  for (const std::string folder : {"usr/lib/security/", "usr/lib64/security/", "lib/security/", "lib64/security/"}) {
    if (facts.has(folder + module)) return true;
  }
  return !glob(facts.image, "usr/lib/*/security/" + module).empty() ||
         !glob(facts.image, "lib/*/security/" + module).empty();
}

void read(const Facts& facts, const std::string& path, int depth, Rules& out);

void read_rule(const Facts& facts, std::string_view line, int depth, Rules& out) {
  auto words = words_of_rule(line);
  if (words.empty()) return;
  if (words.front() == "@include" || (words.size() > 2 && (words[1] == "include" || words[1] == "substack"))) {
    const auto& file = words.front() == "@include" && words.size() > 1 ? words[1] : words.back();
    return read(facts, file.starts_with('/') ? file.substr(1) : "etc/pam.d/" + file, depth + 1, out);
  }
  if (words.size() < 3) return;
  auto kind = openssh::lower(words[0]);
  // A dash before the type only keeps PAM from saying that the module is not there. Passwords are not asked for with a
  // key.
  if (kind.starts_with('-')) kind.erase(0, 1);
  if (kind == "password") return;
  const auto control = openssh::lower(words[1]);
  const auto& module = words[2];
  if (control == "optional" || control == "sufficient" || control.find("default=ignore") != std::string::npos) return;
  if (!is_there(facts, module) && out.missing.empty()) out.missing = fmt::format("{} ({})", module, kind);
  if (module.ends_with("pam_deny.so") && kind != "auth" && !control.starts_with('[')) out.refusing = module;
}

void read(const Facts& facts, const std::string& path, int depth, Rules& out) {
  if (depth > kDeepest || !out.seen.insert(path).second) return;
  const auto text = facts.image.content(path);
  if (!text) {
    if (out.missing.empty()) out.missing = "/" + path;
    return;
  }
  std::string whole;
  for (const auto& raw : base::lines(*text)) {
    whole += raw.substr(0, raw.find('#'));
    if (whole.ends_with('\\')) {
      whole.back() = ' ';
      continue;
    }
    read_rule(facts, base::trim(whole), depth, out);
    whole.clear();
  }
}

}  // namespace

void check_pam(const Facts& facts, Findings& out) {
  if (!openssh::same_word(openssh::argument_of(facts.effective.values, "usepam", "no"), "yes")) return;
  const auto add = [&](Severity severity, std::string message) {
    out.push_back({"sshd.pam", severity, base::printable(message, 400), kRemedy});
  };
  const auto name = openssh::argument_of(facts.effective.values, "pamservicename", "sshd");
  // A service without a file of its own has that of "other".
  const auto file = facts.has("etc/pam.d/" + name) ? "etc/pam.d/" + name : std::string("etc/pam.d/other");
  if (!facts.has(file))
    return add(Severity::error, fmt::format("UsePAM yes, and /etc/pam.d/{} is not there: PAM refuses everybody", name));
  Rules rules;
  read(facts, file, 0, rules);
  if (!rules.missing.empty())
    return add(Severity::error,
               fmt::format("UsePAM yes, and /{} wants {}, which is not in the image: PAM refuses everybody", file,
                           rules.missing));
  if (!rules.refusing.empty())
    return add(Severity::error,
               fmt::format("UsePAM yes, and /{} has {}, which refuses everybody", file, rules.refusing));
  out.push_back({"sshd.pam", Severity::good, "/" + file, ""});
}

}  // namespace inspect
