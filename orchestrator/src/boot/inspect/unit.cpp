// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/unit.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace inspect {
namespace {

// The first that has a file wins (systemd.unit(5), UNIT FILE LOAD PATH).
constexpr std::array kFolders{"etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system",
                              "lib/systemd/system"};

void read_dropins(const initramfs::Image& image, const std::string& name, Unit& unit) {
  std::map<std::string, std::string> files;  // by name; of equal names the first folder's counts
  for (const auto* folder : kFolders) {
    const auto dir = std::string(folder) + "/" + name + ".d";
    for (const auto& file : image.list(dir)) {
      if (file.ends_with(".conf")) files.emplace(file, dir + "/" + file);
    }
  }
  for (const auto& [file, path] : files) {
    if (const auto text = image.content(path)) unit.read(*text);
  }
}

}  // namespace

std::vector<std::string> Unit::all(std::string_view section, std::string_view key) const {
  const auto found = settings_.find({std::string(section), std::string(key)});
  return found == settings_.end() ? std::vector<std::string>{} : found->second;
}

std::string Unit::last(std::string_view section, std::string_view key) const {
  const auto values = all(section, key);
  return values.empty() ? "" : values.back();
}

void Unit::read(std::string_view text) {
  std::string section;
  std::string whole;
  for (const auto& raw : base::lines(text)) {
    const auto line = base::trim(raw);
    // A comment between the lines of one setting does not end it.
    if (line.starts_with('#') || line.starts_with(';')) continue;
    whole += line;
    if (whole.ends_with('\\')) {
      whole.back() = ' ';
      continue;
    }
    const std::string setting = std::move(whole);
    whole.clear();
    if (setting.starts_with('[') && setting.ends_with(']')) {
      section = setting.substr(1, setting.size() - 2);
      continue;
    }
    const auto equals = setting.find('=');
    if (equals == std::string::npos) continue;
    const std::string key(base::trim(std::string_view(setting).substr(0, equals)));
    const std::string value(base::trim(std::string_view(setting).substr(equals + 1)));
    auto& values = settings_[{section, key}];
    if (value.empty())
      values.clear();
    else
      values.push_back(value);
  }
}

std::optional<Unit> load_unit(const initramfs::Image& image, const std::string& name) {
  for (const auto* folder : kFolders) {
    const auto path = std::string(folder) + "/" + name;
    const auto* link = image.find_link(path);
    if (link == nullptr) continue;
    Unit unit;
    unit.path = image.resolve(path).value_or(path);
    const auto* node = image.find(path);
    unit.masked =
        (link->is_link() && link->target == "/dev/null") || (node != nullptr && node->is_file() && node->size == 0);
    if (!unit.masked && node == nullptr) continue;  // a link to nowhere
    if (const auto text = image.content(path)) unit.read(*text);
    read_dropins(image, name, unit);
    return unit;
  }
  return std::nullopt;
}

std::vector<std::string> wanted_by(const initramfs::Image& image, const std::string& name) {
  std::vector<std::string> out;
  for (const auto* folder : kFolders) {
    for (const auto& entry : image.list(folder)) {
      for (const std::string_view suffix : {".wants", ".requires"}) {
        if (!entry.ends_with(suffix)) continue;
        if (image.find_link(std::string(folder) + "/" + entry + "/" + name) == nullptr) continue;
        out.push_back(entry.substr(0, entry.size() - suffix.size()));
      }
    }
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  bool has_word = false;
  char quote = 0;
  for (std::size_t index = 0; index < line.size(); ++index) {
    const char character = line[index];
    if (character == '\\' && index + 1 < line.size()) {
      word += line[++index];
      has_word = true;
    } else if (quote != 0) {
      if (character == quote)
        quote = 0;
      else
        word += character;
    } else if (character == '"' || character == '\'') {
      quote = character;
      has_word = true;
    } else if (character == ' ' || character == '\t') {
      if (has_word) out.push_back(std::move(word));
      word.clear();
      has_word = false;
    } else {
      word += character;
      has_word = true;
    }
  }
  if (has_word) out.push_back(std::move(word));
  return out;
}

}  // namespace inspect
