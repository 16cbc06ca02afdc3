// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/crypttab.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"

namespace storage {
namespace {

std::string unquoted(std::string_view text) {
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    return std::string(text.substr(1, text.size() - 2));
  return std::string(text);
}

}  // namespace

bool CrypttabLine::has_option(std::string_view option) const {
  return std::ranges::find(options, option) != options.end();
}

std::string CrypttabLine::option_value(std::string_view option) const {
  for (const auto& each : options) {
    if (each.starts_with(option) && each.size() > option.size() && each[option.size()] == '=')
      return each.substr(option.size() + 1);
  }
  return {};
}

bool CrypttabLine::has_random_key() const {
  return has_option("swap") || key == "/dev/urandom" || key == "/dev/random" || key == "/dev/hw_random";
}

std::vector<CrypttabLine> parse_crypttab(std::string_view text) {
  std::vector<CrypttabLine> out;
  std::size_t number = 0;
  for (const auto& raw : base::lines(text)) {
    ++number;
    std::vector<std::string> fields;
    for (auto& field : base::split(base::replace_all(std::string(base::trim(raw)), "\t", " "), ' ')) {
      if (!field.empty()) fields.push_back(std::move(field));
    }
    if (fields.size() < 2 || fields.size() > 4 || fields[0].starts_with('#')) continue;
    CrypttabLine line{number, fields[0], fields[1], {}, {}};
    if (fields.size() > 2 && fields[2] != "none" && fields[2] != "-") line.key = fields[2];
    if (fields.size() > 3) {
      for (auto& option : base::split(fields[3], ',')) {
        if (!option.empty()) line.options.push_back(std::move(option));
      }
    }
    out.push_back(std::move(line));
  }
  return out;
}

std::string uuid_in(std::string_view device) {
  constexpr std::string_view kLink = "/dev/disk/by-uuid/";
  std::string out;
  if (device.starts_with("UUID="))
    out = unquoted(device.substr(5));
  else if (device.starts_with(kLink))
    out = device.substr(kLink.size());
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace storage
