// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "inspect/gather.hpp"
#include "storage/storage_host.hpp"
#include "storage/storage_record.hpp"

namespace inspect {
namespace {

std::string device_said(const Facts& facts, std::string_view name) {
  const auto value = facts.cmdline_value(name).value_or("");
  return value.starts_with("block:") ? value.substr(6) : value;
}

storage::Storage recorded(const initramfs::Image& image) {
  const auto* node = image.find(storage::kStorageRecord);
  if (node == nullptr || !node->is_file()) return {};
  if (const auto text = image.content(storage::kStorageRecord)) return storage::read_storage_record(*text);
  storage::Storage out;
  out.fault = fmt::format("/{}: it is longer than {} bytes", storage::kStorageRecord, storage::kLongestRecord);
  return out;
}

}  // namespace

void gather_storage(Facts& facts) {
  facts.storage = recorded(facts.image);
  if (!facts.options.host) return;
  const auto& root = *facts.options.host;
  const storage::BootDevices boot{device_said(facts, "root"), device_said(facts, "mount.usr"),
                                  device_said(facts, "resume")};
  auto host = storage::read_host_storage(root, boot, root == "/");
  const bool record_knows_more = facts.storage.complete && !host.complete;
  if (host.tells("/") && !record_knows_more) facts.storage = std::move(host);
}

}  // namespace inspect
