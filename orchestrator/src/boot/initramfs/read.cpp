// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/read.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "initramfs/pe.hpp"
#include "initramfs/pe_signature.hpp"
#include "initramfs/unpack.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kChunk = 256U << 10U;
constexpr std::uint64_t kText = 64U << 10U;  // of a UKI's section that is text

struct Stretch {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// What bootconfig(8) puts behind an initramfs, and the kernel cuts off before it unpacks
/// (Documentation/admin-guide/bootconfig.rst): the text, its size and its sum, and a mark.
std::uint64_t without_bootconfig(Source& source) {
  constexpr std::string_view kMark = "#BOOTCONFIG\n";
  constexpr std::size_t kFooter = 8 + kMark.size();
  if (source.size() < kFooter) return source.size();
  const auto footer = source.read(source.size() - kFooter, kFooter);
  if (!footer.ends_with(kMark) || footer.size() != kFooter) return source.size();
  std::uint64_t size = 0;
  for (unsigned index = 4; index-- > 0;) size = size << 8U | static_cast<unsigned char>(footer[index]);
  return size + kFooter > source.size() ? source.size() : source.size() - kFooter - size;
}

/// Where the initramfs is: the file, or a UKI's sections in the order in which its stub hands them to the kernel.
std::vector<Stretch> stretches(Source& source, Image& image) {
  const std::string head(source.read(0, kPeHead));
  if (!is_pe(head)) return {{0, without_bootconfig(source)}};
  image.is_uki = true;
  std::vector<Stretch> out;
  for (const auto& section : pe_sections(head, source.size())) {
    if (section.name == ".initrd") out.push_back({section.offset, section.size});
    // Microcode comes first (systemd-stub(7)).
    if (section.name == ".ucode") out.insert(out.begin(), {section.offset, section.size});
    if (section.name == ".cmdline" || section.name == ".uname" || section.name == ".osrel" ||
        section.name == ".sdmagic") {
      std::string text(source.read(section.offset, static_cast<std::size_t>(std::min(section.size, kText))));
      while (!text.empty() && text.back() == '\0') text.pop_back();
      image.sections.emplace(section.name, std::move(text));
    }
  }
  if (out.empty())
    throw base::Error(source.name() + ": a PE file without a section .initrd: it is not a unified kernel image");
  return out;
}

bool feed(Source& source, const Stretch& stretch, Unpacker& unpacker, const std::function<void()>& between) {
  for (std::uint64_t done = 0; done < stretch.size;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, stretch.size - done));
    const auto bytes = source.read(stretch.offset + done, count);
    if (bytes.empty()) return true;
    done += bytes.size();
    if (!unpacker.feed(bytes)) return false;
    if (between) between();
  }
  return true;
}

/// What a stub puts between sections, so that each begins at a multiple of four.
void fill_up(Unpacker& unpacker) {
  constexpr std::string_view kZeros("\0\0\0", 3);
  unpacker.feed(kZeros.substr(0, (4 - unpacker.position() % 4) % 4));
}

void unpack(Source& source, const std::vector<Stretch>& all, Unpacker& unpacker,
            const std::function<void()>& between = {}) {
  for (const auto& stretch : all) {
    if (!feed(source, stretch, unpacker, between)) return;
    if (all.size() > 1) fill_up(unpacker);
  }
  unpacker.finish();
}

void read_signatures(Source& source, Image& image) {
  try {
    image.signatures = pe_signatures(source);
  } catch (const base::Error& error) {
    image.signatures = {{.fault = error.what()}};
  }
}

/// Counts entries as Builder does, and lets through the bytes of some.
class Picker final : public CpioSink {
 public:
  Picker(const std::function<bool(std::uint32_t)>& begin, const std::function<void(std::string_view)>& data)
      : begin_(&begin), data_(&data) {}
  void entry(const CpioHeader& /*header*/, std::string_view /*name*/, std::string_view /*target*/,
             std::uint64_t /*offset*/) override {
    ask([&] { picked_ = (*begin_)(++entry_); });
  }
  void data(std::string_view bytes) override {
    if (!picked_) return;
    ask([&] { (*data_)(bytes); });
  }
  void end_of_file() override {}
  void dropped(const std::string& /*why*/, std::uint64_t /*offset*/) override {}
  void end_of_archive() override {}
  /// What was thrown by who asked: a full disk is no fault of the image.
  void throw_if_failed() const {
    if (failed_) std::rethrow_exception(failed_);
  }

 private:
  template <typename Question>
  void ask(const Question& question) {
    try {
      question();
    } catch (...) {
      failed_ = std::current_exception();
      throw;
    }
  }

  std::exception_ptr failed_;
  const std::function<bool(std::uint32_t)>* begin_;
  const std::function<void(std::string_view)>* data_;
  std::uint32_t entry_ = 0;
  bool picked_ = false;
};

}  // namespace

Image read(Source& source, const ReadOptions& wanted, const Limits& limits, const std::function<void()>& between) {
  Image image;
  const auto all = stretches(source, image);
  for (const auto& stretch : all) image.size += stretch.size;
  if (image.is_uki && wanted.signatures) read_signatures(source, image);
  Builder builder(image, wanted, limits);
  Unpacker unpacker(builder, image, &builder, limits);
  unpack(source, all, unpacker, between);
  return image;
}

void read_again(Source& source, const std::function<bool(std::uint32_t)>& begin,
                const std::function<void(std::string_view)>& data) {
  Image scratch;
  const auto all = stretches(source, scratch);
  Picker picker(begin, data);
  {
    Unpacker unpacker(picker, scratch, nullptr, Limits{});
    unpack(source, all, unpacker);
  }
  picker.throw_if_failed();
}

}  // namespace initramfs
