// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/sshd_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "openssh/config_check.hpp"
#include "openssh/config_line.hpp"
#include "openssh/config_values.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr std::string_view kFolder = "/etc/ssh/";  // SSHDIR: where a relative Include begins

std::string shown(std::string_view text) { return base::printable(text, 60); }

/// Of these, versions before 9.8 took a line with nothing but a comment behind the keyword.
bool is_list_of_who(const Keyword& keyword) {
  return keyword.name == "allowusers" || keyword.name == "denyusers" || keyword.name == "allowgroups" ||
         keyword.name == "denygroups";
}

class Parser {
 public:
  Parser(Config& config, const Resolver& resolve) : config_(config), resolve_(resolve) {}

  void file(std::string_view text, const std::string& name, int depth, int entry);

 private:
  void line(const ConfigLine& line, const std::string& name, int depth, int entry);
  void include(const Tokens& tokens, const std::string& origin, int depth);
  void begin_match(const Tokens& tokens, const std::string& origin, int entry);
  void unknown(const std::string& spelled, const std::string& origin);
  void check(const Keyword& keyword, const Tokens& tokens, const std::string& origin);
  void report(const std::string& origin, std::string message, bool fatal = true);
  void stop(const std::string& origin, std::string message);
  /// Whether sshd takes what stands here as if it stood outside of every Match: blocks of "all" alone.
  [[nodiscard]] bool is_global(int block) const;

  Config& config_;
  const Resolver& resolve_;
  std::size_t lines_ = 0;
  std::size_t files_ = 0;
  std::size_t bytes_ = 0;
  int block_ = -1;
};

void Parser::report(const std::string& origin, std::string message, bool fatal) {
  if (config_.findings.size() < kFindings) config_.findings.push_back({origin, std::move(message), fatal});
}

void Parser::stop(const std::string& origin, std::string message) {
  if (config_.cut) return;
  config_.cut = true;
  config_.findings.push_back({origin, std::move(message), true});
}

bool Parser::is_global(int block) const {
  for (; block >= 0; block = config_.blocks[static_cast<std::size_t>(block)].parent)
    if (config_.blocks[static_cast<std::size_t>(block)].criteria.front().name != "all") return false;
  return true;
}

void Parser::file(std::string_view text, const std::string& name, int depth, int entry) {
  const auto start = fmt::format("{}:1", shown(name));
  if (++files_ > kConfigFiles) return stop(start, "more files are included than this reader takes");
  bytes_ += text.size();
  if (bytes_ > kConfigBytes) return stop(start, "the configuration is longer than this reader takes");
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return report(start, "this is UTF-16: an editor saved it so, and sshd cannot read it");
  if (text.starts_with("\xef\xbb\xbf")) {
    report(start, "a byte order mark (UTF-8) stands before the first keyword, which sshd then does not know");
    text.remove_prefix(3);
  }
  if (text.find('\0') != std::string_view::npos) report(start, "it holds NUL bytes: it is not text", false);
  block_ = entry;
  for (const auto& one : config_lines(text, kConfigLines + 1)) {
    if (config_.cut) return;
    if (++lines_ > kConfigLines) return stop(start, "the configuration has more lines than this reader takes");
    if (one.text.size() > kConfigLineLength)
      return stop(fmt::format("{}:{}", shown(name), one.number), "a line is longer than this reader takes");
    line(one, name, depth, entry);
  }
}

void Parser::line(const ConfigLine& line, const std::string& name, int depth, int entry) {
  const auto tokens = tokens_of(line.text);
  if (tokens.keyword.empty()) return;
  const auto origin = fmt::format("{}:{}", shown(name), line.number);
  const auto* keyword = find_keyword(tokens.keyword);
  if (tokens.rest.empty()) return report(origin, fmt::format("{} has no argument", shown(tokens.keyword)));
  if (keyword == nullptr) return unknown(tokens.keyword, origin);
  if (tokens.bad_quotes) return report(origin, fmt::format("{}: a quote has no end", shown(tokens.keyword)));
  if (keyword->name == "match") return begin_match(tokens, origin, entry);
  if (keyword->name == "include") return include(tokens, origin, depth);
  check(*keyword, tokens, origin);
}

void Parser::unknown(const std::string& spelled, const std::string& origin) {
  constexpr std::size_t kGuesses = 20;  // looking for what was meant takes its time
  const bool guess = config_.findings.size() < kGuesses && spelled.size() < 40;
  std::vector<std::string> names;
  for (const auto& one : all_keywords())
    if (guess) names.emplace_back(one.name);
  const auto near = guess ? base::closest(lower(spelled), names) : std::nullopt;
  if (config_.findings.size() < kFindings)
    config_.findings.push_back(
        {origin, fmt::format("unknown keyword {}{}", shown(spelled), near ? fmt::format(" (is {} meant?)", *near) : ""),
         true, lower(spelled)});
}

void Parser::check(const Keyword& keyword, const Tokens& tokens, const std::string& origin) {
  if (!keyword.in_match && !is_global(block_))
    return report(origin, fmt::format("{} is not allowed in a Match block", shown(tokens.keyword)));
  if (keyword.status == Status::deprecated)
    return report(origin, fmt::format("{} is deprecated: it does nothing", shown(tokens.keyword)), false);
  if (keyword.status == Status::ignored) return;
  const bool nobody = tokens.arguments.empty() && !tokens.bad_quotes && is_list_of_who(keyword);
  auto fault = nobody ? "" : argument_fault(keyword, tokens);
  if (fault.empty()) fault = value_fault(keyword.canonical, tokens.arguments);
  if (!fault.empty()) return report(origin, fmt::format("{}: {}", shown(tokens.keyword), fault));
  const bool commented = tokens.rest.find('#') != std::string::npos && keyword.shape != Shape::rest &&
                         keyword.shape != Shape::command &&
                         tokens_of("x " + tokens.rest.substr(0, tokens.rest.find('#'))).arguments == tokens.arguments;
  config_.directives.push_back({&keyword, tokens.keyword, tokens.arguments, tokens.rest, origin, block_, commented});
}

void Parser::begin_match(const Tokens& tokens, const std::string& origin, int entry) {
  MatchBlock block{origin, shown(tokens.rest), {}, entry};
  if (auto fault = read_criteria(tokens.arguments, block.criteria); !fault.empty()) {
    report(origin, std::move(fault));
    block.criteria = {{"none", ""}};  // matches nobody, so that what follows is not taken for everybody's
  }
  block_ = static_cast<int>(config_.blocks.size());
  config_.blocks.push_back(std::move(block));
}

void Parser::include(const Tokens& tokens, const std::string& origin, int depth) {
  if (tokens.arguments.empty()) return report(origin, "Include names no file");
  const int context = block_;
  for (const auto& argument : tokens.arguments) {
    if (argument.empty()) return report(origin, "Include: an argument is empty");
    const bool absolute = argument.front() == '/' || argument.front() == '~';
    for (const auto& [path, content] : resolve_(absolute ? argument : std::string(kFolder) + argument)) {
      if (config_.cut) return;
      if (!content) {
        report(origin, fmt::format("{} cannot be read, and sshd ends at that", shown(path)));
        continue;
      }
      if (depth >= kIncludeDepth) return stop(origin, "files include files, more than 16 deep: a loop, perhaps");
      file(*content, path, depth + 1, context);
      block_ = context;
    }
  }
}

/// The version that brought what a Match line asks for; nothing if it is old.
Version since_of(const Criterion& criterion) {
  if (criterion.name == "invalid-user") return {9, 9, 0};
  return criterion.name == "version" ? Version{10, 0, 0} : Version{};
}

void values_unknown_to(const Directive& directive, const Version& version, std::vector<Finding>& out) {
  constexpr std::string_view kGssapi = "gssapi-with-mic";
  if (directive.keyword->canonical == "authenticationmethods" && directive.rest.find(kGssapi) != std::string::npos)
    out.push_back({directive.origin,
                   fmt::format("{} is known to an sshd with GSSAPI alone; this one ends at it", kGssapi), true,
                   std::string(kGssapi), true});
  for (const auto& argument : directive.arguments) {
    for (const auto& fault : algorithm_faults(directive.keyword->canonical, argument, version)) {
      const auto message =
          fmt::format("{}: {}, and {} ends at it", shown(directive.spelled), fault.message, to_string(version));
      out.push_back({directive.origin, message, true, lower(fault.name), fault.later});
    }
  }
}

}  // namespace

std::string to_string(const Finding& finding) { return finding.origin + ": " + finding.message; }

Config parse_sshd_config(std::string_view text, const std::string& file, const Resolver& resolve) {
  Config config;
  Parser(config, resolve).file(text, file, 0, -1);
  return config;
}

std::vector<Finding> unknown_to(const Config& config, const Version& version) {
  std::vector<Finding> out;
  const auto plain = [](Version one) { return Version{one.major, one.minor, 0}; };
  const auto newer = [&](const std::string& origin, std::string_view what, const Version& since,
                         std::string_view keyword = {}) {
    if (plain(version) < since)
      out.push_back(
          {origin,
           fmt::format("{} came with OpenSSH {}, and {} ends at it", shown(what), to_string(since), to_string(version)),
           true, std::string(keyword), !keyword.empty()});
  };
  std::set<std::string> subsystems;
  for (const auto& directive : config.directives) {
    if (out.size() >= kFindings) return out;
    const auto& keyword = *directive.keyword;
    newer(directive.origin, directive.spelled, keyword.since, keyword.name);
    if (keyword.status == Status::vendor)
      out.push_back({directive.origin,
                     fmt::format("{} is known to a patched sshd alone; this one ends at it", shown(directive.spelled)),
                     true, std::string(keyword.name), true});
    if (directive.arguments.empty() && is_list_of_who(keyword) && plain(version) >= Version{9, 8, 0})
      out.push_back({directive.origin, fmt::format("{} has no argument", shown(directive.spelled)), true});
    if (keyword.name == "subsystem" && plain(version) < Version{9, 5, 0} && !directive.arguments.empty() &&
        !subsystems.insert(directive.arguments.front()).second)
      out.push_back({directive.origin,
                     fmt::format("Subsystem {} stands there twice, and {} ends at it",
                                 shown(directive.arguments.front()), to_string(version)),
                     true});
    if (keyword.name == "subsystem" && directive.block >= 0)
      newer(directive.origin, "Subsystem in a Match block", {9, 5, 0});
    values_unknown_to(directive, version, out);
    if (directive.commented) newer(directive.origin, "a comment behind an argument", {8, 7, 0});
  }
  for (const auto& block : config.blocks)
    for (const auto& criterion : block.criteria)
      if (out.size() < kFindings) newer(block.origin, fmt::format("Match {}", criterion.name), since_of(criterion));
  return out;
}

}  // namespace openssh
