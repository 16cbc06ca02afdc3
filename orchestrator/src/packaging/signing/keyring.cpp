// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/keyring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace signing {
namespace {

// Places in a line, counted from 0 (DETAILS counts from 1).
enum Place : std::size_t {
  kValidity = 1,
  kLength = 2,
  kAlgorithm = 3,
  kCreated = 5,
  kExpires = 6,
  kTrust = 8,
  kUser = 9,
  kCapabilities = 11,
  kSecret = 14,
  kCurve = 16
};

std::string at(const std::vector<std::string>& fields, std::size_t place) {
  return place < fields.size() ? fields[place] : "";
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() ? value : 0;
}

/// Seconds; of dates behind 2038 DETAILS allows "20380119T031408" too.
std::int64_t moment(const std::string& text) {
  if (text.size() != 15 || text[8] != 'T') return number(text);
  const auto day = base::days_of(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2));
  if (!day) return 0;
  return *day * 86400 + number(text.substr(9, 2)) * 3600 + number(text.substr(11, 2)) * 60 + number(text.substr(13, 2));
}

/// RFC 4880 9.1 and RFC 9580: the number of a public-key algorithm.
std::string algorithm(const std::vector<std::string>& fields) {
  if (const auto curve = at(fields, kCurve); !curve.empty()) return base::printable(curve);
  const auto id = at(fields, kAlgorithm);
  const auto* name = id == "1" || id == "3"     ? "rsa"
                     : id == "17"               ? "dsa"
                     : id == "16" || id == "20" ? "elg"
                                                : "algorithm ";
  const auto length = *name == 'a' ? id : at(fields, kLength);
  return name + base::printable(length);
}

Part part(const std::vector<std::string>& fields) {
  Part out;
  out.algorithm = algorithm(fields);
  out.created = moment(at(fields, kCreated));
  out.expires = moment(at(fields, kExpires));
  // Capital letters say what the whole key can do; they are not about this part.
  const auto capabilities = at(fields, kCapabilities);
  out.can_sign = capabilities.find('s') != std::string::npos;
  out.can_certify = capabilities.find('c') != std::string::npos;
  out.revoked = at(fields, kValidity) == "r";
  const auto secret = at(fields, kSecret);
  out.has_secret = !secret.empty() && secret != "#";
  return out;
}

/// \x3a for a colon, and the like.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text.substr(i, 2) == "\\x" && i + 4 <= text.size()) {
      const auto* digits = text.data() + i + 2;
      if (const auto [end, fault] = std::from_chars(digits, digits + 2, value, 16);
          fault == std::errc() && end == digits + 2) {
        out.push_back(static_cast<char>(value));
        i += 3;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

bool alive(const Part& part, std::int64_t now) {
  return !part.revoked && (part.expires == 0 || part.expires > now) && part.created <= now;
}

bool signs(const Part& part, std::int64_t now) { return part.can_sign && part.has_secret && alive(part, now); }

}  // namespace

std::vector<Key> read_keys(std::string_view listing) {
  std::vector<Key> keys;
  Part* waiting = nullptr;  // the part that the next fingerprint belongs to
  for (const auto& line : base::lines(listing)) {
    const auto fields = base::split(line, ':');
    const auto type = at(fields, 0);
    if (type == "pub" || type == "sec") {
      keys.push_back(
          {part(fields), {}, {}, at(fields, kCapabilities).find('D') != std::string::npos, at(fields, kTrust) == "u"});
      waiting = &keys.back().primary;
    } else if ((type == "sub" || type == "ssb") && !keys.empty()) {
      keys.back().subkeys.push_back(part(fields));
      waiting = &keys.back().subkeys.back();
    } else if (type == "fpr" && waiting != nullptr) {
      if (is_fingerprint(at(fields, kUser))) waiting->fingerprint = at(fields, kUser);
      waiting = nullptr;
    } else if (type == "uid" && !keys.empty() && at(fields, kValidity) != "r") {
      keys.back().users.push_back(base::printable(unescaped(at(fields, kUser)), 200));
    }
  }
  std::erase_if(keys, [](const Key& key) { return key.primary.fingerprint.empty(); });
  for (auto& key : keys) std::erase_if(key.subkeys, [](const Part& one) { return one.fingerprint.empty(); });
  return keys;
}

std::optional<Obstacle> obstacle(const Key& key, std::int64_t now) {
  const auto& primary = key.primary;
  if (primary.revoked)
    return Obstacle{"it is revoked",
                    "orchestrator key list shows which keys can sign; what this one has signed is signed anew by "
                    "orchestrator publish --sign with another one"};
  if (key.disabled) return Obstacle{"it is disabled", "gpg --edit-key " + primary.fingerprint + " enable save"};
  if (primary.expires != 0 && primary.expires <= now) {
    return Obstacle{"it expired on " + base::iso_date(primary.expires),
                    "orchestrator key extend " + primary.fingerprint + ", then publish again"};
  }
  if (primary.created > now) {
    return Obstacle{"it was created on " + base::iso_date(primary.created) + ", which is still to come",
                    "set this machine's clock"};
  }
  if (signs(primary, now)) return std::nullopt;
  if (std::ranges::any_of(key.subkeys, [&](const Part& part) { return signs(part, now); })) return std::nullopt;
  const auto may = [&](const Part& part) { return part.can_sign && alive(part, now); };
  if (may(primary) || std::ranges::any_of(key.subkeys, may)) {
    return Obstacle{"its secret part is not here", "import it, or plug in the card that holds it (gpg --card-status)"};
  }
  return Obstacle{"no part of it may sign, or those that might are expired or revoked",
                  "gpg --quick-add-key " + primary.fingerprint + " rsa4096 sign 2y"};
}

const Part& signer(const Key& key, std::int64_t now) {
  const Part* best = nullptr;
  for (const auto& part : key.subkeys) {
    if (signs(part, now) && (best == nullptr || part.created >= best->created)) best = &part;
  }
  return best != nullptr ? *best : key.primary;
}

std::int64_t good_until(const Key& key, std::int64_t now) {
  const auto sooner = [](std::int64_t a, std::int64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); };
  const Part* best = nullptr;
  for (const auto& part : key.subkeys) {
    if (part.can_sign && alive(part, now) && (best == nullptr || part.created >= best->created)) best = &part;
  }
  return best == nullptr ? key.primary.expires : sooner(key.primary.expires, best->expires);
}

std::string expiry_warning(const Key& key, std::int64_t now) {
  const auto end = good_until(key, now);
  if (end == 0 || end - now > kExpiryWarning) return "";
  if (end <= now) return fmt::format("the key {} expired on {}", key.primary.fingerprint, base::iso_date(end));
  return fmt::format("the key {} expires on {}, in {} days", key.primary.fingerprint, base::iso_date(end),
                     (end - now) / 86400);
}

bool is_fingerprint(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

}  // namespace signing
