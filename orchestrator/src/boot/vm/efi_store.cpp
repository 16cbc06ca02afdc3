// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/efi_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace vm {
namespace {

// EFI_SYSTEM_NV_DATA_FV_GUID, fff12b8d-7696-4c8b-a985-2747075b4f50: what the volume is.
constexpr std::string_view kVolume("\x8d\x2b\xf1\xff\x96\x76\x8b\x4c\xa9\x85\x27\x47\x07\x5b\x4f\x50", 16);
// EFI_AUTHENTICATED_VARIABLE_GUID, aaf32c78-947b-439a-a180-2e144ec37792: what the store is.
constexpr std::string_view kStore("\x78\x2c\xf3\xaa\x7b\x94\x9a\x43\xa1\x80\x2e\x14\x4e\xc3\x77\x92", 16);
constexpr std::size_t kStoreHead = 28;
constexpr std::size_t kVariableHead = 60;
constexpr std::size_t kAlignment = 4;
constexpr std::uint32_t kAuthenticated = 0x27;  // only who has the key above it may change it
constexpr std::uint32_t kBootOnly = 3;          // non-volatile, for boot services alone

std::size_t number_at(std::string_view bytes, std::size_t at, std::size_t width) {
  std::size_t out = 0;
  for (std::size_t i = width; i-- > 0;) out = out << 8U | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

void put_number(std::string& out, std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}

std::string utf16(std::string_view ascii) {
  std::string out;
  for (const char c : ascii) put_number(out, static_cast<unsigned char>(c), 2);
  put_number(out, 0, 2);
  return out;
}

std::string bytes_of(const EfiVariable& variable) {
  const auto name = utf16(variable.name);
  std::string out;
  put_number(out, 0x55aa, 2);
  put_number(out, 0x3f, 1);  // it is there, and whole
  put_number(out, 0, 1);
  put_number(out, variable.attributes, 4);
  // A monotonic count, a time and an index of keys, which only matter when it is changed.
  out.append(8 + 16 + 4, '\0');
  put_number(out, name.size(), 4);
  put_number(out, variable.data.size(), 4);
  out += variable.vendor;
  out += name;
  out += variable.data;
  return out;
}

/// Where the next variable begins.
std::size_t end_of(std::string_view store, std::size_t at, std::size_t end) {
  while (at + kVariableHead <= end && number_at(store, at, 2) == 0x55aa) {
    const auto size = kVariableHead + number_at(store, at + 36, 4) + number_at(store, at + 40, 4);
    if (size > end - at) throw base::Error("a variable in it is longer than the store");
    at = std::min((at + size + kAlignment - 1) / kAlignment * kAlignment, end);
  }
  return at;
}

}  // namespace

std::string with_variables(std::string store, const std::vector<EfiVariable>& variables) {
  if (store.size() < 64 || std::string_view(store).substr(16, 16) != kVolume || store.compare(40, 4, "_FVH") != 0)
    throw base::Error("it is no volume of variables");
  const auto head = number_at(store, 48, 2);
  if (head + kStoreHead > store.size() || std::string_view(store).substr(head, 16) != kStore)
    throw base::Error("it is no store of authenticated variables");
  const auto size = number_at(store, head + 16, 4);
  if (size < kStoreHead || size > store.size() - head) throw base::Error("its store is longer than the file");
  const auto end = head + size;
  auto at = end_of(store, head + kStoreHead, end);
  for (const auto& variable : variables) {
    const auto bytes = bytes_of(variable);
    if (bytes.size() > end - at) throw base::Error(fmt::format("it has no room for {}", variable.name));
    store.replace(at, bytes.size(), bytes);
    at = std::min((at + bytes.size() + kAlignment - 1) / kAlignment * kAlignment, end);
  }
  return store;
}

std::vector<EfiVariable> secure_boot_variables(const std::string& pk, const std::string& kek, const std::string& db,
                                               const std::string& dbx) {
  std::vector<EfiVariable> out;
  const auto add = [&](const char* name, std::string_view vendor, const std::string& list) {
    if (!list.empty()) out.push_back({name, vendor, kAuthenticated, list});
  };
  add("PK", kEfiGlobal, pk);
  add("KEK", kEfiGlobal, kek);
  add("db", kEfiDatabase, db);
  add("dbx", kEfiDatabase, dbx);
  out.push_back({"SecureBootEnable", kEfiSwitch, kBootOnly, std::string(1, '\1')});
  return out;
}

std::vector<EfiVariable> boot_variables(const std::string& path) {
  // EFI_LOAD_OPTION with a short-form path: a file path alone (UEFI specification, "Load Options", "Boot Manager").
  const auto name = utf16(path);
  std::string device;
  put_number(device, 4, 1);  // media
  put_number(device, 4, 1);  // file path
  put_number(device, 4 + name.size(), 2);
  device += name;
  put_number(device, 0x0004ff7f, 4);  // the end
  std::string option;
  put_number(option, 1, 4);  // active
  put_number(option, device.size(), 2);
  option += utf16("rehearsal");
  option += device;
  return {{"Boot0000", kEfiGlobal, 7, option}, {"BootOrder", kEfiGlobal, 7, std::string(2, '\0')}};
}

}  // namespace vm
