// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <charconv>
#include <string>

#include "base/text.hpp"
#include "inspect/check.hpp"

namespace inspect {
namespace {

const std::string kRemedy =
    "build the image with this module, which puts root's account right before sshd starts: dracut-sshd-rebuild";

std::string field(const std::vector<std::string>& line, std::size_t index) {
  return index < line.size() ? line[index] : "";
}

/// A day since the epoch, or nothing.
std::optional<std::int64_t> day(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                    : std::nullopt;
}

/// Why an sshd that asks no PAM refuses this account (auth.c and auth-shadow.c of OpenSSH; shadow(5)); "" if it does
/// not. How old a password is does not matter to a key. Nothing of the field is shown: a hash may be behind the lock.
std::string why_refused(const std::string& password, const std::vector<std::string>& shadow, std::int64_t now) {
  if (password.starts_with('!')) return "its password field begins with \"!\", which is a lock";
  if (const auto expires = day(field(shadow, 7)); expires && *expires > 0 && now / 86400 > *expires)
    return fmt::format("it expired on {}", base::iso_date(*expires * 86400));
  return {};
}

/// Whether accounts' shadow lines may come from nss-systemd (nsswitch.conf(5)).
bool asks_systemd(const Facts& facts) {
  for (const auto& line : base::lines(facts.image.content("etc/nsswitch.conf").value_or(""))) {
    const auto text = base::trim(line);
    if (text.starts_with("shadow:") && text.find("systemd") != std::string_view::npos) return true;
  }
  return false;
}

/// Before glibc 2.34 accounts are read by a library of their own, which nothing names. Since then libc.so.6 is a file;
/// before, it was a link to libc-2.VERSION.so.
bool lacks_nss(const Facts& facts) {
  const auto closure = facts.closure_of(facts.sshd.path);
  for (const auto& library : closure.libraries) {
    const auto slash = library.rfind('/');
    const auto name = library.substr(slash == std::string::npos ? 0 : slash + 1);
    if (!name.starts_with("libc-2.")) continue;
    return !facts.has((slash == std::string::npos ? "" : library.substr(0, slash + 1)) + "libnss_files.so.2");
  }
  return false;
}

}  // namespace

void check_account(const Facts& facts, Findings& out) {
  const auto error = [&](std::string message) {
    out.push_back({"account.root", Severity::error, std::move(message), kRemedy});
  };
  // Nothing is started before an sshd that is not: what the unit does about accounts says nothing then.
  if (facts.unit && facts.unit->masked) return;
  if (lacks_nss(facts))
    return out.push_back({"account.root", Severity::error,
                          "libnss_files.so.2 is not in it: sshd would know no account at all",
                          "take it along: install_items+=\" libnss_files.so.2 \" in dracut.conf"});
  const auto shadow = facts.shadow_lines.empty() ? std::vector<std::string>{} : facts.shadow_lines.front();
  // Without a line in shadow passwd's own field counts.
  const auto password = facts.shadow_lines.empty()
                            ? (facts.root_lines.empty() ? "" : field(facts.root_lines.front(), 1))
                            : field(shadow, 1);
  const auto refused = why_refused(password, shadow, facts.options.now);
  if (facts.puts_accounts_right) {
    std::string message = "put right before sshd starts";
    if (facts.root_lines.empty()) message += "; passwd has no line for root";
    if (facts.root_lines.size() > 1) message += fmt::format("; passwd has {} lines for root", facts.root_lines.size());
    if (facts.shadow_lines.empty()) message += "; shadow has none";
    if (!refused.empty()) message += "; as it is, " + refused;
    return out.push_back({"account.root", Severity::good, message, ""});
  }
  if (facts.root_lines.empty()) {
    if (facts.has_module("systemd-sysusers"))
      return out.push_back({"account.root", Severity::unknown,
                            "passwd has no line for root; systemd-sysusers may write one at boot", kRemedy});
    return error("/etc/passwd has no line for root");
  }
  if (facts.shadow_lines.empty() && refused.empty()) {
    if (asks_systemd(facts))
      return error("/etc/shadow has no line for root, and nsswitch.conf asks systemd, which makes up a locked one");
    return out.push_back({"account.root", Severity::good, "not locked: shadow has no line for it", ""});
  }
  if (!refused.empty())
    return error(fmt::format("sshd will refuse root: {}{}", refused,
                             facts.shadow_lines.size() > 1 ? "; of several lines the first counts" : ""));
  out.push_back({"account.root", Severity::good, "", ""});
}

}  // namespace inspect
