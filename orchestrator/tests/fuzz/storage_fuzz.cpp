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
  const auto storage = storage::read_storage_record(text);
  if (!storage.fault.empty() && !(storage.nodes.empty() && storage.needs.empty())) __builtin_trap();
  if (!storage::fault_of_graph(storage).empty()) __builtin_trap();
  for (const auto& [purpose, top] : storage.needs) {
    if (storage::nodes_from(storage, top).size() > storage.nodes.size()) __builtin_trap();
    if (storage::chain_text(storage, top).size() > 1000) __builtin_trap();
  }
  (void)storage::node_named(storage, text.substr(0, 100));
  (void)storage::volume_in(text.substr(0, 100));
  (void)inspect::read_nic_record(text);
  for (const auto& line : storage::parse_crypttab(text)) {
    if (line.name.empty() || line.device.empty()) __builtin_trap();
    (void)storage::uuid_in(line.device);
  }
  return 0;
}
