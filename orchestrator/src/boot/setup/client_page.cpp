// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/client_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/render/escape.hpp"
#include "base/text.hpp"

namespace setup {
namespace {

constexpr std::size_t kLongestText = 1000;   // of a sentence or a path
constexpr std::size_t kLongestLine = 16384;  // of what is to be copied: an RSA key of 16384 bits has 2,800 bytes

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark;--text:#1d2430;--back:#fff;--soft:#f1f3f6;--line:#cfd5dd;--faint:#566070;"
    "--good:#1a6b35;--bad:#b3261e;--warn:#8a5300}"
    "@media(prefers-color-scheme:dark){:root{--text:#e4e8ee;--back:#14181f;--soft:#1f2630;--line:#3a4452;"
    "--faint:#a3adba;--good:#7fd29a;--bad:#ff9a90;--warn:#f2be6b}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:0 auto;padding:1rem;color:var(--text);"
    "background:var(--back);overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}"
    "p,ul{margin:.5rem 0}ul{padding-left:1.3rem}.made{color:var(--faint);font-size:.9rem}"
    ".verdict{padding:.6rem .9rem;border-left:.3rem solid var(--warn);background:var(--soft);font-weight:600}"
    ".verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}"
    "pre{background:var(--soft);border:1px solid var(--line);border-radius:.3rem;padding:.6rem .8rem;margin:.4rem 0;"
    "white-space:pre-wrap;font-size:.85rem}code{font-size:.9em}"
    "table{border-collapse:collapse;width:100%}td{padding:.35rem .8rem .35rem 0;vertical-align:top;"
    "border-top:1px solid var(--line)}td:first-child{white-space:nowrap}"
    ".good{color:var(--good)}.warning,.unknown{color:var(--warn)}.error{color:var(--bad)}.id{color:var(--faint)}"
    ".files td:first-child{white-space:normal;width:55%}"
    "figure{margin:.8rem 0;display:flex;flex-wrap:wrap;gap:1rem;align-items:center}"
    "figure svg{width:13rem;height:13rem;flex:none;background:#fff}figcaption{flex:1 1 12rem}"
    "@media print{:root{color-scheme:light;--text:#000;--back:#fff;--soft:#fff;--line:#999;--faint:#444;--good:#000;"
    "--bad:#000;--warn:#000}body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}"
    "pre,figure,tr{break-inside:avoid}}";

std::string escaped(std::string_view text) { return render::xml(base::printable(text, kLongestText)); }

/// To be copied: one line of it a line, because the escaper takes one.
std::string block(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(render::xml(base::printable(line, kLongestLine)));
  return "<pre>" + base::join(out, "\n") + "</pre>\n";
}

std::string paragraph(std::string_view text) { return fmt::format("<p>{}</p>\n", text); }

std::string head(const PageContent& content) {
  const std::string_view kind = content.exit == 0 ? " good" : content.exit == 1 ? " bad" : "";
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"referrer\" content=\"no-referrer\"><title>{0}: unlock at boot</title><style>{1}</style></head>"
      "<body>\n<h1>{0}: unlock at boot</h1>\n<p class=\"made\">Made by dracut-sshd setup, {2}</p>\n",
      escaped(content.title), kStyle, escaped(content.made));
  if (!content.verdict.empty()) out += fmt::format("<p class=\"verdict{}\">{}</p>\n", kind, escaped(content.verdict));
  if (content.summary.empty()) return out;
  out += "<ul>";
  for (const auto& line : content.summary) out += fmt::format("<li>{}</li>", escaped(line));
  return out + "</ul>\n";
}

std::string unlock_part(const PageContent& content) {
  const auto& lines = content.lines;
  if (lines.unlock.empty()) return "";
  std::string out = "<h2>Unlock after a reboot</h2>\n" + block({lines.unlock});
  if (!lines.ssh_config.empty()) {
    const auto first = base::lines(lines.ssh_config).front();  // "Host ALIAS ALIAS"
    const auto words = base::split(first, ' ');
    if (words.size() > 1)
      out += paragraph("Without <code>dracut-sshd</code>, with the ssh_config below:") +
             block({"ssh " + words[1], "unlock"});
  }
  if (content.qr_svg.empty()) return out;
  return out + "<figure>" + content.qr_svg +
         "<figcaption>For a phone with an SSH client: the command, the host key's fingerprint, and the known_hosts "
         "line. There is no secret in it.</figcaption></figure>\n";
}

std::string client_part(const PageContent& content) {
  const auto& lines = content.lines;
  if (lines.known_hosts.empty()) return "";
  std::string out = "<h2>On each computer that you unlock from</h2>\n";
  out += paragraph("Append to <code>~/.ssh/known_hosts</code>:") + block(lines.known_hosts);
  out += paragraph("Add to <code>~/.ssh/config</code>, optional:") + block(base::lines(lines.ssh_config));
  out += paragraph(content.facts.own_keys
                       ? "The initramfs has a host key of its own, so these lines have a name of their own."
                       : "The initramfs has the same host key as the system.");
  if (!content.facts.fingerprints.empty())
    out += paragraph("Host key fingerprint:") + block(content.facts.fingerprints);
  if (!lines.sshfp.empty())
    out += "<h2>DNS</h2>\n" + paragraph("SSHFP records, for a zone that DNSSEC signs:") + block(lines.sshfp);
  return out;
}

std::string files_part(const std::vector<PageFile>& files) {
  if (files.empty()) return "";
  std::string out = "<h2>Written on the machine</h2>\n<table class=\"files\">";
  for (const auto& file : files)
    out += fmt::format("<tr><td><code>{}</code></td><td>{}</td></tr>\n", escaped(file.path), escaped(file.purpose));
  return out + "</table>\n" +
         paragraph(
             "<code>dracut-sshd setup --remove</code> removes them. The host's private key stays on the machine.");
}

std::string findings_part(inspect::Findings findings) {
  if (findings.empty()) return "";
  std::ranges::stable_sort(findings, [](const auto& a, const auto& b) { return a.severity > b.severity; });
  std::string out = "<h2>Findings</h2>\n<table>";
  for (const auto& finding : findings) {
    const auto severity = inspect::name_of(finding.severity);
    const auto* const kind = finding.severity == inspect::Severity::good ? "good" : severity.data();
    out += fmt::format("<tr><td class=\"{}\">{}</td><td>{} <code class=\"id\">{}</code>{}</td></tr>\n", kind, severity,
                       escaped(finding.message), escaped(finding.id),
                       finding.remedy.empty() ? "" : "<br>" + escaped(finding.remedy));
  }
  return out + "</table>\n";
}

}  // namespace

std::string page_of(const PageContent& content) {
  return head(content) + unlock_part(content) + client_part(content) + files_part(content.files) +
         findings_part(content.findings) + "</body></html>\n";
}

}  // namespace setup
