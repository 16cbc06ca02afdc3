// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/storage_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

#include "base/text.hpp"

namespace storage {
namespace {

constexpr std::size_t kMostNodes = 1000;

struct Kind {
  std::string_view word;
  StorageKind kind;
};
constexpr Kind kKinds[] = {{"fs", StorageKind::file_system}, {"swap", StorageKind::swap},
                           {"crypt", StorageKind::crypt},    {"lv", StorageKind::volume},
                           {"md", StorageKind::array},       {"multipath", StorageKind::multipath},
                           {"part", StorageKind::partition}, {"disk", StorageKind::disk}};

StorageKind kind_named(std::string_view word) {
  const auto* const found = std::ranges::find(kKinds, word, &Kind::word);
  return found == std::end(kKinds) ? StorageKind::unknown : found->kind;
}

/// A decimal number; nothing for anything else.
std::optional<unsigned> number_in(std::string_view text) {
  unsigned out = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  if (read.ec != std::errc{} || read.ptr != end || text.empty() || text.size() > 9) return std::nullopt;
  return out;
}

struct Broken {
  std::string why;
};

class Reader {
 public:
  Storage read(std::string_view text) {
    if (text.size() > kLongestRecord) throw Broken{fmt::format("it is longer than {} bytes", kLongestRecord)};
    if (base::utf8_fault(text)) throw Broken{"it is not UTF-8"};
    std::size_t number = 0;
    for (const auto& line : base::lines(text)) {
      ++number;
      try {
        read_line(line);
      } catch (const Broken& broken) {
        throw Broken{fmt::format("line {}: {}", number, broken.why)};
      }
    }
    if (!version_) throw Broken{"it says no version"};
    resolve();
    if (auto fault = fault_of_graph(out_); !fault.empty()) throw Broken{std::move(fault)};
    return std::move(out_);
  }

 private:
  void read_line(const std::string& line) {
    if (std::ranges::any_of(line, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }))
      throw Broken{"a control character"};
    const auto fields = base::split(line, '\t');
    const std::string word = fields.empty() ? "" : fields[0];
    if (word == "version" && fields.size() >= 2) {
      if (fields[1] != "1") throw Broken{"version " + base::printable(fields[1]) + " is not known here"};
      version_ = true;
    } else if (word == "from" && fields.size() >= 2) {
      out_.complete = fields[1] == "sysfs";
    } else if (word == "need") {
      if (fields.size() < 3) throw Broken{"expected need PURPOSE ID"};
      if (!needs_.emplace(fields[1], id_in(fields[2])).second) throw Broken{"a second " + base::printable(fields[1])};
      if (needs_.size() > kMostNodes) throw Broken{"too many needs"};
    } else if (word == "node") {
      read_node(fields);
    } else if (word == "driver") {
      if (fields.size() < 3 || fields[1].empty() || fields[2].empty()) throw Broken{"expected driver DISK MODULE"};
      if (++drivers_ > kMostNodes) throw Broken{"too many drivers"};
      out_.drivers[fields[1]].push_back(fields[2]);
    }
  }

  void read_node(const std::vector<std::string>& fields) {
    if (fields.size() < 6) throw Broken{"expected node ID KIND NAME UUID BELOW"};
    if (std::ranges::any_of(fields, &std::string::empty)) throw Broken{"an empty field"};
    if (out_.nodes.size() == kMostNodes) throw Broken{fmt::format("more than {} nodes", kMostNodes)};
    if (!ids_.emplace(id_in(fields[1]), out_.nodes.size()).second)
      throw Broken{"a second node " + base::printable(fields[1])};
    StorageNode node{kind_named(fields[2]), fields[3], fields[4] == "-" ? "" : fields[4], {}};
    std::ranges::transform(node.uuid, node.uuid.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (fields[5] != "-") {
      for (const auto& id : base::split(fields[5], ',')) node.below.push_back(id_in(id));
    }
    out_.nodes.push_back(std::move(node));
  }

  static std::size_t id_in(const std::string& text) {
    const auto id = number_in(text);
    if (!id) throw Broken{base::printable(text) + " is not an ID: expected a decimal number"};
    return *id;
  }

  [[nodiscard]] std::size_t index_of(std::size_t id) const {
    const auto found = ids_.find(id);
    if (found == ids_.end()) throw Broken{fmt::format("there is no node {}", id)};
    return found->second;
  }

  void resolve() {
    for (auto& node : out_.nodes) {
      for (auto& id : node.below) id = index_of(id);
    }
    for (const auto& [purpose, id] : needs_) {
      const auto index = index_of(id);
      if (purpose == "/" || purpose == "/usr" || purpose == "resume") out_.needs[purpose] = index;
    }
  }

  Storage out_;
  bool version_ = false;
  std::size_t drivers_ = 0;
  std::map<std::size_t, std::size_t> ids_;
  std::map<std::string, std::size_t> needs_;
};

}  // namespace

Storage read_storage_record(std::string_view text) {
  Storage out;
  try {
    out = Reader().read(text);
    out.source = "recorded when the image was built";
  } catch (const Broken& broken) {
    out.fault = fmt::format("/{}: {}", kStorageRecord, broken.why);
  }
  return out;
}

}  // namespace storage
