// SPDX-License-Identifier: GPL-3.0-or-later
#include "browse/module_setup.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/text.hpp"
#include "host/host.hpp"
#include "host/small_file.hpp"

namespace browse {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "usr/lib/dracut/modules.d";
constexpr std::string_view kScript = "module-setup.sh";
constexpr std::size_t kMostModules = 1000;
constexpr std::size_t kMostFiles = 1000;  // beside one script

bool installs(std::string_view word) {
  return word == "inst" || word.starts_with("inst_") || word == "instmods" || word == "dracut_install" ||
         word == "dracut_instmods";
}

/// A word that ends the arguments of a command, or begins another one.
bool ends(std::string_view word) {
  return word == "&&" || word == "||" || word == "|" || word == ";" || word == "}" || word == "fi" || word == "done" ||
         word == "then" || word == "do" || word.starts_with('>') || word.starts_with("2>");
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  for (const char byte : line) {
    if (byte == ' ' || byte == '\t') {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
    } else if (byte != '"' && byte != '\'') {
      word += byte;
    }
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::string underscored(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '-', '_');
  return out;
}

void take_line(std::string_view line, ModuleSetup& out) {
  bool taking = false;
  bool drivers = false;
  for (auto word : words_of(line)) {
    if (word.starts_with('#')) return;
    if (ends(word)) {
      taking = false;
      continue;
    }
    const bool last = word.ends_with(';') || word.ends_with(')');
    while (word.ends_with(';') || word.ends_with(')')) word.pop_back();
    if (installs(word)) {
      taking = true;
      drivers = word == "instmods" || word == "dracut_instmods";
    } else if (taking && !word.starts_with('-')) {
      const auto name = word.substr(word.rfind('/') + 1);
      // A variable, a pattern, a kernel's folder ("=crypto"), an inst_hook's place in the order.
      const bool is_name = name.find_first_of("$*?[]{}()=`") == std::string::npos &&
                           name.find_first_not_of("0123456789") != std::string::npos;
      if (is_name) (drivers ? out.drivers : out.names).insert(drivers ? underscored(name) : name);
    }
    if (last) taking = false;
  }
}

}  // namespace

ModuleSetup parse_module_setup(std::string_view script) {
  ModuleSetup out;
  std::string line;
  for (const auto& raw : base::lines(script)) {
    line += raw;
    if (line.ends_with('\\')) {
      line.back() = ' ';
      continue;
    }
    take_line(line, out);
    line.clear();
  }
  take_line(line, out);
  return out;
}

std::map<std::string, ModuleSetup> module_setups(const fs::path& root, const std::set<std::string>& wanted) {
  std::map<std::string, ModuleSetup> out;
  std::error_code failed;
  for (fs::directory_iterator each(root / kFolder, failed), end; !failed && each != end; each.increment(failed)) {
    const auto folder = each->path().filename().string();
    const auto name = folder.substr(std::min(folder.find_first_not_of("0123456789"), folder.size()));
    const auto script = wanted.contains(name) ? host::read_small(each->path() / kScript) : std::nullopt;
    if (!script || out.size() == kMostModules) continue;
    auto setup = parse_module_setup(*script);
    std::error_code unread;
    for (fs::directory_iterator file(each->path(), unread), last; !unread && file != last; file.increment(unread)) {
      std::error_code none;
      const auto size = file->is_regular_file(none) ? file->file_size(none) : 0;
      if (!none && file->path().filename() != kScript && setup.own.size() < kMostFiles)
        setup.own.emplace(file->path().filename().string(), size);
    }
    out.insert_or_assign(name, std::move(setup));
  }
  return out;
}

}  // namespace browse
