// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/host_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "base/text.hpp"
#include "host/small_file.hpp"

namespace detect {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNames = 4096;
constexpr std::size_t kMostMounts = 10000;

fs::path below(const Source& source, std::string_view path) { return source.root / fs::path(path).relative_path(); }

/// A value as a shell takes it: nothing if its quotes have no end.
std::optional<std::string> unquoted_value(std::string_view text) {
  std::string out;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && quote != '\'' && at + 1 < text.size()) {
      const char next = text[++at];
      if (quote == '"' && std::string_view("\"\\$`").find(next) == std::string_view::npos) out += c;
      out += next;
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else {
      out += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  return out;
}

bool has_word(std::string_view list, std::string_view word) {
  const auto words = base::split(list, ',');
  return std::ranges::find(words, word) != words.end();
}

bool is_octal_digit(char c) { return c >= '0' && c <= '7'; }

/// "\040" as mountinfo has a blank.
std::string without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size() && is_octal_digit(text[at + 1]) && is_octal_digit(text[at + 2]) &&
        is_octal_digit(text[at + 3])) {
      out += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0'));
      at += 3;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

bool is_there(const Source& source, std::string_view path) {
  std::error_code ignored;
  return fs::exists(below(source, path), ignored);
}

std::vector<std::string> names_in(const Source& source, std::string_view folder) {
  std::vector<std::string> out;
  std::error_code failed;
  for (fs::directory_iterator each(below(source, folder), failed), end;
       !failed && each != end && out.size() < kMostNames; each.increment(failed)) {
    auto name = each->path().filename().string();
    if (!name.starts_with('.')) out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

std::string text_at(const Source& source, std::string_view path, std::vector<std::string>& faults) {
  const auto file = below(source, path);
  std::error_code failed;
  if (!fs::exists(file, failed) && !failed) return {};
  if (auto text = host::read_small(file)) return std::move(*text);
  faults.push_back(fmt::format("{} cannot be read; expected a file of at most 1 MiB that this user may read", path));
  return {};
}

std::string program_at(const Source& source, std::string_view name) {
  for (const auto* folder :
       {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/lib/systemd", "/lib/systemd", "/usr/libexec"}) {
    auto path = fmt::format("{}/{}", folder, name);
    struct stat status {};
    if (::stat(below(source, path).c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111U) != 0)
      return path;
  }
  return {};
}

std::string dracut_module(const Source& source, std::string_view name) {
  constexpr std::string_view kFolder = "/usr/lib/dracut/modules.d";
  for (const auto& each : names_in(source, kFolder)) {
    if (each.size() == name.size() + 2 && each.ends_with(name) && each[0] >= '0' && each[0] <= '9' && each[1] >= '0' &&
        each[1] <= '9' && is_there(source, fmt::format("{}/{}/module-setup.sh", kFolder, each)))
      return fmt::format("{}/{}", kFolder, each);
  }
  return {};
}

std::optional<std::string> value_in(std::string_view text, std::string_view key) {
  std::optional<std::string> out;
  for (const auto& raw : base::lines(text)) {
    const auto line = base::trim(raw);
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
    out = unquoted_value(base::trim(line.substr(key.size() + 1)));
  }
  return out;
}

bool MountPoint::read_only() const { return has_word(options, "ro") || has_word(super_options, "ro"); }

std::vector<MountPoint> mounts(const Source& source) {
  std::vector<MountPoint> out;
  for (const auto& line : base::lines(host::read_small(source.root / "proc/self/mountinfo").value_or(""))) {
    const auto words = base::split(line, ' ');
    const auto dash = std::ranges::find(words, std::string("-"));
    if (words.size() < 7 || words.end() - dash < 3 || out.size() == kMostMounts) continue;
    out.push_back({without_escapes(words[4]), without_escapes(dash[2]), dash[1], words[5],
                   words.end() - dash > 3 ? dash[3] : std::string()});
  }
  return out;
}

std::optional<MountPoint> mount_of(const std::vector<MountPoint>& mounts, std::string_view path) {
  std::optional<MountPoint> out;
  for (const auto& mount : mounts) {
    const bool above = mount.at == "/" || path == mount.at ||
                       (path.starts_with(mount.at) && path.size() > mount.at.size() && path[mount.at.size()] == '/');
    // A later mount at the same point hides the earlier one; a trigger of automount(8) is hidden by what it mounts.
    if (above && (!out || mount.at.size() >= out->at.size())) out = mount;
  }
  return out;
}

std::vector<std::string> command_words(std::string_view cmdline) {
  std::vector<std::string> out;
  std::string word;
  bool quoted = false;
  for (const char c : cmdline) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\n')) {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::string command_value(const std::vector<std::string>& words, std::string_view name) {
  std::string out;
  for (const auto& word : words) {
    if (word.starts_with(name) && word.size() > name.size() && word[name.size()] == '=')
      out = word.substr(name.size() + 1);
  }
  return out;
}

}  // namespace detect
