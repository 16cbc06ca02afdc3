// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archives.hpp"
#include "base/files.hpp"
#include "initramfs/builder.hpp"
#include "initramfs/image_files.hpp"
#include "initramfs/loader.hpp"
#include "initramfs/unpack.hpp"

namespace initramfs {
namespace {

using archives::cpio;
using archives::Entry;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t kFolder = 0040755;
constexpr std::uint32_t kLink = 0120777;

Image image_of(const std::vector<Entry>& entries) {
  Image image;
  Builder builder(image, ReadOptions{}, Limits{});
  Unpacker unpacker(builder, image, &builder, Limits{});
  if (unpacker.feed(cpio(entries))) unpacker.finish();
  return image;
}

/// A real library for x86-64: needs libc.so.6, and looks for it in $ORIGIN/../lib.
std::string library() {
  return base::read_file(PROJECT_ROOT "/orchestrator/tests/fuzz/seeds/elf_fuzz/shared-library", 65536).substr(1);
}

std::vector<Entry> tree() {
  return {{"usr", "", kFolder},
          {"usr/lib", "", kFolder},
          {"opt", "", kFolder},
          {"lib", "usr/lib", kLink},
          {"opt/libtiny.so.1", library()}};
}

TEST(ImageFiles, ALibraryOfAnImageLacksWhatIsNotInIt) {
  const auto image = image_of(tree());
  EXPECT_THAT(image.faults, IsEmpty());
  const auto closure = closure_of(image, "opt/libtiny.so.1");
  EXPECT_EQ(closure.fault, "");
  EXPECT_THAT(closure.missing, ElementsAre(Missing{"opt/libtiny.so.1", "libc.so.6", ""}));
}

TEST(ImageFiles, AFileElsewhereIsNamed) {
  auto entries = tree();
  entries.push_back({"opt/libc.so.6", library()});
  EXPECT_THAT(closure_of(image_of(entries), "opt/libtiny.so.1").missing,
              ElementsAre(Missing{"opt/libtiny.so.1", "libc.so.6", "opt/libc.so.6"}));
}

TEST(ImageFiles, TheLibrarysOwnFolderIsLookedIn) {
  auto entries = tree();
  entries.push_back({"usr/lib/libc.so.6.0", library()});
  entries.push_back({"usr/lib/libc.so.6", "libc.so.6.0", kLink});
  const auto closure = closure_of(image_of(entries), "opt/libtiny.so.1");
  EXPECT_THAT(closure.missing, IsEmpty());
  EXPECT_THAT(closure.libraries, ElementsAre("usr/lib/libc.so.6.0"));
}

}  // namespace
}  // namespace initramfs
