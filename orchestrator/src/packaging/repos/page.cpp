// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "base/text.hpp"
#include "repos/manager.hpp"

namespace repos {
namespace {

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --line: #8884; --quiet: #666; --box: #8881 }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa } }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem }
h1 { font-size: 1.8rem; margin: 0 } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem } ol { margin: .5rem 0; padding-left: 1.5rem } li { margin: .4rem 0 }
p.quiet, td.quiet { color: var(--quiet) }
nav { display: flex; flex-wrap: wrap; gap: .4rem; margin: 1.5rem 0 }
nav a { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .8rem; text-decoration: none }
pre { background: var(--box); border-radius: .4rem; padding: .8rem 1rem; overflow-x: auto; margin: .5rem 0 }
pre.wrap { white-space: pre-wrap }
code { font: .875rem/1.6 ui-monospace, monospace } li code { overflow-wrap: anywhere }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; min-width: 44rem; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-top: 1px solid var(--line) }
th { font-weight: 600; border: 0 } th.group { padding-top: 1rem } td.number { text-align: right; white-space: nowrap }
td code { overflow-wrap: anywhere; font-size: .75rem } details summary { cursor: pointer }
)css";

std::string escaped(std::string_view text) {
  std::string out(text);
  for (const auto& [raw, safe] :
       {std::pair{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}})
    out = base::replace_all(std::move(out), raw, safe);
  return out;
}

/// A path as the target of a link: what is not plain becomes %XX.
std::string address(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("/._-+").find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

/// Groups of four, as GnuPG shows a fingerprint.
std::string grouped(const std::string& fingerprint) {
  std::string out;
  for (std::size_t i = 0; i < fingerprint.size(); ++i) {
    if (i != 0 && i % 4 == 0) out += ' ';
    out += fingerprint[i];
  }
  return out;
}

std::string anchor(const Published& entry) { return escaped(entry.distribution + "-" + entry.release); }

/// An overlay is many small files: of these the page shows none.
bool is_shown(const Published::File& file) { return file.path.find("/overlay/") == std::string::npos; }

/// "dracut-sshd-tools 1.0.0-1, amd64"
std::string title(const Published& entry) {
  return fmt::format("{} {}, {}", entry.package, entry.version, is_for_all(entry) ? "all architectures" : entry.arch);
}

std::string file_rows(const Published& entry) {
  auto out = fmt::format("<tr><th class=group colspan=4>{}</th></tr>\n", escaped(title(entry)));
  for (const auto& file : entry.files) {
    if (!is_shown(file)) continue;
    const auto name = file.path.substr(file.path.rfind('/') + 1);
    out += fmt::format(
        "<tr><td><a href=\"{}\">{}</a></td><td class=number>{}</td><td "
        "class=number>{}</td><td><code>{}</code></td></tr>\n",
        address(file.path), escaped(name), base::human_size(file.size), base::iso_date(entry.time),
        escaped(file.sha256));
  }
  return out;
}

std::string table(const std::string& rows) {
  return "<div class=scroll><table><thead><tr><th>file<th class=number>size<th>date<th>SHA-256</thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

/// The architectures of each package that is not for all of them, the newest versions alone.
std::map<std::string, std::vector<std::string>> architectures(const std::vector<const Published*>& newest) {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto* entry : newest) {
    if (!is_for_all(*entry) && entry->arch != kSource) out[entry->package].push_back(entry->arch);
  }
  return out;
}

/// "dracut-sshd 1.0.0-1; dracut-sshd-tools 1.0.0-1 for amd64 and arm64"
std::string contents(const std::vector<const Published*>& newest) {
  const auto own = architectures(newest);
  std::vector<std::string> out;
  std::set<std::string> told;
  for (const auto* entry : newest) {
    if (entry->arch == kSource || !told.insert(entry->package).second) continue;
    auto one = entry->package + " " + entry->version;
    if (const auto found = own.find(entry->package); found != own.end())
      one += " for " + base::join(found->second, " and ");
    out.push_back(std::move(one));
  }
  return base::join(out, "; ");
}

/// What a reader has to know who does not have sudo, or another machine than most.
std::string notes(const Published& newest, const std::map<std::string, std::vector<std::string>>& own) {
  std::string out = "<p class=quiet>As root without sudo, first type <code>sudo() { \"$@\"; }</code>";
  const auto* manager = find(newest.manager);
  if (manager != nullptr && !manager->curl_command().empty())
    out += fmt::format("<br>Without curl, first type <code>{}</code>", escaped(manager->curl_command()));
  const auto last = newest.commands.empty() ? std::vector<std::string>() : base::split(newest.commands.back(), ' ');
  for (const auto& [package, names] : own) {
    if (std::ranges::find(last, package) == last.end()) continue;
    out += fmt::format("<br>On other architectures than {}, leave out <code>{}</code>",
                       escaped(base::join(names, " and ")), escaped(package));
  }
  return out + "</p>\n";
}

/// Before anybody types the lines below it.
std::string caution(const Published& newest, const model::Project& project) {
  if (newest.replaces.empty()) return "";
  return fmt::format(
      "<p><b>Installing {} removes {}</b>: dracut takes its place. Do it on a machine that you can reach by other "
      "means, "
      "and reboot once before you rely on it.</p>\n",
      escaped(project.name), escaped(newest.replaces));
}

std::string next_steps(const std::vector<const Published*>& newest, const model::Project& project) {
  std::string items;
  for (const auto& step : project.next_steps) {
    // or the same package by the name that a distribution's rules ask for: "-bin"
    const bool is_there = step.package.empty() || std::ranges::any_of(newest, [&step](const Published* entry) {
                            return entry->arch != kSource &&
                                   (entry->package == step.package || entry->package.starts_with(step.package + "-"));
                          });
    if (is_there) items += fmt::format("<li>{}<br><code>{}</code></li>\n", escaped(step.text), escaped(step.command));
  }
  return items.empty() ? "" : "<h3>After the installation</h3>\n<ol>\n" + items + "</ol>\n";
}

std::string section(const std::vector<const Published*>& entries, const std::string& how,
                    const model::Project& project) {
  const auto newest = newest_of(entries);
  const auto& first = *newest.front();
  auto out = fmt::format("<section id=\"{}\"><h2>{} {}</h2>\n<p class=quiet>{}</p>\n", anchor(first),
                         escaped(first.distribution_name), escaped(first.release), escaped(contents(newest)));
  out += caution(first, project) + "<pre><code>";
  for (const auto& command : first.commands) out += escaped(command) + "\n";
  out += "</code></pre>\n" + notes(first, architectures(newest)) + next_steps(newest, project);
  std::string files;
  std::string older;
  for (const auto* entry : newest) {
    files += file_rows(*entry);
    for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
      if (*it != entry && is_same_package(**it, *entry)) older += file_rows(**it);
    }
  }
  out += "<details><summary>files, sizes, checksums</summary>" + table(files) + "</details>\n";
  if (!older.empty()) out += "<details><summary>older versions</summary>" + table(older) + "</details>\n";
  out += fmt::format(
      "<details><summary><a href=\"{}\">{}</a></summary><pre><code>{}</code></pre>"
      "</details>\n",
      address(first.how), escaped(first.how), escaped(how));
  return out + "</section>\n";
}

std::string key_line(const std::string& fingerprint) {
  return fmt::format("<pre class=wrap><code>{}</code></pre>\n", grouped(escaped(fingerprint)));
}

/// The keys that lie beside the one that signs.
std::string other_keys(const Catalog& catalog) {
  std::string out;
  if (!catalog.next.empty())
    out +=
        "<p>It will be followed by this key, which is in the same file: fetch the file again if yours lacks it, with "
        "the lines below.</p>" +
        key_line(catalog.next);
  if (!catalog.old.empty()) out += "<p>Older packages are signed with its predecessor, which is in the same file.</p>";
  for (const auto& one : catalog.old) out += key_line(one);
  if (!catalog.revoked.empty()) out += "<p>Revoked: trust nothing that is signed with it, and remove it.</p>";
  for (const auto& one : catalog.revoked) out += key_line(one);
  if (catalog.valid_until != 0)
    out += fmt::format("<p>What is here is valid until {}.</p>\n", base::iso_date(catalog.valid_until));
  return out;
}

}  // namespace

std::string page(const Catalog& catalog, const std::function<std::string(const std::string&)>& content,
                 const model::Project& project) {
  std::vector<const Published*> releases;  // an entry of each
  for (const auto& entry : catalog.entries) {
    if (of_release(catalog, entry.distribution, entry.release).front() == &entry) releases.push_back(&entry);
  }
  std::ranges::sort(releases, [](const Published* a, const Published* b) {
    const int names = a->distribution_name.compare(b->distribution_name);
    return names != 0 ? names < 0 : strverscmp(a->release.c_str(), b->release.c_str()) < 0;  // 8, 9, 10
  });
  std::string links;
  std::string sections;
  for (const auto* entry : releases) {
    links += fmt::format("<a href=\"#{}\">{} {}</a>\n", anchor(*entry), escaped(entry->distribution_name),
                         escaped(entry->release));
    const auto entries = of_release(catalog, entry->distribution, entry->release);
    sections += section(entries, content(newest_of(entries).front()->how), project);
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\n"
      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<title>{0}: packages</title><style>{1}</style></head><body>\n<h1>{0}</h1>\n<p class=quiet>{2}. "
      "<a href=\"{3}\">{3}</a></p>\n<nav>\n{4}</nav>\n<h2>The key</h2>\n<p>Every package and every list here is signed "
      "with <a href=\"{5}\">{5}</a>. Its fingerprint is</p>{6}{8}<p>Compare it with "
      "what "
      "another "
      "place says of it before you trust it. <a href=SHA256SUMS>SHA256SUMS</a> lists every file here, and "
      "<a href=SHA256SUMS.asc>SHA256SUMS.asc</a> signs the list.</p>\n{7}</body></html>\n",
      escaped(project.name), kStyle, escaped(project.summary), escaped(project.url), links,
      address(key_file(project.name)), key_line(catalog.fingerprint), sections, other_keys(catalog));
}

}  // namespace repos
