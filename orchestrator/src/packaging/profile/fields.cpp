// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "model/install_list.hpp"

namespace profile {
namespace {

using enum Grammar::Extra;

const Grammar kId{"a-z", "a-z0-9-", 32, none, "small letters, digits and '-', beginning with a letter"};
const Grammar kRelease{"A-Za-z0-9", "A-Za-z0-9.-", 32, none, "letters, digits, '.' and '-', no '-' or '.' first"};
// '"', '\', '$', '`', '%' and '@' are in no text that reaches a template: what cannot stand there cannot run there
const Grammar kText{"A-Za-z0-9", "A-Za-z0-9 .,:;()&+'_-", 100, none,
                    "one line of letters, digits and simple punctuation"};
const Grammar kProse{" -~", " -~", 600, none, "one line of printable ASCII"};
const Grammar kVersion{"0-9", "A-Za-z0-9.+~_-", 40, none,
                       "a version: digits first, then letters, digits and . + ~ _ -"};
const Grammar kDay{"0-9", "0-9-", 10, date, "a day as YYYY-MM-DD"};
const Grammar kPath{"/", "A-Za-z0-9._+/-", 200, path,
                    "an absolute path of letters, digits and . _ + - without '..', '//' or '/' at its end"};
const Grammar kImage{"/", "A-Za-z0-9._+/%-", 200, image,
                     "an absolute path in which %k, and no other '%', stands for the kernel's version"};
const Grammar kDocDir{"/", "A-Za-z0-9._+/{}-", 200, doc_dir,
                      "a path below /usr/share in which {name} and {version} may stand"};
const Grammar kPackage{"A-Za-z0-9", "A-Za-z0-9.+_/-", 100, name,
                       "a package's name: letters, digits and . + _ / -, without '..'"};
const Grammar kDist{".", "A-Za-z0-9._", 20, none, "a '.', then letters, digits, '.' and '_'"};
const Grammar kPayload{"w", "A-Za-z0-9.", 20, none, "rpm's words for it, as in w19.zstdio"};
const Grammar kSuffix{"~+", "A-Za-z0-9.+~", 40, none, "'~' or '+', then letters, digits and . + ~"};
const Grammar kSeries{"a-z", "a-z0-9-", 40, none, "small letters, digits and '-'"};
const Grammar kDotted{"0-9", "0-9.", 20, none, "digits and '.'"};
const Grammar kKeywords{"a-z0-9~*-", "a-z0-9~ *-", 200, none, "architectures, each with or without '~'"};
const Grammar kUser{"a-z_", "a-z0-9_-", 32, none, "a user's name: small letters, digits, '_' and '-'"};
const Grammar kContainer{
    "a-z0-9", "A-Za-z0-9._/:-", 120, name,
    "a container image's name: small letters and digits first, then letters, digits and . _ / : -, "
    "without '..'"};
const Grammar kPlace{"A-Za-z0-9", "A-Za-z0-9._+-", 64, none, "letters, digits and . _ + -"};
const Grammar kRemote{
    "a-z", "A-Za-z0-9.:/@_{}~+-", 200, name,
    "an address of letters, digits and . : / @ _ ~ + - without '..', in which {name} or {project} may stand"};
const Grammar kMacroName{"A-Za-z_", "A-Za-z0-9_", 60, none, "a macro's name"};
const Grammar kMacroValue{"A-Za-z0-9./_+~-", "A-Za-z0-9./_+~-", 100, none,
                          "one word of letters, digits and . / _ + ~ -"};

const auto B = Scope::both;

// clang-format off
const std::vector<Field> kFields = {
    {"/id", Scope::distribution, Kind::string, true, "", &kId, {}, "The name of the distribution, and of its file."},
    {"/name", Scope::distribution, Kind::string, true, "", &kText, {}, "The name that people read."},
    {"/default", Scope::distribution, Kind::string, true, "", &kRelease, {}, "The release that is meant when none is named."},
    {"/os_release", Scope::distribution, Kind::set, true, "", &kId, {}, "The values of ID= in os-release(5) that this profile serves."},
    {"/releases", Scope::distribution, Kind::releases, true, "", nullptr, {}, "The releases, oldest first; each is merged over the rest of the file (RFC 7396)."},
    {"/sources", B, Kind::sources, false, "", nullptr, {}, "Where values are known from: a JSON pointer to a value, or to what holds it, and a text."},
    {"/eol", Scope::release, Kind::string, false, "", &kDay, {}, "The last day of support; past it a build warns and goes on."},
    {"/dracut", Scope::release, Kind::string, true, "", &kVersion, {}, "The version of dracut."},
    {"/openssh", Scope::release, Kind::string, true, "", &kVersion, {}, "The version of OpenSSH."},

    {"/packages", B, Kind::packages, true, "", nullptr, {}, "The packages that are made, by the names that project.json has for them: what each says is merged over /package (RFC 7396)."},
    {"/package", B, Kind::object, true, "", nullptr, {}, "What all packages have in common."},
    {"/package/format", B, Kind::choice, true, "", nullptr, {"rpm", "deb", "ebuild", "pkgbuild"}, "The package format.", true},
    {"/package/manager", B, Kind::choice, true, "", nullptr, {"dnf", "zypper", "apt", "portage", "pacman"}, "The package manager that installs it.", true},
    {"/package/key_types", B, Kind::set, false, "", &kId, {}, "The types of keys that the package manager reads, as the words that GnuPG begins an algorithm with; any, when there is none.", true},
    {"/package/name", B, Kind::string, false, "", &kSeries, {}, "The package's name here, where it is another than in project.json."},
    {"/package/arch", B, Kind::choice, false, "", nullptr, {"noarch", "all", "any"}, "The distribution's word for a package of no architecture; left out where there are /package/architectures."},
    {"/package/architectures", B, Kind::set, false, "", &kMacroName, {"x86_64", "aarch64"}, "The architectures that the package is made for, as uname -m has them; left out where it has none."},
    {"/package/revision", B, Kind::integer, true, "", nullptr, {}, "The package's revision of one version."},
    {"/package/doc_dir", B, Kind::string, true, "", &kDocDir, {}, "Where documents and examples are installed."},
    {"/package/sbin_dir", B, Kind::choice, true, "", nullptr, {"/usr/sbin", "/usr/bin"}, "Where commands for the administrator are installed."},
    {"/package/zsh_dir", B, Kind::choice, false, "", nullptr, {"/usr/share/zsh/site-functions", "/usr/share/zsh/vendor-completions"}, "Where zsh looks for the completions of packages; the former, when it is left out."},
    {"/package/requires", B, Kind::dependencies, true, "", &kPackage, {}, "What must be installed."},
    {"/package/build_requires", B, Kind::dependencies, false, "", &kPackage, {}, "What must be installed to compile it."},
    {"/package/recommends", B, Kind::dependencies, false, "", &kPackage, {}, "What is installed with it, unless the user says no; where a package manager knows no such thing, it is suggested."},
    {"/package/suggests", B, Kind::dependencies, false, "", &kPackage, {}, "What goes well with it; never installed unasked."},
    {"/package/conflicts", B, Kind::dependencies, false, "", &kPackage, {}, "What it cannot be installed beside."},
    {"/package/rpm", B, Kind::object, true, "rpm", nullptr, {}, "For rpm alone."},
    {"/package/rpm/dist", B, Kind::string, true, "rpm", &kDist, {}, "The value of %{dist}."},
    {"/package/rpm/payload", B, Kind::string, true, "rpm", &kPayload, {}, "The value of %_binary_payload."},
    {"/package/rpm/license_dir", B, Kind::string, true, "rpm", &kDocDir, {}, "Where %license files are installed."},
    {"/package/rpm/emulate", B, Kind::macros, false, "rpm", nullptr, {"_defaultdocdir", "_target", "_vendor", "fedora", "is_opensuse", "mageia", "omvver", "rhel", "sle_version", "suse_version"}, "Macros of the target that another host lacks; on the command line alone, never in an SRPM."},
    {"/package/deb", B, Kind::object, true, "deb", nullptr, {}, "For deb alone."},
    {"/package/deb/suffix", B, Kind::string, true, "deb", &kSuffix, {}, "What closes the version, so that releases differ and sort upwards."},
    {"/package/deb/series", B, Kind::string, true, "deb", &kSeries, {}, "The distribution field of the changelog."},
    {"/package/deb/section", B, Kind::string, true, "deb", &kSeries, {}, "The archive's section."},
    {"/package/deb/standards_version", B, Kind::string, true, "deb", &kDotted, {}, "The Debian policy that it follows."},
    {"/package/deb/vendor", B, Kind::string, true, "deb", &kSeries, {}, "The vendor for dpkg-vendor(1) and lintian(1)."},
    {"/package/deb/parent_vendor", B, Kind::string, false, "deb", &kSeries, {}, "The vendor that this one is derived from, for dpkg's origins."},
    {"/package/ebuild", B, Kind::object, true, "ebuild", nullptr, {}, "For ebuild alone."},
    {"/package/ebuild/category", B, Kind::string, true, "ebuild", &kSeries, {}, "The category."},
    {"/package/ebuild/keywords", B, Kind::string, true, "ebuild", &kKeywords, {}, "KEYWORDS."},

    {"/sshd", B, Kind::object, true, "", nullptr, {}, "The distribution's OpenSSH server."},
    {"/sshd/path", B, Kind::string, true, "", &kPath, {}, "Where sshd is."},
    {"/sshd/service_type", B, Kind::choice, true, "", nullptr, {"notify", "simple"}, "Type= in sshd.service: notify if this sshd tells systemd that it is ready."},
    {"/sshd/helper_dir", B, Kind::string, false, "", &kPath, {}, "Where sshd-session and sshd-auth are; left out when sshd is not split."},
    {"/sshd/privsep_dir", B, Kind::string, true, "", &kPath, {}, "The privilege separation directory."},
    {"/sshd/privsep_user", B, Kind::string, true, "", &kUser, {}, "The privilege separation user."},
    {"/sshd/environment_files", B, Kind::set, false, "", &kPath, {}, "The environment files of the distribution's own sshd.service."},

    {"/initrd", B, Kind::object, true, "", nullptr, {}, "The initramfs."},
    {"/initrd/image", B, Kind::string, true, "", &kImage, {}, "Its file; %k is the kernel's version."},
    {"/initrd/generator", B, Kind::choice, true, "", nullptr, {"dracut", "update-initramfs", "kernel-install", "rpm-ostree", "transactional-update"}, "The program that makes it."},
    {"/initrd/hooks", B, Kind::set, false, "", &kId, {model::kHooks.begin(), model::kHooks.end()}, "How the system says that a kernel's image was built; none, when it does not."},
    {"/initrd/replaces", B, Kind::string, false, "", &kSeries, {}, "The package whose place dracut takes, and which goes when dracut is installed; left out where dracut is what makes images anyway."},

    {"/ci", B, Kind::object, false, "", nullptr, {}, "How the release is tried by machines."},
    {"/ci/container", B, Kind::string, false, "", &kContainer, {}, "The release's container image, as podman and docker name it; left out when there is none."},
    {"/ci/nightly", B, Kind::string, false, "", &kContainer, {}, "The image in which the release's package is tried every night: of what the distribution will be next; left out when that is not tried."},
    {"/ci/runners", B, Kind::macros, false, "", nullptr, {}, "For each architecture that is tried, the label of the hosted machine that has it; a release without any has no cell in the matrix."},
    {"/ci/kernel", B, Kind::macros, false, "", nullptr, {}, "For each of these architectures, the package that brings a kernel."},
    {"/ci/requires", B, Kind::dependencies, false, "", &kPackage, {}, "What a bare image lacks for a whole initramfs, beside the package and a kernel."},
    {"/ci/tests", B, Kind::set, false, "", &kId, {"install", "image", "inspect"}, "What is tried once the package is built."},
    {"/services", B, Kind::object, false, "", nullptr, {}, "Which build services make packages for it, for orchestrator submit."},
    {"/services/copr", B, Kind::set, false, "", &kPlace, {}, "copr's chroots of the release."},
    {"/services/obs", B, Kind::set, false, "", &kPlace, {}, "The names of the release's repositories in an OBS project; a recipe is named after each."},
    {"/services/ppa", B, Kind::string, false, "", &kSeries, {}, "The series that a PPA builds for."},
    {"/services/ppa_queue", B, Kind::string, false, "", &kRemote, {}, "Where uploads to a PPA go, METHOD://HOST/FOLDER as dput.cf(5) has them; {project} stands for OWNER/NAME."},
    {"/services/ppa_archive", B, Kind::string, false, "", &kRemote, {}, "Where a PPA's packages are published; {project} stands for OWNER/NAME."},
    {"/services/aur", B, Kind::string, false, "", &kRemote, {}, "The git repository of a package in the AUR; {name} stands for the package."},
    {"/services/guru", B, Kind::string, false, "", &kSeries, {}, "The branch of GURU that changes begin at."},
};
// clang-format on

bool in_set(std::string_view set, char c) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      if (c >= set[i] && c <= set[i + 2]) return true;
      i += 2;
    } else if (set[i] == c) {
      return true;
    }
  }
  return false;
}

bool is_clean_path(std::string_view text) {
  if (text.size() < 2 || text.back() == '/') return false;
  for (const auto& part : base::split(text.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

bool fits_extra(Grammar::Extra extra, std::string_view text) {
  switch (extra) {
    case none:
      return true;
    case name:
      return text.find("..") == std::string_view::npos;
    case path:
      return is_clean_path(text);
    case image: {
      const auto without = base::replace_all(std::string(text), "%k", "k");
      return is_clean_path(without) && without.find('%') == std::string::npos && without.size() < text.size();
    }
    case doc_dir: {
      const auto without = base::replace_all(base::replace_all(std::string(text), "{name}", "n"), "{version}", "v");
      return is_clean_path(without) && without.find_first_of("{}") == std::string::npos &&
             without.starts_with("/usr/share/");
    }
    case date:
      return base::days_of(text).has_value();
  }
  return false;
}

}  // namespace

std::span<const Field> fields() { return kFields; }

std::string in_table(std::string_view pointer) {
  constexpr std::string_view kPackages = "/packages/";
  if (!pointer.starts_with(kPackages)) return std::string(pointer);
  const auto rest = pointer.substr(std::min(pointer.find('/', kPackages.size()), pointer.size()));
  return "/package" + std::string(rest);
}

const Field* find_field(std::string_view pointer) {
  const auto found = std::ranges::find(kFields, in_table(pointer), &Field::pointer);
  return found == kFields.end() ? nullptr : &*found;
}

std::vector<std::string> names_below(std::string_view pointer, Scope scope) {
  std::vector<std::string> names;
  const auto object = in_table(pointer);
  for (const auto& field : kFields) {
    if (!field.pointer.starts_with(object) || field.pointer.size() <= object.size()) continue;
    const auto rest = field.pointer.substr(object.size());
    if (rest.front() != '/' || rest.find('/', 1) != std::string_view::npos) continue;
    if (field.common && object != pointer) continue;
    if (field.scope == Scope::both || field.scope == scope) names.emplace_back(rest.substr(1));
  }
  if (scope == Scope::release && pointer.empty()) names.emplace_back("id");  // a release has an id of its own
  return names;
}

std::string misfit(const Grammar& grammar, std::string_view text) {
  if (text.empty()) return fmt::format("expected {}, got nothing", grammar.words);
  if (text.size() > grammar.max) {
    return fmt::format("expected at most {} characters, got {}", grammar.max, text.size());
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_set(i == 0 ? grammar.first : grammar.rest, text[i])) continue;
    return fmt::format("expected {}; \"{}\" has '{}' at {}", grammar.words, base::printable(text),
                       base::printable(text.substr(i, 1)), i + 1);
  }
  if (!fits_extra(grammar.extra, text))
    return fmt::format("expected {}, got \"{}\"", grammar.words, base::printable(text));
  return "";
}

std::string pattern(const Grammar& grammar) {
  // A bracket expression as written in the table is valid in ECMA-262 too: '-' stands last, and ']' and '\\' in none.
  switch (grammar.extra) {
    case none:
      return fmt::format("^[{}][{}]{{0,{}}}$", grammar.first, grammar.rest, grammar.max - 1);
    case name:
      return fmt::format("^(?!.*\\.\\.)[{}][{}]{{0,{}}}$", grammar.first, grammar.rest, grammar.max - 1);
    case date:
      return "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
    case path:
    case image:
    case doc_dir:
      break;
  }
  std::string part = "[A-Za-z0-9._+-]";
  if (grammar.extra == image) part = "([A-Za-z0-9._+-]|%k)";
  if (grammar.extra == doc_dir) part = "([A-Za-z0-9._+-]|\\{name\\}|\\{version\\})";
  const std::string kernel = grammar.extra == image ? "(?=.*%k)" : grammar.extra == doc_dir ? "(?=/usr/share/)" : "";
  return fmt::format("^(?=.{{2,{}}}$){}(/(?!\\.\\.?(/|$)){}+)+$", grammar.max, kernel, part);
}

const Grammar& package_grammar() { return kId; }
const Grammar& release_grammar() { return kRelease; }
const Grammar& version_grammar() { return kVersion; }
const Grammar& prose_grammar() { return kProse; }
const Grammar& macro_name_grammar() { return kMacroName; }
const Grammar& macro_value_grammar() { return kMacroValue; }
std::vector<std::string_view> operators() { return {"<", "<=", "=", ">=", ">"}; }

}  // namespace profile
