// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "browse/difference.hpp"
#include "browse/weights.hpp"
#include "initramfs/unpack.hpp"
#include "inspect/check.hpp"
#include "inspect/check_list.hpp"
#include "inspect/gather.hpp"

/// Whatever the bytes are, they are an image or have a fault, in pieces as well as whole, and every check comes to an
/// end.
namespace {

initramfs::Image read(std::string_view bytes, std::size_t piece) {
  initramfs::Image image;
  initramfs::Limits limits;
  limits.unpacked = 16U << 20U;
  limits.entries = 5000;
  auto wanted = inspect::read_options();
  initramfs::Builder builder(image, wanted, limits);
  initramfs::Unpacker unpacker(builder, image, &builder, limits);
  bool more = true;
  for (std::size_t at = 0; at < bytes.size() && more; at += piece) more = unpacker.feed(bytes.substr(at, piece));
  if (more) unpacker.finish();
  return image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto image = read(bytes, size + 1);
  const auto again = read(bytes, 1 + size / 7);
  // How far a broken stream is read before that is noticed depends on the pieces.
  if (image.faults.empty() != again.faults.empty()) __builtin_trap();
  if (image.faults.empty() && image.entries != again.entries) __builtin_trap();
  if (image.faults.empty() && !browse::compare(image, again).changes.empty()) __builtin_trap();
  inspect::Options options;
  options.now = 1'800'000'000;
  const auto facts = inspect::gather(image, options);
  for (const auto& finding : inspect::check_all(facts)) {
    if (inspect::check_of(finding.id) == nullptr) __builtin_trap();
  }
  const auto root = browse::weigh(image);
  (void)browse::tree_text(root, 0.01);
  (void)browse::tree_page(root, "fuzz");
  return 0;
}
