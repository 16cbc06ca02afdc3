// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/network_match.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "inspect/unit.hpp"

namespace inspect {
namespace {

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

std::string why_for_no_nic(std::string_view text, const std::vector<host::Nic>& nics) {
  Unit file;
  file.read(text);
  const auto names = file.all("connection", "interface-name");
  const auto addresses = file.all("ethernet", "mac-address");
  const bool fits = std::ranges::any_of(nics, [&](const host::Nic& nic) {
    return (names.empty() || std::ranges::find(names, nic.name) != names.end()) &&
           (addresses.empty() || nic.address.empty() || has_address(nic, addresses));
  });
  if (fits || nics.empty()) return {};
  std::vector<std::string> wanted;
  if (!names.empty()) wanted.push_back("interface-name=" + base::join(names, " "));
  if (!addresses.empty()) wanted.push_back("mac-address=" + base::join(addresses, " "));
  std::vector<std::string> there;
  for (const auto& nic : nics) there.push_back(nic.name + " (" + nic.address + ")");
  return fmt::format("it is for {}, and this machine has {}", base::printable(base::join(wanted, ", "), 200),
                     base::printable(base::join(there, ", "), 200));
}

}  // namespace inspect
