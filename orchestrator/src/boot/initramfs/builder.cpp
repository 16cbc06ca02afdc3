// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/builder.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "initramfs/walk.hpp"

namespace initramfs {
namespace {

constexpr std::uint32_t kTypeMask = 0170000;
constexpr std::uint32_t kFolder = 0040000;
constexpr std::uint32_t kFile = 0100000;
constexpr std::uint32_t kLink = 0120000;

/// Of a name as an archive has it, what leads to the last part, and that part.
std::pair<std::string_view, std::string_view> halves(std::string_view name) {
  while (name.ends_with('/')) name.remove_suffix(1);
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos) return {{}, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

}  // namespace

struct Builder::Digest {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Digest() = default;
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() { EVP_MD_CTX_free(context); }

  void begin() const {
    if (context == nullptr || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1)
      throw base::Error("OpenSSL has no SHA-256");
  }
  void add(std::string_view bytes) const { EVP_DigestUpdate(context, bytes.data(), bytes.size()); }
  [[nodiscard]] std::string end() const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context, out.data(), &size);
    return {reinterpret_cast<const char*>(out.data()), size};
  }
};

Builder::Builder(Image& image, ReadOptions wanted, Limits limits)
    : image_(&image), wanted_(std::move(wanted)), limits_(limits) {
  if (wanted_.digests) digest_ = std::make_unique<Digest>();
  // What the kernel has in its own, built-in archive (usr/default_cpio_list), and what everything lies in.
  if (!image_->tree_.empty()) return;
  for (const auto* path : {"", "dev", "root"}) image_->nodes_[add(path, kFolder | 0755U)].implied = true;
  image_->nodes_[add("dev/console", 0020000U | 0600U)].implied = true;
}

Builder::~Builder() = default;

void Builder::fault(Fault::Kind kind, std::uint64_t offset, std::string message) {
  if (kind == Fault::Kind::lost && ++lost_ > limits_.faults) return;
  image_->faults.push_back({kind, offset, std::move(message)});
}

void Builder::dropped(const std::string& why, std::uint64_t offset) { fault(Fault::Kind::lost, offset, why); }

void Builder::begin_part() {
  entries_in_part_ = 0;
  early_ = true;
}

/// Where an entry goes, by its canonical path; its folder is there. An Error if it has none.
std::string Builder::place(std::string_view name) {
  const auto [folder, last] = halves(name);
  if (!folder_known_ || folder != folder_) {
    Walk walk(image_->tree_, image_->nodes_);
    auto where = walk.to(folder, true);
    steps_ += walk.steps();
    if (steps_ > limits_.steps) throw LimitReached("its paths are too deep, or its links too many, to be followed");
    const auto found = where ? image_->tree_.find(*where) : image_->tree_.end();
    if (found == image_->tree_.end() || !image_->nodes_[found->second].is_directory()) return {};
    folder_ = folder;
    folder_at_ = std::move(*where);
    folder_known_ = true;
  }
  name_bytes_ += folder_at_.size();  // names are kept whole
  if (last == "." || last == ".." || last.empty()) {
    Walk walk(image_->tree_, image_->nodes_);
    return walk.to(name, false).value_or("");
  }
  return folder_at_.empty() ? std::string(last) : folder_at_ + '/' + std::string(last);
}

std::uint32_t Builder::add(const std::string& where, std::uint32_t mode) {
  const auto index = static_cast<std::uint32_t>(image_->nodes_.size());
  image_->nodes_.emplace_back();
  image_->nodes_.back().mode = mode;
  image_->nodes_.back().links = 1;
  image_->tree_.insert_or_assign(where, index);
  return index;
}

void Builder::forget_content(Node& node) {
  if (node.content) content_bytes_ -= node.content->size();
  node.content.reset();
  node.elf.reset();
  node.digest.clear();
}

/// What is at `where` goes, if it is of another type (the kernel's clean_path). False: a folder that is not empty
/// stays.
bool Builder::clear(const std::string& where, std::uint32_t type) {
  const auto found = image_->tree_.find(where);
  if (found == image_->tree_.end()) return true;
  auto& node = image_->nodes_[found->second];
  if ((node.mode & kTypeMask) == type) return true;
  if (node.is_directory()) {
    const auto below = image_->tree_.upper_bound(where + '/');
    if (where.empty() || (below != image_->tree_.end() && below->first.starts_with(where + '/'))) return false;
  }
  if (--node.links == 0) forget_content(node);
  image_->tree_.erase(found);
  folder_known_ = false;
  return true;
}

void Builder::own(Node& node, const CpioHeader& header) const {
  node.mode = header.mode & 0177777U;
  node.uid = header.uid;
  node.gid = header.gid;
  node.mtime = header.mtime;
  node.part = static_cast<std::uint32_t>(image_->parts.size());
  node.implied = false;
}

/// True if the entry is one more name of an inode that this archive has had (maybe_link of the kernel).
bool Builder::link_to_known(const CpioHeader& header, const std::string& where) {
  if (header.nlink < 2) return false;
  const Key key{header.major, header.minor, header.ino, header.mode & kTypeMask};
  const auto known = links_.find(key);
  if (known == links_.end()) {
    links_.emplace(key, where);
    return false;
  }
  const auto first = image_->tree_.find(known->second);
  if (first == image_->tree_.end() || known->second == where) return false;
  const auto index = first->second;
  if (!clear(where, 0)) return false;
  image_->tree_.insert_or_assign(where, index);
  ++image_->nodes_[index].links;
  return true;
}

void Builder::begin_file(std::uint32_t index, const std::string& where, std::uint64_t size) {
  auto& node = image_->nodes_[index];
  forget_content(node);
  node.size = size;
  node.entry = static_cast<std::uint32_t>(image_->entries);
  file_ = index;
  const auto most = wanted_.content ? wanted_.content(where) : 0;
  keeping_ = size <= most && content_bytes_ + size <= limits_.content;
  if (keeping_) {
    node.content.emplace();
    node.content->reserve(static_cast<std::size_t>(size));
    content_bytes_ += size;
  }
  probing_ = wanted_.elf && size > 0;
  if (probing_) probe_.begin(size);
  if (digest_) digest_->begin();
}

void Builder::put_file(const CpioHeader& header, const std::string& where) {
  const bool linked = link_to_known(header, where);
  if (!linked && !clear(where, kFile))
    return fault(Fault::Kind::lost, 0, fmt::format("{}: a folder is in its place", base::printable(where, 200)));
  const auto found = image_->tree_.find(where);
  const auto index = found != image_->tree_.end() ? found->second : add(where, kFile);
  own(image_->nodes_[index], header);
  has_file_ = true;
  if (linked && header.size == 0) {
    // One more name; the bytes stay those that came with another.
    file_ = index;
    keeping_ = probing_ = has_file_ = false;
    return;
  }
  begin_file(index, where, header.size);
}

void Builder::put_other(const CpioHeader& header, const std::string& where, std::string_view target) {
  const auto type = header.mode & kTypeMask;
  if (type != kFolder && type != kLink && link_to_known(header, where)) return;
  // A link is always made anew.
  if (!clear(where, type == kLink ? 0 : type))
    return fault(Fault::Kind::lost, 0,
                 fmt::format("{}: a folder that is not empty is in its place", base::printable(where, 200)));
  const auto found = image_->tree_.find(where);
  const auto index = found != image_->tree_.end() ? found->second : add(where, type);
  auto& node = image_->nodes_[index];
  own(node, header);
  node.entry = static_cast<std::uint32_t>(image_->entries);
  node.rdev_major = header.rdev_major;
  node.rdev_minor = header.rdev_minor;
  if (type == kLink) {
    node.target = target;
    node.size = target.size();
    folder_known_ = false;
  }
}

void Builder::count(std::string_view name, std::string_view target, std::uint64_t /*offset*/) {
  ++image_->entries;
  ++entries_in_part_;
  name_bytes_ += name.size() + target.size();
  if (image_->entries > limits_.entries) throw LimitReached(fmt::format("more than {} entries", limits_.entries));
  if (name_bytes_ > limits_.names)
    throw LimitReached(fmt::format("names of more than {}", base::human_size(limits_.names)));
}

void Builder::entry(const CpioHeader& header, std::string_view name, std::string_view target, std::uint64_t offset) {
  count(name, target, offset);
  has_file_ = false;
  const auto type = header.mode & kTypeMask;
  if (type == kFile && !name.starts_with("kernel/") && name != "early_cpio") early_ = false;
  if (name.empty()) return fault(Fault::Kind::lost, offset, "an entry without a name");
  const auto where = place(name);
  if (where.empty()) {
    // "." is the root itself, which is there.
    if (name.find_first_not_of("./") == std::string_view::npos) {
      if (type == kFolder) own(image_->nodes_[image_->tree_.find("")->second], header);
      return;
    }
    return fault(Fault::Kind::lost, offset, fmt::format("{}: its folder is not there", base::printable(name, 200)));
  }
  if (type == kFile) return put_file(header, where);
  constexpr std::array<std::uint32_t, 4> kNodes{0010000, 0020000, 0060000, 0140000};
  for (const auto known : kNodes) {
    if (type == known) return put_other(header, where, {});
  }
  if (type == kFolder || type == kLink) return put_other(header, where, target);
  fault(Fault::Kind::lost, offset,
        fmt::format("{}: of no known type (mode {:o})", base::printable(name, 200), header.mode));
}

void Builder::data(std::string_view bytes) {
  if (!has_file_) return;
  if (keeping_) image_->nodes_[file_].content->append(bytes);
  if (digest_) digest_->add(bytes);
  if (!probing_) return;
  probe_.feed(bytes);
  probing_ = probe_.wants_more();
  if (!probing_) {
    if (auto facts = probe_.finish()) image_->nodes_[file_].elf = std::make_shared<const ElfFacts>(std::move(*facts));
  }
}

void Builder::end_of_file() {
  if (!has_file_) return;
  if (probing_) {
    if (auto facts = probe_.finish()) image_->nodes_[file_].elf = std::make_shared<const ElfFacts>(std::move(*facts));
  }
  if (digest_) image_->nodes_[file_].digest = digest_->end();
  has_file_ = probing_ = keeping_ = false;
}

}  // namespace initramfs
