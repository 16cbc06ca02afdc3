// SPDX-License-Identifier: GPL-3.0-or-later
#include "networkd/config_text.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"

namespace networkd {
namespace {

constexpr std::size_t kMostSettings = 100000;

bool ends_in_backslash(std::string_view line) {
  bool escaped = false;
  for (const char character : line) escaped = !escaped && character == '\\';
  return escaped;
}

class Reader {
 public:
  explicit Reader(ConfigText& into) : into_(into) {
    if (!into_.settings.empty()) block_ = into_.settings.back().block + 1;
  }

  void read(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::string whole;
    for (const auto& line : base::lines(text)) {
      ++number_;
      const auto bare = base::trim(line);
      if (bare.starts_with('#') || bare.starts_with(';')) continue;  // also between the lines of one setting
      whole += line;
      if (ends_in_backslash(whole)) {
        whole.back() = ' ';
        continue;
      }
      if (!take(base::trim(whole))) return;
      whole.clear();
    }
    if (!whole.empty()) (void)take(base::trim(whole));
  }

 private:
  bool fail(std::string why) {
    into_.fault = fmt::format("line {}: {}", number_, why);
    return false;
  }

  bool take(std::string_view line) {
    if (line.empty()) return true;
    if (base::utf8_fault(line)) return fail("it is not UTF-8");
    if (line.starts_with('[')) {
      if (!line.ends_with(']') || line.size() < 2) return fail("a section's name without its bracket");
      section_ = line.substr(1, line.size() - 2);
      ++block_;
      return true;
    }
    const auto equals = line.find('=');
    if (section_.empty() || equals == std::string_view::npos || equals == 0) return true;
    if (into_.settings.size() == kMostSettings) return fail(fmt::format("more than {} settings", kMostSettings));
    into_.settings.push_back({section_, block_, std::string(base::trim(line.substr(0, equals))),
                              std::string(base::trim(line.substr(equals + 1)))});
    return true;
  }

  ConfigText& into_;
  std::string section_;
  std::size_t block_ = 0;
  std::size_t number_ = 0;
};

/// The end of a bracket expression that begins at `at`; npos if it has none.
std::size_t bracket_end(std::string_view pattern, std::size_t at) {
  std::size_t index = at + 1;
  if (index < pattern.size() && (pattern[index] == '!' || pattern[index] == '^')) ++index;
  if (index < pattern.size() && pattern[index] == ']') ++index;
  for (; index < pattern.size(); ++index) {
    if (pattern[index] == ']') return index;
    if (pattern[index] == '[' && index + 1 < pattern.size() && pattern[index + 1] == ':') {
      const auto close = pattern.find(":]", index + 2);
      if (close != std::string_view::npos) index = close + 1;
    }
  }
  return std::string_view::npos;
}

/// Whether the one element of a pattern at `at` matches a character, and where the next one begins.
bool element_matches(std::string_view pattern, std::size_t& at, char character) {
  if (pattern[at] == '?') return ++at, true;
  if (pattern[at] == '\\' && at + 1 < pattern.size()) return at += 2, pattern[at - 1] == character;
  if (pattern[at] == '[') {
    if (const auto end = bracket_end(pattern, at); end != std::string_view::npos) {
      const std::string bracket(pattern.substr(at, end - at + 1));
      at = end + 1;
      const char text[] = {character, 0};
      return fnmatch(bracket.c_str(), text, 0) == 0;
    }
  }
  return pattern[at++] == character;
}

}  // namespace

void read_config(std::string_view text, ConfigText& into) { Reader(into).read(text); }

std::optional<std::string> last_value(const ConfigText& config, std::string_view section, std::string_view key) {
  std::optional<std::string> out;
  for (const auto& setting : config.settings) {
    if (setting.section == section && setting.key == key) out = setting.value;
  }
  return out;
}

std::vector<std::string> words_of(std::string_view value) {
  std::vector<std::string> out;
  std::string word;
  bool started = false;
  char quote = 0;
  for (std::size_t index = 0; index < value.size(); ++index) {
    const char character = value[index];
    if (character == '\\' && index + 1 < value.size()) {
      word += character;  // stays: a pattern may be behind it
      word += value[++index];
      started = true;
    } else if (quote != 0) {
      if (character == quote)
        quote = 0;
      else
        word += character;
    } else if (character == '"' || character == '\'') {
      quote = character;
      started = true;
    } else if (character == ' ' || character == '\t' || character == '\n' || character == '\r') {
      if (started) out.push_back(std::move(word));
      word.clear();
      started = false;
    } else {
      word += character;
      started = true;
    }
  }
  if (started && quote == 0) out.push_back(std::move(word));
  return out;
}

std::optional<bool> boolean_of(std::string_view value) {
  std::string lower(value);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto* word : {"1", "yes", "y", "true", "t", "on"}) {
    if (lower == word) return true;
  }
  for (const auto* word : {"0", "no", "n", "false", "f", "off"}) {
    if (lower == word) return false;
  }
  return std::nullopt;
}

bool is_interface_name(std::string_view name, bool pattern) {
  const std::size_t longest = pattern ? 127 : 15;
  if (name.empty() || name.size() > longest || name == "." || name == ".." || name == "all" || name == "default")
    return false;
  if (std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) return false;
  return std::ranges::all_of(name,
                             [](unsigned char c) { return c > 0x20 && c < 0x7f && c != ':' && c != '/' && c != '%'; });
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t here = 0;
  std::size_t star = std::string_view::npos;  // behind the last "*"
  std::size_t retry = 0;                      // where its text ends
  while (here < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = ++at;
      retry = here;
      continue;
    }
    auto next = at;
    if (at < pattern.size() && element_matches(pattern, next, text[here])) {
      at = next;
      ++here;
      continue;
    }
    if (star == std::string_view::npos) return false;
    at = star;
    here = ++retry;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace networkd
