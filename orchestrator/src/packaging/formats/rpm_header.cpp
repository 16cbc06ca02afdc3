// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/rpm_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/format_parts.hpp"
#include "formats/rpm.hpp"

namespace formats {
namespace {

using Values = std::vector<std::string>;

/// How the package was made and packed, and what of it other tags or rpm itself vouch for (digests, sizes, times).
/// None of them says what an installation does.
const std::set<std::string, std::less<>>& of_the_build() {
  static const std::set<std::string, std::less<>> tags{
      // the signature header
      "sigsize", "longsigsize", "sigmd5", "sha1header", "sha256header", "sha3_256header", "rsaheader", "dsaheader",
      "siggpg", "sigpgp", "openpgp", "reservedspace",
      // when, where and by what
      "buildtime", "buildhost", "cookie", "sourcepkgid", "rpmversion", "rpmformat", "optflags", "platform", "encoding",
      // the payload
      "size", "longsize", "archivesize", "longarchivesize", "payloadformat", "payloadcompressor", "payloadflags",
      "payloaddigest", "payloaddigestalt", "payloaddigestalgo", "payloadsize", "payloadsizealt", "payloadsha256",
      "payloadsha256alt", "payloadsha512", "payloadsha512alt", "payloadsha3_256", "payloadsha3_256alt",
      // of each file; the payload's own reader says what it holds
      "filesizes", "longfilesizes", "filemtimes", "filedigests", "filedigestalgo", "filelinktos", "filedevices",
      "fileinodes", "fileclass", "classdict", "filemimeindex", "mimedict", "filedependsx", "filedependsn",
      "dependsdict"};
  return tags;
}

/// What the other reading steps compare.
const std::set<std::string, std::less<>>& compared_elsewhere() {
  static const std::set<std::string, std::less<>> tags{"name",
                                                       "version",
                                                       "release",
                                                       "arch",
                                                       "license",
                                                       "summary",
                                                       "url",
                                                       "requirename",
                                                       "requireflags",
                                                       "requireversion",
                                                       "suggestname",
                                                       "recommendflags",
                                                       "recommendname",
                                                       "recommendversion",
                                                       "suggestflags",
                                                       "suggestversion",
                                                       "conflictname",
                                                       "conflictflags",
                                                       "conflictversion",
                                                       "filemodes",
                                                       "fileusername",
                                                       "filegroupname",
                                                       "basenames",
                                                       "dirnames",
                                                       "dirindexes",
                                                       "postin",
                                                       "preun",
                                                       "postun",
                                                       "transfiletriggerscripts",
                                                       "transfiletriggername",
                                                       "transfiletriggerindex"};
  return tags;
}

const Values& values(const RpmHeader& header, std::string_view tag) {
  static const Values none;
  const auto found = header.find(std::string(tag));
  return found == header.end() ? none : found->second;
}

std::string shown(const Values& list) { return base::printable(base::join(list, ", "), 200); }

/// One of rpm's elements at the beginning of `text`: its value, and the text behind it.
struct Element {
  std::string value;
  std::string_view rest;
};

std::optional<Element> element(std::string_view text) {
  for (const std::string_view kind : {"string", "integer", "base64"}) {
    const std::string empty = fmt::format("<{}/>", kind);
    if (text.starts_with(empty)) return Element{"", text.substr(empty.size())};
    const std::string open = fmt::format("<{}>", kind);
    if (!text.starts_with(open)) continue;
    const std::string close = fmt::format("</{}>", kind);
    const auto end = text.find(close);
    if (end == std::string_view::npos) return std::nullopt;
    std::string value(text.substr(open.size(), end - open.size()));
    for (const auto& [entity, plain] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}})
      value = base::replace_all(value, entity, plain);
    return Element{std::move(value), text.substr(end + close.size())};
  }
  return std::nullopt;
}

Values elements(std::string_view text, const std::string& tag) {
  Values out;
  for (text = base::trim(text); !text.empty(); text = base::trim(text)) {
    auto found = element(text);
    if (!found) throw base::Error(fmt::format("the header's tag {} is not as rpm prints it", base::printable(tag)));
    out.push_back(std::move(found->value));
    text = found->rest;
  }
  return out;
}

std::string without_trailing_blanks(const std::string& text) {
  Values out;
  for (const auto& line : base::lines(text)) {
    const auto last = line.find_last_not_of(" \t");
    out.push_back(last == std::string::npos ? "" : line.substr(0, last + 1));
  }
  return base::join(out, "\n");
}

Values trimmed(const Values& list) {
  Values out;
  for (const auto& one : list) out.push_back(without_trailing_blanks(one));
  return out;
}

/// Compares, and collects what differs.
class Comparison {
 public:
  explicit Comparison(const RpmHeader& header) : header_(header) {}

  void equal(const std::string& tag, const Values& expected) {
    known_.insert(tag);
    if (trimmed(values(header_, tag)) == trimmed(expected)) return;
    faults_.push_back(fmt::format("the header's {} is \"{}\", expected \"{}\"", tag, shown(values(header_, tag)),
                                  base::join(expected, ", ")));
  }
  /// There once for each file, or script, and everywhere the same; or not there at all.
  void all(const std::string& tag, const std::string& expected) {
    known_.insert(tag);
    const auto& found = values(header_, tag);
    if (std::ranges::all_of(found, [&](const std::string& one) { return one == expected; })) return;
    faults_.push_back(fmt::format("the header's {} is \"{}\", expected \"{}\"", tag, shown(found), expected));
  }
  void fault(const std::string& tag, std::string text) {
    known_.insert(tag);
    if (!text.empty()) faults_.push_back(std::move(text));
  }
  std::vector<std::string> done() {
    for (const auto& [tag, found] : header_) {
      if (known_.contains(tag) || of_the_build().contains(tag) || compared_elsewhere().contains(tag)) continue;
      faults_.push_back(
          fmt::format("the header has a tag that no profile knows: {} = \"{}\"", base::printable(tag), shown(found)));
    }
    return std::move(faults_);
  }

 private:
  const RpmHeader& header_;
  std::set<std::string, std::less<>> known_;
  std::vector<std::string> faults_;
};

/// The files' flags (rpmfileAttrs): a document may be left out by those who install, so nothing else is one.
std::string file_flags_fault(const Ingredients& from, const RpmHeader& header) {
  static constexpr unsigned kDocument = 1U << 1U;
  static constexpr unsigned kLicense = 1U << 7U;
  const auto& flags = values(header, "fileflags");
  const auto& names = values(header, "basenames");
  const auto& folders = values(header, "dirnames");
  const auto& indexes = values(header, "dirindexes");
  if (flags.size() != names.size() || indexes.size() != names.size())
    return fmt::format("the header has {} fileflags for {} files", flags.size(), names.size());
  for (std::size_t i = 0; i < flags.size(); ++i) {
    unsigned flag = 0;
    std::size_t folder = folders.size();
    const auto number = [](const std::string& text, auto& into) {
      const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), into);
      return fault == std::errc() && end == text.data() + text.size();
    };
    if (!number(flags[i], flag) || !number(indexes[i], folder) || folder >= folders.size())
      return fmt::format("the header's fileflags are \"{}\"", shown(flags));
    const std::string path = folders[folder] + names[i];
    const bool fits = flag == 0 ||
                      (flag == kDocument &&
                       (path == from.profile.package.doc_dir || path.starts_with(from.profile.package.doc_dir + '/') ||
                        path.starts_with("/usr/share/man/"))) ||
                      (flag == kLicense && path.starts_with(from.profile.package.rpm.license_dir + '/'));
    if (!fits) return fmt::format("{} has the file flags {}, which nobody asked for", base::printable(path), flag);
  }
  return "";
}

/// What a package provides by itself: its name, and where it is for one machine its name for that machine, as
/// %{?_isa} has it ("(x86-64)").
Values provides(const Ingredients& from) {
  Values out{from.project.name};
  if (!is_prebuilt(from)) return out;
  const std::string& arch = from.profile.package.arch;
  const std::string isa = arch == "aarch64" ? "aarch-64" : base::replace_all(arch, "_", "-");
  out.push_back(fmt::format("{}({})", from.project.name, isa));
  return out;
}

/// rpm gives a 64-bit program another color (2) than a file of no machine (0).
std::string colors_fault(const Ingredients& from, const RpmHeader& header) {
  const auto& colors = values(header, "filecolors");
  const bool fits = std::ranges::all_of(
      colors, [&](const std::string& one) { return one == "0" || (is_prebuilt(from) && one == "2"); });
  return fits ? "" : fmt::format("the header's filecolors are \"{}\"", shown(colors));
}

void changelog(const Ingredients& from, const RpmHeader& header, Comparison& comparison) {
  static constexpr std::int64_t kNoon = 12 * 60 * 60;  // rpm takes a day for its noon
  Values times;
  Values names;
  Values texts;
  for (const auto& [day, name, text] : rpm_changelog(from)) {
    times.push_back(std::to_string(day + kNoon));
    names.push_back(name);
    texts.push_back(text);
  }
  // Some hosts' rpm leaves old entries out (%_changelog_trimage); the newest is always there.
  const auto kept = std::clamp<std::size_t>(values(header, "changelogname").size(), 1, names.size());
  for (auto* list : {&times, &names, &texts}) list->resize(kept);
  comparison.equal("changelogtime", times);
  comparison.equal("changelogname", names);
  comparison.equal("changelogtext", texts);
}

}  // namespace

RpmHeader read_rpm_header(std::string_view xml) {
  static constexpr std::string_view kOpen = "<rpmTag name=\"";
  static constexpr std::string_view kClose = "</rpmTag>";
  RpmHeader out;
  for (auto at = xml.find(kOpen); at != std::string_view::npos; at = xml.find(kOpen, at)) {
    const auto start = at + kOpen.size();
    const auto quote = xml.find("\">", start);
    const auto end = xml.find(kClose, start);
    if (quote == std::string_view::npos || end == std::string_view::npos || quote > end)
      throw base::Error("the header's list of tags ends within a tag");
    std::string tag(xml.substr(start, quote - start));
    std::ranges::transform(tag, tag.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!out.emplace(tag, elements(xml.substr(quote + 2, end - quote - 2), tag)).second)
      throw base::Error(fmt::format("the header has the tag {} twice", base::printable(tag)));
    at = end;
  }
  if (out.empty()) throw base::Error("rpm printed no header");
  return out;
}

std::vector<std::string> rpm_header_faults(const Ingredients& from, const RpmHeader& header, const std::string& version,
                                           const std::string& source) {
  static constexpr const char* kShell = "/bin/sh";
  Comparison comparison(header);
  comparison.equal("headeri18ntable", {"C"});
  comparison.equal("os", {"linux"});
  comparison.all("group", "Unspecified");
  comparison.equal("description", {base::join(from.project.description, "\n")});
  comparison.equal("sourcerpm", {source});
  // The package itself, and nothing in the place of another.
  const auto provided = provides(from);
  comparison.equal("providename", provided);
  comparison.equal("provideversion", Values(provided.size(), version));
  comparison.all("provideflags", "8");              // RPMSENSE_EQUAL
  comparison.all("fileverifyflags", "4294967295");  // everything is verified
  comparison.all("filerdevs", "0");
  comparison.all("filelangs", "");
  comparison.fault("filecolors", colors_fault(from, header));
  comparison.fault("fileflags", file_flags_fault(from, header));
  comparison.equal("postinprog", from.templates.contains("post") ? Values{kShell} : Values{});
  comparison.equal("preunprog", from.templates.contains("preun") ? Values{kShell} : Values{});
  comparison.equal("postunprog", from.templates.contains("postun") ? Values{kShell} : Values{});
  comparison.all("transfiletriggerscriptprog", kShell);
  comparison.all("transfiletriggerversion", "");
  comparison.all("transfiletriggerpriorities", "1000000");
  comparison.all("transfiletriggerflags", "65536");  // RPMSENSE_TRIGGERIN
  changelog(from, header, comparison);
  return comparison.done();
}

}  // namespace formats
