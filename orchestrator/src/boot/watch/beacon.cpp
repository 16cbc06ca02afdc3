// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/beacon.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/host_alias.hpp"
#include "openssh/key.hpp"
#include "openssh/wire.hpp"
#include "remote/ssh.hpp"
#include "watch/poller.hpp"

namespace watch {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kMostWaiting = 16;
constexpr std::size_t kLongestWord = 32;
constexpr std::string_view kArmourBegin = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view kArmourEnd = "\n-----END SSH SIGNATURE-----\n";

constexpr double kBurst = 200;  // of all: a rack that gets its power back
constexpr double kEachSecond = 50;
constexpr double kSourceBurst = 20;  // many hosts may be behind one address
constexpr double kSourceEachSecond = 2;
constexpr double kHostBurst = 3;
constexpr double kHostEachSecond = 0.2;
constexpr std::size_t kMostSources = 4096;
constexpr std::size_t kBootsKept = 8;

bool is_all_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [more](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || more.find(byte) != std::string_view::npos;
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && !text.starts_with('-') &&
         is_all_of(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-:");
}

/// "01234567-89ab-cdef-0123-456789abcdef"
bool is_boot_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const char byte = text[at];
    const bool digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
    if (dash ? byte != '-' : !digit) return false;
  }
  return true;
}

bool is_armour(std::string_view text) {
  if (!text.starts_with(kArmourBegin) || !text.ends_with(kArmourEnd)) return false;
  if (text.size() <= kArmourBegin.size() + kArmourEnd.size()) return false;
  text.remove_prefix(kArmourBegin.size());
  text.remove_suffix(kArmourEnd.size());
  return is_all_of(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ+/=\n");
}

/// An object without repeated fields, and nothing deeper than an array in it.
std::optional<nlohmann::json> object_of(std::string_view line) {
  bool fault = false;
  std::set<std::string> keys;
  const auto look = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if (depth > 2) fault = true;
    if (event == nlohmann::json::parse_event_t::key && !keys.insert(parsed.get<std::string>()).second) fault = true;
    return true;
  };
  auto out = nlohmann::json::parse(line, look, false);
  if (fault || !out.is_object()) return std::nullopt;
  return out;
}

bool read_waiting(const nlohmann::json& list, Beacon& beacon) {
  if (!list.is_array() || list.size() > kMostWaiting) return false;
  for (const auto& each : list) {
    if (!each.is_string()) return false;
    auto word = each.get<std::string>();
    if (word.empty() || word.size() > kLongestWord || !is_all_of(word, "-")) return false;
    beacon.waiting.push_back(std::move(word));
  }
  return true;
}

bool read_fields(const nlohmann::json& object, Beacon& beacon) {
  if (object.size() != 6) return false;
  for (const auto* key : {"dracut-sshd-beacon", "name", "boot", "number", "up", "waiting"}) {
    if (!object.contains(key)) return false;
  }
  const auto& number = object["number"];
  const auto& up = object["up"];
  if (!object["dracut-sshd-beacon"].is_number_unsigned() || object["dracut-sshd-beacon"] != 1) return false;
  if (!object["name"].is_string() || !object["boot"].is_string()) return false;
  if (!number.is_number_unsigned() || number == 0 || number > 1'000'000) return false;
  if (!up.is_number() || !(up.get<double>() >= 0) || up.get<double>() > 1e9) return false;
  beacon.name = object["name"].get<std::string>();
  beacon.boot = object["boot"].get<std::string>();
  beacon.number = number.get<std::uint32_t>();
  beacon.up = up.get<double>();
  return is_name(beacon.name) && is_boot_id(beacon.boot) && read_waiting(object["waiting"], beacon);
}

/// "TYPE BASE64" of a key without its type, as known_hosts has it; "" if it cannot be read.
std::string line_of(const std::string& base64) {
  const auto blob = openssh::base64_decode(base64);
  if (!blob) return "";
  const auto parsed = openssh::parse_blob(*blob);
  return parsed.key ? openssh::line_of(*parsed.key) : "";
}

}  // namespace

std::optional<Beacon> parse_beacon(std::string_view datagram) {
  if (datagram.size() > kLongestBeacon) return std::nullopt;
  const auto end = datagram.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  // The signature first: it costs less than JSON.
  if (!is_armour(datagram.substr(end + 1))) return std::nullopt;
  const auto object = object_of(datagram.substr(0, end));
  Beacon out;
  if (!object || !read_fields(*object, out)) return std::nullopt;
  out.signed_line = datagram.substr(0, end + 1);
  out.signature = datagram.substr(end + 1);
  return out;
}

bool is_signed_by(const Beacon& beacon, const remote::KnownKeys& keys, const base::Context& context) {
  // The principal is ours: a name in it would be a pattern.
  std::string signers;
  for (const auto& key : keys.keys) {
    if (const auto line = line_of(key); !line.empty())
      signers += std::string("host namespaces=\"") + kBeaconNamespace + "\" " + line + "\n";
  }
  if (signers.empty()) return false;
  const base::TempDir scratch(base::temp_parent(), "dracut-sshd-beacon.");
  base::write_scratch(scratch.path() / "signers", signers, 0600);
  base::write_scratch(scratch.path() / "signature", beacon.signature, 0600);
  base::Command command;
  command.argv = {"ssh-keygen", "-Y", "verify",         "-f", (scratch.path() / "signers").string(),  "-I",
                  "host",       "-n", kBeaconNamespace, "-s", (scratch.path() / "signature").string()};
  command.env = remote::ssh_environment(context.environment);
  command.data[0] = beacon.signed_line;
  command.deadline = std::chrono::seconds(10);
  const auto outcome = context.runner.run(command, context.cancel);
  return !outcome.timed_out && outcome.status == 0;
}

std::string source_of(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(from);
    return {reinterpret_cast<const char*>(&four.sin_addr), sizeof four.sin_addr};
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(from);
  // ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2) is one host's, unlike the first half of another address.
  const auto* const bytes = reinterpret_cast<const char*>(&six.sin6_addr);
  return IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) ? std::string(bytes + 12, 4) : std::string(bytes, 8);
}

base::Fd beacon_socket(const std::string& where) {
  const auto colon = where.rfind(':');
  const auto fault = [&] {
    return base::Error("--listen " + base::printable(where) + ": expected ADDRESS:PORT or [ADDRESS]:PORT",
                       base::Exit::usage);
  };
  if (colon == std::string::npos) throw fault();
  std::uint16_t port = 0;
  const auto* const end = where.data() + where.size();
  const auto parsed = std::from_chars(where.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port == 0) throw fault();
  auto host = where.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = address_of(host, port);
  if (!address) throw fault();
  base::Fd out(socket(address->bytes.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!out.is_open() || bind(out.get(), reinterpret_cast<const sockaddr*>(&address->bytes), address->size) != 0)
    throw base::system_error("listening for beacons at " + base::printable(where));
  return out;
}

TokenBucket::TokenBucket(double burst, double per_second, double now)
    : burst_(burst), per_second_(per_second), tokens_(burst), last_(now) {}

bool TokenBucket::take(double now) {
  tokens_ = std::min(burst_, tokens_ + std::max(0.0, now - last_) * per_second_);
  last_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

BeaconGate::BeaconGate(const std::vector<std::string>& names) : all_(kBurst, kEachSecond, 0) {
  for (std::size_t host = 0; host < names.size(); ++host) {
    add_name(names[host], host);
    add_name(openssh::initramfs_alias(names[host]), host);
  }
}

void BeaconGate::add_name(const std::string& name, std::size_t host) { names_.emplace(name, host); }

bool BeaconGate::has_room_for(const std::string& source, double now) {
  if (!all_.take(now)) return false;
  // A full table is begun anew: that forgives the few that had used up theirs.
  if (sources_.size() >= kMostSources && !sources_.contains(source)) sources_.clear();
  return sources_.try_emplace(source, kSourceBurst, kSourceEachSecond, now).first->second.take(now);
}

std::optional<BeaconGate::Taken> BeaconGate::take(std::string_view datagram, const std::string& source, double now) {
  if (has_room_for(source, now)) {
    if (auto beacon = parse_beacon(datagram)) {
      const auto found = names_.find(beacon->name);
      if (found != names_.end() &&
          hosts_.try_emplace(found->second, kHostBurst, kHostEachSecond, now).first->second.take(now))
        return Taken{found->second, std::move(*beacon)};
    }
  }
  ++dropped_;
  return std::nullopt;
}

bool BeaconGate::is_news(std::size_t host, const Beacon& beacon) {
  auto& heard = heard_[host];
  const auto found = std::ranges::find(heard, beacon.boot, &Heard::boot);
  if (found == heard.end()) {
    heard.push_back({beacon.boot, beacon.number});
    if (heard.size() > kBootsKept) heard.pop_front();
    return true;
  }
  // Of an earlier boot, or sent before.
  if (found->boot != heard.back().boot || beacon.number <= found->number) return false;
  found->number = beacon.number;
  return true;
}

}  // namespace watch
