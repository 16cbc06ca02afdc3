// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/authorized_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "openssh/wire.hpp"

namespace openssh {

namespace {

constexpr std::size_t kJoinedLength = 16 * 1024;  // no key has more
constexpr std::size_t kContinuations = 32;  // a key of 16384 bits in lines of 72 characters has more, and is nobody's

std::string_view skip_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(" \t\r\n")); }

/// sshd reads a line as a C string, and a line end is no part of a key.
std::string_view readable(std::string_view line) {
  line = skip_blanks(line.substr(0, line.find('\0')));
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  return line;
}

struct Foreign {
  std::string_view begin;
  std::string_view end;  // of the last line of such a block; empty: only this line
  std::string_view fault;
};

constexpr std::string_view kPrivate =
    "this is a private key, and it does not belong into this file: put the line of its .pub file here, and take the "
    "private key for known to others";

constexpr std::array<Foreign, 5> kForeign{{
    {"---- BEGIN SSH2 PUBLIC KEY ----", "---- END",
     "this is a key in the format of RFC 4716: ssh-keygen -i converts it"},
    {"-----BEGIN PUBLIC KEY-----", "-----END", "this is a key in PEM: ssh-keygen -i -m PKCS8 converts it"},
    {"-----BEGIN RSA PUBLIC KEY-----", "-----END", "this is a key in PEM: ssh-keygen -i -m PEM converts it"},
    {"PuTTY-User-Key-File-", "Private-MAC:", kPrivate},
    {"-----BEGIN CERTIFICATE", "-----END", "this is an X.509 certificate, which sshd does not read"},
}};

/// Why there is no key on a line; `key_text` is what is left behind what may be options.
std::string no_key_fault(std::string_view line, std::string_view key_text, bool good_options) {
  if (line.find_first_not_of("0123456789 ") > 16 && line.find(' ') != std::string_view::npos)
    return "this is a key of protocol 1, which no sshd reads any more";
  if (key_text.empty()) return good_options ? "there is no key behind its options" : "there is no key on it";
  std::size_t words = 0;
  for (auto rest = key_text; !rest.empty() && words < 16; ++words) {
    rest = skip_blanks(rest.substr(first_word(rest).size()));
    if (good_options && is_key_type(first_word(rest)))
      return "a blank stands between its options, where sshd ends them";
  }
  return "there is no key of a type that sshd knows on it";
}

class FileReader {
 public:
  FileReader(std::string_view text, std::uint64_t now) : rest_(text), now_(now) {}
  std::vector<AuthorizedLine> read();

 private:
  bool next(std::string_view& line);
  AuthorizedLine key_line(std::string_view line);
  bool foreign(std::string_view line, AuthorizedLine& out);
  void skip_to(std::string_view end);
  bool joined(std::string_view line, AuthorizedLine& out);

  std::string_view rest_;
  std::uint64_t now_;
  unsigned number_ = 0;
};

bool FileReader::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const auto end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  ++number_;
  return true;
}

void FileReader::skip_to(std::string_view end) {
  std::string_view line;
  // A block without an end reaches to the next empty line.
  while (next(line)) {
    const auto text = base::trim(line);
    if (text.starts_with(end) || text.empty()) return;
  }
}

bool FileReader::foreign(std::string_view line, AuthorizedLine& out) {
  const bool private_pem = line.starts_with("-----BEGIN ") && line.find("PRIVATE KEY") != std::string_view::npos;
  const bool private_ssh1 = line.starts_with("SSH PRIVATE KEY FILE FORMAT");
  if (private_pem || private_ssh1 || line.starts_with("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY")) {
    out.fault = kPrivate;
    skip_to(private_pem ? "-----END" : "---- END");
    return true;
  }
  for (const auto& one : kForeign) {
    if (!line.starts_with(one.begin)) continue;
    out.fault = one.fault;
    skip_to(one.end);
    return true;
  }
  return false;
}

/// A key that was broken by an editor or a terminal: the following lines, put behind it, make it whole.
bool FileReader::joined(std::string_view line, AuthorizedLine& out) {
  const auto begin_of_rest = rest_;
  const auto number = number_;
  std::string whole(line);
  std::string_view more;
  for (std::size_t count = 0; count < kContinuations && whole.size() < kJoinedLength && next(more); ++count) {
    const auto text = readable(more);
    if (!is_base64(first_word(text)) || text.size() > kJoinedLength) break;
    whole += text;
    if (!parse_public_key(whole).key) continue;
    out.fault = fmt::format("the key is broken over lines {} to {}: it must be one line", number, number_);
    return true;
  }
  rest_ = begin_of_rest;
  number_ = number;
  return false;
}

AuthorizedLine FileReader::key_line(std::string_view line) {
  AuthorizedLine out{number_, {}, {}, "", ""};
  if (line.size() > kAuthorizedLineLength) {
    out.fault = "it is longer than any key";
    return out;
  }
  auto key_text = line;
  if (!is_key_type(first_word(line))) {
    const auto part = options_part(line);
    if (!part) {
      out.fault = "a quote in its options has no end";
      return out;
    }
    auto options = parse_key_options(*part, now_);
    out.options = std::move(options.options);
    out.fault = std::move(options.fault);
    key_text = skip_blanks(line.substr(part->size()));
  }
  if (!is_key_type(first_word(key_text))) {
    out.fault = no_key_fault(line, key_text, out.fault.empty() && !out.options.empty());
    return out;
  }
  auto parsed = parse_public_key(key_text);
  if (!parsed.key) {
    AuthorizedLine broken = out;
    if (joined(key_text, broken)) return broken;
    out.fault = "its key " + parsed.why;
    return out;
  }
  out.key = std::move(parsed.key);
  if (!out.fault.empty()) return out;
  if (is_certificate_type(out.key->type))
    out.fault = "a certificate lets nobody in from here: its authority's key does, with cert-authority before it";
  else if (has_option(out.options, "principals") && !out.is_authority())
    out.fault = "principals stands before a key that is not a cert-authority, and sshd refuses the line";
  return out;
}

std::vector<AuthorizedLine> FileReader::read() {
  std::vector<AuthorizedLine> out;
  std::string_view line;
  while (next(line)) {
    const auto text = readable(line);
    if (text.empty() || text.front() == '#') continue;
    if (out.size() == kAuthorizedLines) {
      out.push_back({number_, {}, {}, "there are more lines than this reader takes", ""});
      return out;
    }
    AuthorizedLine one{number_, {}, {}, "", ""};
    if (!foreign(text, one)) one = key_line(text);
    if (line.find('\0') != std::string_view::npos)
      one.note = "a NUL byte is on it, where sshd stops reading it";
    else if (line.ends_with('\r'))
      one.note = "it ends with CR LF, which does sshd no harm";
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::vector<AuthorizedLine> parse_authorized_keys(std::string_view text, std::uint64_t now) {
  constexpr std::string_view kUtf16 = "an editor saved this file as UTF-16, and sshd reads none of it";
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return {{1, {}, {}, std::string(kUtf16), ""}};
  // UTF-16 without its mark: every other byte of plain text is NUL.
  const auto head = text.substr(0, 64);
  if (head.size() >= 16 && std::count(head.begin(), head.end(), '\0') >= static_cast<long>(head.size() / 3))
    return {{1, {}, {}, "this is not text: every other byte or more is NUL (UTF-16, or a binary file)", ""}};
  const bool marked = text.starts_with("\xef\xbb\xbf");
  if (marked) text.remove_prefix(3);
  auto out = FileReader(text, now).read();
  if (marked && !out.empty() && out.front().number == 1 && out.front().fault.empty())
    out.front().fault = "an editor put a byte order mark before it, which sshd takes for a part of the key's type";
  return out;
}

}  // namespace openssh
