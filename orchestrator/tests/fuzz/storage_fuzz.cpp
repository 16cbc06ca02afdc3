// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inspect/nics.hpp"
#include "storage/crypttab.hpp"
#include "storage/storage_record.hpp"

/// What an image records of the machine: a record that is taken has no cycle and no loose end; its text is bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto storage = inspect::read_storage_record(text);
  if (!storage.fault.empty() && !(storage.nodes.empty() && storage.needs.empty())) __builtin_trap();
  if (!inspect::fault_of_graph(storage).empty()) __builtin_trap();
  for (const auto& [purpose, top] : storage.needs) {
    if (inspect::nodes_from(storage, top).size() > storage.nodes.size()) __builtin_trap();
    if (inspect::chain_text(storage, top).size() > 1000) __builtin_trap();
  }
  (void)inspect::node_named(storage, text.substr(0, 100));
  (void)inspect::volume_in(text.substr(0, 100));
  (void)inspect::read_nic_record(text);
  for (const auto& line : inspect::parse_crypttab(text)) {
    if (line.name.empty() || line.device.empty()) __builtin_trap();
    (void)inspect::uuid_in(line.device);
  }
  return 0;
}
