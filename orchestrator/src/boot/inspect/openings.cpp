// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/openings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "base/text.hpp"

namespace inspect {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string_view without(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// systemd's and dracut's words for no.
bool is_no(std::string value) {
  value = lower(std::move(value));
  return std::ranges::any_of(std::vector<std::string_view>{"0", "no", "n", "false", "f", "off"},
                             [&](std::string_view word) { return value == word; });
}

class Reader {
 public:
  explicit Reader(const Facts& facts) : facts_(facts) {}

  Openings read() {
    for (const auto& word : facts_.cmdline) read_word(word);
    if (!luks_) {
      for (const auto& disk : out_.disks) out_.ignored.push_back(disk.source + " (rd.luks=no switches it off)");
      out_.disks.clear();
      out_.every_luks = false;
      out_.unsure.clear();
    }
    read_crypttab();
    for (auto& disk : out_.disks) add_options(disk);
    return std::move(out_);
  }

 private:
  Opening& by_uuid(const std::string& uuid, const std::string& word) {
    const auto found = std::ranges::find(out_.disks, uuid, &Opening::uuid);
    if (found != out_.disks.end()) return *found;
    out_.disks.push_back({"luks-" + uuid, uuid, word, {}, {}});
    return out_.disks.back();
  }

  void read_word(const std::string& word) {
    const auto equals = std::min(word.find('='), word.size());
    const auto name = without(std::string_view(word).substr(0, equals), "rd.");
    const auto value = word.substr(std::min(word.size(), equals + 1));
    if (name == "luks") luks_ = !is_no(value);
    if (name == "luks.crypttab") crypttab_ = !is_no(value);
    if (word == "rd.auto" || (word.starts_with("rd.auto=") && !is_no(value))) out_.every_luks = true;
    if (name == "luks.uuid") {
      const auto uuid = lower(std::string(without(value, "luks-")));
      if (!uuid.empty()) (void)by_uuid(uuid, word);
    } else if (name == "luks.name") {
      const auto second = value.find('=');
      if (second == std::string::npos || second == 0 || second + 1 == value.size()) return;
      auto& disk = by_uuid(lower(value.substr(0, second)), word);
      disk.name = value.substr(second + 1);
      disk.source = word;
    } else if (name == "luks.options") {
      read_options(value);
    } else if (name == "luks.serial" || name == "luks.partuuid") {
      out_.unsure = word;
    }
  }

  /// "UUID=OPTIONS", or OPTIONS for every disk that crypttab has no line for.
  void read_options(const std::string& value) {
    const auto equals = value.find('=');
    const auto uuid = lower(value.substr(0, std::min(equals, value.size())));
    const bool named = equals != std::string::npos && uuid.size() == 36 &&
                       uuid.find_first_not_of("0123456789abcdef-") == std::string::npos;
    (named ? options_of_[uuid] : options_of_[""]) = named ? value.substr(equals + 1) : value;
  }

  void add_options(Opening& disk) const {
    if (disk.line) disk.options = disk.line->options;
    auto found = disk.uuid.empty() ? options_of_.end() : options_of_.find(disk.uuid);
    if (found == options_of_.end() && !disk.line) found = options_of_.find("");
    if (found == options_of_.end()) return;
    for (auto& option : base::split(found->second, ',')) {
      if (!option.empty()) disk.options.push_back(std::move(option));
    }
  }

  void read_crypttab() {
    const auto* const node = facts_.image.find("etc/crypttab");
    if (node == nullptr || !node->is_file()) return;
    const auto text = facts_.image.content("etc/crypttab");
    if (!text) {
      out_.unsure = "/etc/crypttab, which is too long to be read";
      return;
    }
    // Where the command line names disks, crypttab counts for these alone.
    const bool named = !out_.disks.empty();
    const auto count = out_.disks.size();
    for (auto& line : storage::parse_crypttab(*text)) {
      const auto where = fmt::format("/etc/crypttab:{}", line.number);
      auto uuid = storage::uuid_in(line.device);
      if (uuid.empty() && line.name.starts_with("luks-")) uuid = lower(line.name.substr(5));
      const auto ignore = [&](std::string_view why) {
        out_.ignored.push_back(fmt::format("{} {} ({})", where, base::printable(line.name), why));
      };
      if (!luks_ || !crypttab_) {
        ignore(luks_ ? "rd.luks.crypttab=no switches it off" : "rd.luks=no switches it off");
        continue;
      }
      if (named) {
        const auto end = out_.disks.begin() + static_cast<std::ptrdiff_t>(count);
        const auto same = std::find_if(out_.disks.begin(), end, [&](const Opening& disk) { return disk.uuid == uuid; });
        if (uuid.empty() || same == end) {
          ignore("the command line names other disks by rd.luks, and then crypttab counts for those alone");
          continue;
        }
        same->name = line.name;  // also where rd.luks.name says otherwise
        same->line = std::move(line);
        continue;
      }
      if (line.has_option("noauto")) {
        ignore("it says noauto");
        continue;
      }
      out_.disks.push_back({line.name, storage::uuid_in(line.device), where, {}, {}});
      out_.disks.back().line = std::move(line);
    }
  }

  const Facts& facts_;
  Openings out_;
  std::map<std::string, std::string> options_of_;  // by UUID; "": of the others
  bool luks_ = true;
  bool crypttab_ = true;
};

}  // namespace

const Opening* Openings::named(std::string_view name) const {
  const auto found = std::ranges::find(disks, name, &Opening::name);
  return found == disks.end() ? nullptr : &*found;
}

const Opening* Openings::of(std::string_view name, std::string_view uuid) const {
  const auto found = std::ranges::find_if(disks, [&](const Opening& disk) {
    if (disk.uuid.empty()) return disk.name == name;
    if (uuid.empty()) return disk.name == name;
    // dracut looks for the word anywhere in the UUID; crypttab's and systemd's are whole.
    return disk.source.starts_with('/') ? disk.uuid == uuid : uuid.find(disk.uuid) != std::string_view::npos;
  });
  return found == disks.end() ? nullptr : &*found;
}

Openings openings_of(const Facts& facts) { return Reader(facts).read(); }

std::string cryptsetup_generator(const Facts& facts) {
  for (const auto* folder : {"etc/systemd/system-generators", "usr/local/lib/systemd/system-generators",
                             "usr/lib/systemd/system-generators", "lib/systemd/system-generators"}) {
    auto path = std::string(folder) + "/systemd-cryptsetup-generator";
    if (facts.has(path)) return path;
  }
  return {};
}

}  // namespace inspect
