// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/subject.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"
#include "host/boot_files.hpp"
#include "host/host.hpp"
#include "initramfs/inner.hpp"
#include "initramfs/pe.hpp"
#include "inspect/gather.hpp"

namespace rehearsal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1U << 20U;
constexpr std::size_t kAlignment = 512;  // what boot loaders pad to; the kernel wants 4

void copy(initramfs::Source& from, std::uint64_t offset, std::uint64_t size, int to, const std::string& name) {
  while (size > 0) {
    const auto piece = from.read(offset, static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece)));
    if (piece.empty()) throw base::Error(from.name() + ": it has become shorter");
    base::write_all(to, piece, name);
    offset += piece.size();
    size -= piece.size();
  }
}

base::Fd create(const fs::path& path) {
  base::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) throw base::system_error(path.string());
  return file;
}

/// Beside the image, or where kernels are.
fs::path find_kernel(const Request& request, const Subject& subject) {
  std::vector<host::KernelRelease> releases;
  if (subject.facts->kernel) releases.push_back(*subject.facts->kernel);
  for (const auto& each : subject.facts->kernels) releases.push_back(each);
  std::error_code ignored;
  for (const auto& release : releases) {
    auto beside = subject.image.parent_path() / ("vmlinuz-" + release.text());
    if (fs::is_regular_file(beside, ignored)) return beside;
    if (const auto found = host::kernel_file(request.wishes.root, release)) return *found;
  }
  throw base::Error(releases.empty() ? "which kernel the image is for cannot be told"
                                     : fmt::format("no file of the kernel {} was found", releases.front().text()))
      .with_hint("name it: --kernel FILE");
}

}  // namespace

std::unique_ptr<Subject> subject_of(const Request& request, const base::Context& context) {
  auto out = std::make_unique<Subject>();
  auto& options = out->options;
  options.now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  options.kernel = host::KernelRelease::from_option(request.release, "--release");
  out->image = request.image;
  out->kernel = request.kernel;
  if (request.image.empty()) {
    const auto boot = host::next_boot(request.wishes.root, options.kernel);
    out->image = boot.image;
    out->source = boot.source;
    if (out->kernel.empty()) out->kernel = boot.kernel_file;
    options.kernel = boot.kernel;
    options.cmdline = boot.cmdline;
    options.host = request.wishes.root;
  }
  if (!request.cmdline.empty()) options.cmdline = request.cmdline;
  options.cmdline_known = true;
  options.file = out->image;
  out->file = std::make_unique<initramfs::Source>(out->image);
  const auto wanted = inspect::read_options();
  out->tree = initramfs::read(*out->file, wanted, {}, [&] { context.cancel.throw_if_requested(); });
  out->inner.emplace(initramfs::add_inner(*out->file, out->tree, wanted, context));
  out->facts = std::make_unique<inspect::Facts>(inspect::gather(out->tree, options));
  // A name that would become a path is not guessed around.
  if (!out->facts->no_release.empty())
    throw base::Error(fmt::format("{}: \"{}\" is not a kernel release", base::printable(out->image.string(), 300),
                                  base::printable(out->facts->no_release)))
        .with_hint("name the release of the kernel that it is for: --release RELEASE");
  if (out->kernel.empty() && !out->tree.is_uki) out->kernel = find_kernel(request, *out);
  return out;
}

void copy_whole(initramfs::Source& source, const fs::path& file) {
  const auto out = create(file);
  copy(source, 0, source.size(), out.get(), file.string());
}

fs::path write_boot_files(Subject& subject, const std::string& overlay, const fs::path& initrd,
                          const fs::path& kernel) {
  std::vector<initramfs::PeSection> sections;
  if (subject.tree.is_uki)
    sections = initramfs::pe_sections(subject.file->read(0, initramfs::kPeHead), subject.file->size());
  const auto file = create(initrd);
  std::uint64_t size = subject.file->size();
  if (subject.tree.is_uki) {
    size = 0;
    for (const auto& section : sections) {
      if (section.name != ".initrd") continue;
      copy(*subject.file, section.offset, section.size, file.get(), initrd.string());
      size += section.size;
    }
  } else {
    copy(*subject.file, 0, size, file.get(), initrd.string());
  }
  if (!overlay.empty()) {
    base::write_all(file.get(), std::string((kAlignment - size % kAlignment) % kAlignment, '\0'), initrd.string());
    base::write_all(file.get(), overlay, initrd.string());
  }
  if (!subject.kernel.empty()) return subject.kernel;
  for (const auto& section : sections) {
    if (section.name != ".linux") continue;
    const auto out = create(kernel);
    copy(*subject.file, section.offset, section.size, out.get(), kernel.string());
    return kernel;
  }
  throw base::Error(subject.image.string() + ": it has no .linux section");
}

}  // namespace rehearsal
