// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/sealed_image.hpp"

#include "base/error.hpp"
#include "host/host.hpp"
#include "initramfs/inner.hpp"
#include "initramfs/read.hpp"
#include "seal/sealed_folder.hpp"

namespace admin {

SealedImage credential_of_next_boot(const std::filesystem::path& root, const base::Context& context) {
  SealedImage out;
  try {
    const auto boot = host::next_boot(root, std::nullopt);
    out.image = boot.image.string();
    initramfs::ReadOptions options;
    options.elf = false;
    options.content = [](std::string_view path) {
      return path == seal::kImageCredential ? seal::kLongestCredential : std::uint64_t{0};
    };
    initramfs::Source source{boot.image};
    auto image = initramfs::read(source, options, {}, [&] { context.cancel.throw_if_requested(); });
    const auto inner = initramfs::add_inner(source, image, options, context);
    if (const auto text = image.content(seal::kImageCredential)) out.credential = std::string(*text);
  } catch (const base::Error& error) {
    out.why = error.what();
  }
  return out;
}

}  // namespace admin
