// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/client_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/key.hpp"

namespace desk {
namespace {

constexpr std::uint64_t kLongestFile = 16U << 20U;
constexpr std::string_view kStanzaMark = "# setup of ";
constexpr std::string_view kHead =
    "# Kept by `dracut-sshd setup HOST`, which replaces its own entries. Put your own settings elsewhere.\n";

std::string base64_of(const std::string& host_key) { return host_key.substr(host_key.find(' ') + 1); }

/// known_hosts' answers are keys without their type, which is in their bytes.
std::string fingerprint_of(const std::string& base64) {
  for (const auto* type : {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
                           "ssh-rsa", "ssh-dss", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"}) {
    if (const auto parsed = openssh::parse_public_key(fmt::format("{} {}", type, base64)); parsed.key)
      return openssh::fingerprint(*parsed.key);
  }
  return "a key that cannot be read";
}

std::string fingerprints(const std::set<std::string>& keys) {
  std::vector<std::string> out;
  for (const auto& key : keys) out.push_back(fingerprint_of(key));
  return base::join(out, ", ");
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return;
  if (::mkdir(folder.c_str(), 0700) != 0) throw base::system_error("making " + base::printable(folder.string(), 4096));
}

/// A line's first word, in lower case.
std::string keyword(const std::string& line) {
  const auto text = base::trim(line);
  std::string out(text.substr(0, text.find_first_of(" \t=")));
  std::ranges::transform(out, out.begin(), [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  return out;
}

}  // namespace

KnownHostsPlan plan_known_hosts(const std::vector<std::string>& aliases, const std::vector<std::string>& host_keys,
                                const LookUp& known, const std::string& file) {
  std::set<std::string> ours;
  for (const auto& key : host_keys) ours.insert(base64_of(key));
  KnownHostsPlan out;
  for (const auto& alias : aliases) {
    const auto there = known(alias);
    std::set<std::string> foreign;
    for (const auto& key : there.keys) {
      if (!ours.contains(key)) foreign.insert(key);
    }
    const bool main = alias == aliases.front();
    const auto remove = base::shell_quote({"ssh-keygen", "-R", alias, "-f", file});
    if (there.revoked && main)
      throw base::Error(fmt::format("known_hosts has a @revoked line for {}", alias))
          .with_hint("take that line out of known_hosts first, if the key is to be trusted again");
    if (!foreign.empty() && main)
      throw base::Error(fmt::format("known_hosts has another key for {}: {}; the host says {}", alias,
                                    fingerprints(foreign), fingerprints(ours)))
          .with_hint(fmt::format("if the host has got a new key: {}; then run this again", remove));
    if (there.revoked || !foreign.empty()) {
      out.notes.push_back(fmt::format("known_hosts has another key for {}: left alone ({} removes it)", alias, remove));
      continue;
    }
    for (const auto& key : host_keys) {
      if (!there.keys.contains(base64_of(key))) out.append.push_back(fmt::format("{} {}", alias, key));
    }
  }
  return out;
}

void append_lines(const std::filesystem::path& file, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  const auto doing = "writing " + base::printable(file.string(), 4096);
  make_folder(file.parent_path());
  const base::Fd out(::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600));
  struct stat status {};
  if (!out.is_open() || ::fstat(out.get(), &status) != 0) throw base::system_error(doing);
  if (!S_ISREG(status.st_mode)) throw base::Error(doing + ": is not a regular file");
  std::string text;
  char last = '\n';
  if (status.st_size > 0 && ::pread(out.get(), &last, 1, status.st_size - 1) != 1) throw base::system_error(doing);
  if (last != '\n') text = "\n";
  text += base::join(lines, "\n") + "\n";
  const auto written = ::write(out.get(), text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size()) && ::fsync(out.get()) == 0) return;
  const auto error = base::system_error(doing);
  (void)!::ftruncate(out.get(), status.st_size);  // no half a line
  throw error;
}

std::string without_lines(const std::string& before, const std::vector<std::string>& aliases,
                          std::vector<std::string>& removed) {
  std::string out;
  for (std::size_t at = 0; at < before.size();) {
    const auto end = std::min(before.find('\n', at), before.size() - 1) + 1;
    const auto line = before.substr(at, end - at);
    const auto words = base::split(std::string(base::trim(line)), ' ');
    const bool ours = words.size() == 3 && std::ranges::find(aliases, words[0]) != aliases.end() &&
                      openssh::parse_public_key(words[1] + " " + words[2]).key;
    if (ours)
      removed.push_back(base::join(words, " "));
    else
      out += line;
    at = end;
  }
  return out;
}

std::string with_stanza(const std::string& before, const std::string& alias, const std::string& stanza) {
  const auto mark = std::string(kStanzaMark) + alias;
  std::string out = before.empty() && !stanza.empty() ? std::string(kHead) : "";
  bool inside = false;  // of the one that is taken out
  bool done = stanza.empty();
  const auto put = [&] {
    if (!out.empty() && !out.ends_with('\n')) out += '\n';
    out += mark + "\n" + stanza;
    done = true;
  };
  for (const auto& line : base::lines(before)) {
    if (line.starts_with(kStanzaMark)) {
      inside = line == mark;
      if (inside && !done) put();
    }
    if (!inside) out += line + "\n";
  }
  if (!done) put();
  return out;
}

std::string with_include(const std::string& before, const std::string& line) {
  for (const auto& each : base::lines(before)) {
    const auto word = keyword(each);
    if (word == "host" || word == "match") break;
    if (base::trim(each) == line) return before;
  }
  return line + "\n" + before;
}

std::string text_of_file(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored) ? base::read_file(file, kLongestFile) : "";
}

void replace_text(const std::filesystem::path& file, const std::string& text) {
  make_folder(file.parent_path());
  std::error_code failed;
  const auto target = std::filesystem::exists(file, failed) ? std::filesystem::canonical(file, failed) : file;
  struct stat status {};
  const bool there = ::stat(target.c_str(), &status) == 0;
  base::write_file(target, text, there ? status.st_mode & 07777U : 0600U);
}

}  // namespace desk
