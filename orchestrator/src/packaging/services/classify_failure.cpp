// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/classify_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace services {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// The number that stands right behind the last `mark`; 0 when there is none of at most `digits` digits.
int number_behind(std::string_view text, std::string_view mark, std::size_t digits) {
  const auto at = text.rfind(mark);
  if (at == std::string_view::npos) return 0;
  std::size_t i = at + mark.size();
  while (i < text.size() && (text[i] == ' ' || text[i] == ':')) ++i;
  int value = 0;
  std::size_t count = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, ++count) {
    if (count == digits) return 0;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// The status of the last HTTP answer that the client shows: urllib3's debug log (copr-cli), urllib (osc, dput), curl
/// and git.
int http_status(std::string_view text) {
  for (const std::string_view mark :
       {"http/1.1\"", "http/1.0\"", "http error", "returned error:", "upload failed:", "status code:"}) {
    const int status = number_behind(text, mark, 3);
    if (status >= 100) return status;
  }
  return 0;
}

bool has_any(std::string_view text, const std::vector<std::string_view>& words) {
  return std::ranges::any_of(words, [&](auto word) { return text.find(word) != std::string_view::npos; });
}

bool is_denied(std::string_view text) {
  return has_any(text, {"permission denied (", "authentication failed", "login invalid", "wrong password",
                        "could not read username", "could not read password", "host key verification failed",
                        "requires api authentication", "copr configuration error", "login incorrect"});
}

bool is_passing(std::string_view text) {
  return has_any(text, {"connection reset",
                        "connection aborted",
                        "connection refused",
                        "connection closed",
                        "connection timed out",
                        "connection failed",
                        "unable to connect",
                        "remotedisconnected",
                        "remote end closed",
                        "broken pipe",
                        "incompleteread",
                        "eoferror",
                        "early eof",
                        "unexpected disconnect",
                        "hung up unexpectedly",
                        "timed out",
                        "timeout",
                        "could not resolve host",
                        "temporary failure in name resolution",
                        "network is unreachable",
                        "server closed the connection",
                        "421 ",
                        "try again later",
                        "too many requests"});
}

/// A line that is for a client's developers: its log, a traceback.
bool is_noise(std::string_view line) {
  const auto text = lower(line);
  return base::trim(line).empty() || line.front() == ' ' || line.front() == '[' || line.front() == '#' ||
         has_any(text, {"debug", "traceback (", "something went wrong:", "$user not set",
                        "fatal: could not read from remote", "please make sure you have", "and the repository exists"});
}

std::string last_words(const Reply& reply) {
  std::vector<std::string> said;
  for (const auto& text : {reply.out, reply.talk}) {
    for (const auto& line : base::lines(text)) {
      if (!is_noise(line)) said.push_back(base::printable(base::trim(line), 200));
    }
  }
  if (said.size() > 2) said.erase(said.begin(), said.end() - 2);
  return base::join(said, "; ");
}

}  // namespace

ClassifiedFailure classify_failure(const Reply& reply) {
  const auto text = lower(reply.out + "\n" + reply.talk);
  ClassifiedFailure out;
  const int http = http_status(text);
  out.retry_after = std::chrono::seconds(number_behind(text, "retry-after", 6));
  const bool says_later = http == 408 || http == 425 || http == 429 || http >= 500;
  const bool is_refused = !says_later && (http == 401 || http == 403 || is_denied(text));
  if (is_refused && !reply.timed_out)
    out.kind = Failure::auth;
  else if (reply.timed_out || says_later || (http < 400 && is_passing(text)))
    out.kind = Failure::transient;
  auto words = last_words(reply);
  if (reply.timed_out) words = "it did not end in time";
  if (words.empty()) words = fmt::format("it ended with {}", reply.status);
  out.why = http >= 400 ? fmt::format("{} (HTTP {})", words, http) : words;
  return out;
}

std::chrono::milliseconds pause(unsigned tries, double chance, std::chrono::seconds retry_after) {
  using std::chrono::milliseconds;
  const auto whole = std::min<std::int64_t>(1000LL << std::min(tries, 20U), 120'000);
  const std::int64_t half = whole / 2;
  const auto wait = milliseconds(half + static_cast<std::int64_t>(static_cast<double>(half) * chance));
  return std::max(wait, milliseconds(std::min<std::chrono::seconds>(retry_after, std::chrono::minutes(15))));
}

}  // namespace services
