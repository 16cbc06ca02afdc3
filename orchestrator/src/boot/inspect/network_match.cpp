// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/network_match.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "inspect/unit.hpp"

namespace inspect {
namespace {

/// Patterns with blanks between; a '!' before the first one turns all around.
bool matches(const std::string& word, const std::vector<std::string>& values) {
  bool inverted = false;
  bool found = false;
  for (const auto& value : values) {
    for (auto pattern : words_of(value)) {
      if (pattern.starts_with('!')) {
        inverted = true;
        pattern.erase(0, 1);
      }
      found = found || fnmatch(pattern.c_str(), word.c_str(), 0) == 0;
    }
  }
  return found != inverted;
}

/// "52-54-00-AB-00-01", "5254.00ab.0001": the digits tell.
std::string digits_of(std::string_view address) {
  std::string out;
  for (const char character : address) {
    const auto lower = static_cast<char>(character >= 'A' && character <= 'Z' ? character + ('a' - 'A') : character);
    if ((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f')) out += lower;
  }
  return out;
}

bool has_address(const host::Nic& nic, const std::vector<std::string>& values) {
  return std::ranges::any_of(values, [&](const std::string& value) {
    return std::ranges::any_of(words_of(value),
                               [&](const std::string& word) { return digits_of(word) == digits_of(nic.address); });
  });
}

}  // namespace

std::string why_for_no_nic(std::string_view text, const std::vector<host::Nic>& nics,
                           const std::set<std::string>& made) {
  Unit file;
  file.read(text);
  auto names = file.all("Match", "Name");
  auto addresses = file.all("Match", "MACAddress");
  for (const auto& more : file.all("Match", "PermanentMACAddress")) addresses.push_back(more);
  const auto drivers = file.all("Match", "Driver");
  const auto types = file.all("Match", "Type");
  for (const auto& name : file.all("connection", "interface-name")) names.push_back(name);
  for (const auto& address : file.all("ethernet", "mac-address")) addresses.push_back(address);
  if (std::ranges::any_of(made, [&](const std::string& name) { return names.empty() || matches(name, names); }))
    return {};
  const bool fits = std::ranges::any_of(nics, [&](const host::Nic& nic) {
    return (names.empty() || matches(nic.name, names)) &&
           (addresses.empty() || nic.address.empty() || has_address(nic, addresses)) &&
           (drivers.empty() || nic.driver.empty() || matches(nic.driver, drivers)) &&
           (types.empty() || matches("ether", types));
  });
  if (fits || nics.empty()) return {};
  std::vector<std::string> wanted;
  const std::pair<const char*, const std::vector<std::string>*> all[] = {
      {"Name", &names}, {"MACAddress", &addresses}, {"Driver", &drivers}, {"Type", &types}};
  for (const auto& [key, values] : all) {
    if (!values->empty()) wanted.push_back(fmt::format("{}={}", key, base::join(*values, " ")));
  }
  std::vector<std::string> there;
  for (const auto& nic : nics) there.push_back(nic.name + " (" + nic.address + ")");
  return fmt::format("it is for {}, and this machine has {}", base::printable(base::join(wanted, ", "), 200),
                     base::printable(base::join(there, ", "), 200));
}

}  // namespace inspect
