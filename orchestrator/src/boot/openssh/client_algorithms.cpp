// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/client_algorithms.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr std::string_view kExchanges[] = {"mlkem768x25519-sha256",
                                           "mlkem768nistp256-sha256",
                                           "sntrup761x25519-sha512",
                                           "sntrup761x25519-sha512@openssh.com",
                                           "curve25519-sha256",
                                           "curve25519-sha256@libssh.org",
                                           "ecdh-sha2-nistp256",
                                           "ecdh-sha2-nistp384",
                                           "ecdh-sha2-nistp521",
                                           "diffie-hellman-group-exchange-sha256",
                                           "diffie-hellman-group16-sha512",
                                           "diffie-hellman-group18-sha512",
                                           "diffie-hellman-group14-sha256"};
constexpr std::string_view kMacs[] = {"umac-64-etm@openssh.com",
                                      "umac-128-etm@openssh.com",
                                      "hmac-sha2-256-etm@openssh.com",
                                      "hmac-sha2-512-etm@openssh.com",
                                      "hmac-sha1-etm@openssh.com",
                                      "umac-64@openssh.com",
                                      "umac-128@openssh.com",
                                      "hmac-sha2-256",
                                      "hmac-sha2-512",
                                      "hmac-sha1"};
// In the client's order, by which the cipher is chosen; 10.0 moved aes-gcm before aes-ctr.
using Order = std::array<std::string_view, 6>;
constexpr Order kOldOrder{
    "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com"};
constexpr Order kNewOrder{"chacha20-poly1305@openssh.com",
                          "aes128-gcm@openssh.com",
                          "aes256-gcm@openssh.com",
                          "aes128-ctr",
                          "aes192-ctr",
                          "aes256-ctr"};

/// Whether sshd has one of the client's names by such a value; sshd's default has all of them.
bool has(std::string_view value, std::string_view name) {
  if (value.empty() || value.front() == '+' || value.front() == '^') return true;
  if (value.front() == '-') return match_list(name, value.substr(1)) != ListMatch::matched;
  return match_list(name, value) == ListMatch::matched;
}

bool has_any(std::string_view value, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return has(value, name); });
}

/// Whether the cipher that is chosen brings its own integrity check.
bool needs_no_mac(std::string_view ciphers, const Order& order) {
  const auto* const chosen = std::ranges::find_if(order, [&](std::string_view name) { return has(ciphers, name); });
  return chosen != order.end() && chosen->find('@') != std::string_view::npos;
}

}  // namespace

std::vector<NoClient> why_no_client_connects(const Values& values) {
  constexpr std::string_view kWhy = "has none that a client of today offers by itself";
  std::vector<NoClient> out;
  const auto ciphers = argument_of(values, "ciphers", "");
  const auto macs = argument_of(values, "macs", "");
  if (!has_any(argument_of(values, "kexalgorithms", ""), kExchanges))
    out.push_back({"KexAlgorithms", std::string(kWhy)});
  if (!has_any(ciphers, kOldOrder)) {
    out.push_back({"Ciphers", std::string(kWhy)});
  } else if (!has_any(macs, kMacs)) {
    const bool old_client = needs_no_mac(ciphers, kOldOrder);
    const bool new_client = needs_no_mac(ciphers, kNewOrder);
    if (!old_client || !new_client) out.push_back({"MACs", std::string(kWhy), old_client == new_client});
  }
  return out;
}

bool is_offered_by_clients(std::string_view signature) {
  return !signature.starts_with("ssh-rsa") && !signature.starts_with("ssh-dss");
}

}  // namespace openssh
