// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>

#include "initramfs/image_files.hpp"

/// A tree of files in memory: libraries, texts, links.
class FakeFiles final : public initramfs::Files {
 public:
  std::map<std::string, initramfs::ElfFacts> elves;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::string> links;  // to an absolute path, or one relative to the link's folder
  std::set<std::string> unreadable;          // there, and not kept

  [[nodiscard]] std::optional<std::string> resolve(std::string_view path) const override {
    std::string done;
    std::string rest(path);
    int steps = 0;
    while (!rest.empty()) {
      if (++steps > 200) return std::nullopt;
      const auto slash = rest.find('/');
      const auto part = rest.substr(0, slash);
      rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
      if (part.empty() || part == ".") continue;
      if (part == "..") {
        done = done.find('/') == std::string::npos ? "" : done.substr(0, done.rfind('/'));
        continue;
      }
      const auto next = done.empty() ? part : done + '/' + part;
      if (const auto link = links.find(next); link != links.end()) {
        if (link->second.starts_with('/')) done.clear();
        rest = link->second + '/' + rest;
      } else if (!is_there(next)) {
        return std::nullopt;
      } else {
        done = next;
      }
    }
    return done;
  }
  [[nodiscard]] const initramfs::ElfFacts* elf(std::string_view path) const override {
    const auto at = elves.find(std::string(path));
    return at == elves.end() ? nullptr : &at->second;
  }
  [[nodiscard]] std::optional<std::string_view> content(std::string_view path) const override {
    const auto where = resolve(path);
    const auto at = where ? texts.find(*where) : texts.end();
    if (at == texts.end()) return std::nullopt;
    return at->second;
  }
  [[nodiscard]] std::vector<std::string> list(std::string_view folder) const override {
    std::set<std::string> names;
    const auto where = resolve(folder);
    if (!where) return {};
    for (const auto& path : paths()) {
      if (!where->empty() && !path.starts_with(*where + '/')) continue;
      const auto rest = path.substr(where->empty() ? 0 : where->size() + 1);
      names.insert(rest.substr(0, rest.find('/')));
    }
    return {names.begin(), names.end()};
  }
  [[nodiscard]] std::vector<std::string> named(std::string_view name) const override {
    std::vector<std::string> found;
    for (const auto& path : paths()) {
      if (path.substr(path.rfind('/') + 1) == name) found.push_back(path);
    }
    return found;
  }

 private:
  [[nodiscard]] std::set<std::string> paths() const {
    std::set<std::string> all(unreadable);
    for (const auto& [path, facts] : elves) all.insert(path);
    for (const auto& [path, text] : texts) all.insert(path);
    for (const auto& [path, target] : links) all.insert(path);
    return all;
  }
  [[nodiscard]] bool is_there(const std::string& path) const {
    for (const auto& each : paths()) {
      if (each == path || each.starts_with(path + '/')) return true;
    }
    return false;
  }
};
