// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/boot_words.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace inspect {
namespace {

struct Word {
  std::string key;  // systemd takes "-" for "_"
  std::string value;
  std::string whole;
};

std::vector<Word> parted(const Facts& facts) {
  std::vector<Word> out;
  for (const auto& word : kernel_words(facts)) {
    const auto equals = word.find('=');
    auto key = word.substr(0, equals);
    std::ranges::replace(key, '-', '_');
    out.push_back({key, equals == std::string::npos ? "" : word.substr(equals + 1), word});
  }
  return out;
}

std::string with_suffix(const std::string& unit) {
  return unit.find('.') == std::string::npos ? unit + ".service" : unit;
}

bool is_built_in(const Facts& facts, std::string_view driver) { return !facts.drivers.contains(driver_of(driver)); }

}  // namespace

std::vector<std::string> kernel_words(const Facts& facts) {
  std::vector<std::string> out;
  const auto section = facts.image.sections.find(".cmdline");
  for (const auto& text : {section == facts.image.sections.end() ? "" : section->second, facts.options.cmdline}) {
    for (auto& word : words_of(base::replace_all(text, "\n", " "))) out.push_back(std::move(word));
  }
  return out;
}

std::string word_that_masks(const Facts& facts, std::string_view unit) {
  for (const auto& word : parted(facts)) {
    if (word.key == "rd.systemd.mask" && with_suffix(word.value) == unit) return word.whole;
  }
  return {};
}

std::string word_that_blocks(const Facts& facts, std::string_view driver) {
  if (driver.empty() || is_built_in(facts, driver)) return {};
  const auto wanted = driver_of(driver);
  for (const auto& word : parted(facts)) {
    if (word.key != "module_blacklist" && word.key != "modprobe.blacklist" && word.key != "rd.driver.blacklist")
      continue;
    for (const auto& name : base::split(word.value, ',')) {
      if (driver_of(name) == wanted) return word.whole;
    }
  }
  return {};
}

FirstUnit first_unit(const Facts& facts) {
  FirstUnit out;
  for (const auto& word : parted(facts)) {
    if (word.key == "rd.systemd.unit" && !word.value.empty())
      out = {with_suffix(word.value), word.whole};
    else if (word.key == "rd.emergency" || word.key == "rd.rescue")
      out = {word.key.substr(3) + ".target", word.whole};
  }
  return out;
}

}  // namespace inspect
