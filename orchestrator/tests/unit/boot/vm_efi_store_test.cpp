// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "vm/efi_store.hpp"

namespace vm {
namespace {

using testing::HasSubstr;

/// An empty store of so many bytes, in a volume with a header of 72, as OVMF_VARS.fd has it.
std::string empty_store(std::size_t size = 4096) {
  std::string out(16, '\0');
  out += std::string_view("\x8d\x2b\xf1\xff\x96\x76\x8b\x4c\xa9\x85\x27\x47\x07\x5b\x4f\x50", 16);
  out += std::string(8, '\0') + "_FVH" + std::string(4, '\0') + std::string("\x48\0", 2);
  out.resize(72, '\0');
  out += std::string_view("\x78\x2c\xf3\xaa\x7b\x94\x9a\x43\xa1\x80\x2e\x14\x4e\xc3\x77\x92", 16);
  out += static_cast<char>(size & 0xff);
  out += static_cast<char>(size >> 8);
  out += std::string("\0\0\x5a\xfe\0\0\0\0\0\0", 10);
  out.resize(72 + size, '\xff');
  out.resize(72 + size + 512, '\xee');
  return out;
}

std::string fault_of(const std::string& store, const std::vector<EfiVariable>& variables) {
  try {
    (void)with_variables(store, variables);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

TEST(EfiStore, AVariableStandsBehindThoseThatAreThereAndNothingElseChanges) {
  const auto store = empty_store();
  const auto once = with_variables(store, {{"PK", kEfiGlobal, 0x27, "data!"}});
  ASSERT_EQ(once.size(), store.size());
  constexpr std::size_t kBegin = 72 + 28;
  EXPECT_EQ(once.substr(kBegin, 8), std::string("\xaa\x55\x3f\0\x27\0\0\0", 8));
  EXPECT_EQ(once.substr(kBegin + 36, 8), std::string("\6\0\0\0\5\0\0\0", 8));
  EXPECT_EQ(once.substr(kBegin + 44, 16), kEfiGlobal);
  EXPECT_EQ(once.substr(kBegin + 60, 11), std::string("P\0K\0\0\0data!", 11));
  EXPECT_EQ(once.substr(0, kBegin), store.substr(0, kBegin));
  EXPECT_EQ(once.substr(kBegin + 71), store.substr(kBegin + 71));
  // The next one begins at a multiple of four.
  const auto twice = with_variables(once, {{"db", kEfiDatabase, 0x27, "x"}});
  EXPECT_EQ(twice.substr(kBegin + 72, 2), "\xaa\x55");
  EXPECT_EQ(twice.substr(0, kBegin + 71), once.substr(0, kBegin + 71));
  EXPECT_EQ(twice, with_variables(store, {{"PK", kEfiGlobal, 0x27, "data!"}, {"db", kEfiDatabase, 0x27, "x"}}));
}

TEST(EfiStore, WhatIsNoStoreOrHasNoRoomIsRefused) {
  EXPECT_THAT(fault_of("", {}), HasSubstr("no volume of variables"));
  EXPECT_THAT(fault_of(std::string(4096, '\xff'), {}), HasSubstr("no volume of variables"));
  auto store = empty_store();
  EXPECT_THAT(fault_of(store, {{"PK", kEfiGlobal, 7, std::string(8192, 'x')}}), HasSubstr("no room for PK"));
  store[72] = 'y';
  EXPECT_THAT(fault_of(store, {}), HasSubstr("no store of authenticated variables"));
  store = empty_store();
  store[72 + 18] = '\x10';
  EXPECT_THAT(fault_of(store, {}), HasSubstr("longer than the file"));
  store = empty_store();
  // A variable that claims more than there is.
  store.replace(72 + 28, 44, std::string("\xaa\x55\x3f\0", 4) + std::string(32, '\0') + std::string(8, '\x7f'));
  EXPECT_THAT(fault_of(store, {}), HasSubstr("longer than the store"));
}

TEST(EfiStore, SecureBootIsOnAndABootEntryIsTheFirst) {
  const auto keys = secure_boot_variables("pk", "kek", "db", "");
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_EQ(keys[2].name, "db");
  EXPECT_EQ(keys[2].vendor, kEfiDatabase);
  EXPECT_EQ(keys[3].name, "SecureBootEnable");
  const auto boot = boot_variables("\\EFI\\Linux\\x.efi");
  ASSERT_EQ(boot.size(), 2U);
  EXPECT_EQ(boot[1].data, std::string(2, '\0'));
  // Active; a device path of 4 + 2 * 17 bytes and its end; a name.
  EXPECT_EQ(boot[0].data.substr(0, 6), std::string("\1\0\0\0\x2a\0", 6));
  EXPECT_TRUE(boot[0].data.ends_with(std::string("\x7f\xff\4\0", 4)));
}

}  // namespace
}  // namespace vm
