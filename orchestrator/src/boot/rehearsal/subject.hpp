// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/context.hpp"
#include "initramfs/inner.hpp"
#include "initramfs/read.hpp"
#include "inspect/facts.hpp"
#include "rehearsal/request.hpp"

namespace rehearsal {

/// What is to be booted, read and looked at.
struct Subject {
  std::filesystem::path image;
  std::filesystem::path kernel;  // "": in the image, which is a UKI
  std::string source;            // how it was found
  inspect::Options options;
  std::unique_ptr<initramfs::Source> file;
  initramfs::Image tree;
  std::optional<initramfs::Inner> inner;  // the file system in it, where most of it is one
  std::unique_ptr<inspect::Facts> facts;
};

[[nodiscard]] std::unique_ptr<Subject> subject_of(const Request& request, const base::Context& context);

/// Writes the initramfs, with `overlay` behind it, and of a UKI its kernel, too; returns the kernel's file.
std::filesystem::path write_boot_files(Subject& subject, const std::string& overlay,
                                       const std::filesystem::path& initrd, const std::filesystem::path& kernel);

/// The bytes of a source, in a new file.
void copy_whole(initramfs::Source& source, const std::filesystem::path& file);

}  // namespace rehearsal
