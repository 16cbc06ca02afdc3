// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "fleet/selection.hpp"

namespace {

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_sound(const fleet::Host& host) {
  bool out = !fleet::fault_of_name(host.name) && (host.passphrase_command.empty() || host.credential.empty());
  for (const auto& text : {host.port, host.alias, host.jump, host.user, host.real_user, host.identity, host.known_hosts,
                           host.ssh_config, host.credential})
    out = out && !has_control(text) && !text.starts_with('-') && !base::utf8_fault(text);
  for (const auto& text : host.addresses) out = out && !text.empty() && !has_control(text) && !text.starts_with('-');
  for (const auto& text : host.answer) out = out && !text.empty() && !has_control(text);
  for (const auto& text : {host.passphrase_command, host.wait_for, host.reboot})
    out = out && text.find('\0') == std::string::npos;
  return out && (!host.deadline || host.deadline->count() > 0);
}

void judge(const std::string& name, const std::string& text, std::string_view words) {
  try {
    const fleet::Inventory inventory({{"/x/" + name, text, 0}}, "/home");
    std::set<std::string> names;
    for (const auto& host : inventory.hosts())
      if (!is_sound(host) || !names.insert(host.name).second) __builtin_trap();
    if (inventory.hosts().empty()) return;
    if (fleet::select(inventory, {}, true) != inventory.hosts()) __builtin_trap();
    for (const auto& host : fleet::select(inventory, base::split(words.substr(0, 200), '\n')))
      if (!is_sound(host)) __builtin_trap();
  } catch (const base::Error& error) {
    if (has_control(error.what()) || has_control(error.hint()) || base::utf8_fault(error.what())) __builtin_trap();
  }
}

}  // namespace

/// A file of the inventory, by all its names, and words of a command line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  judge("hosts.toml", std::string(text), text);
  judge("hosts.json", std::string(text), text);
  return 0;
}
