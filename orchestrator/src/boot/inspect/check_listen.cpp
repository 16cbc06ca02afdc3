// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "inspect/check.hpp"
#include "openssh/address.hpp"
#include "openssh/config_check.hpp"
#include "openssh/pattern.hpp"

/// Where sshd listens (Port, ListenAddress, AddressFamily): whether it can, and whether anybody gets there.
namespace inspect {
namespace {

struct Place {
  std::string host;  // an address or a name, without brackets
  std::string port;
};

/// "HOST", "HOST:PORT", "[HOST]:PORT", "V6" (servconf.c, hpdelim2).
Place place_of(const std::string& text) {
  if (text.starts_with('[')) {
    const auto end = std::min(text.find(']'), text.size());
    const auto rest = end < text.size() ? text.substr(end + 1) : "";
    return {text.substr(1, end - 1), rest.starts_with(':') ? rest.substr(1) : ""};
  }
  if (std::ranges::count(text, ':') != 1) return {text, ""};
  const auto colon = text.find(':');
  return {text.substr(0, colon), text.substr(colon + 1)};
}

/// Whether the word is one of /etc/services (services(5)).
bool is_service(const Facts& facts, const std::string& word) {
  for (const auto& line : base::lines(facts.image.content("etc/services").value_or(""))) {
    const auto plain = line.substr(0, line.find('#'));
    std::vector<std::string> words;
    for (const auto& one : base::split(base::replace_all(plain, "\t", " "), ' '))
      if (!one.empty()) words.push_back(one);
    if (words.size() < 2 || !words[1].ends_with("/tcp")) continue;
    words.erase(words.begin() + 1);
    if (std::ranges::find(words, word) != words.end()) return true;
  }
  return false;
}

bool is_number(const std::string& text) { return openssh::integer_of(text).has_value(); }

/// The addresses that /etc/hosts has for a name (hosts(5)).
std::vector<openssh::Address> addresses_of(const Facts& facts, const std::string& name) {
  std::vector<openssh::Address> out;
  for (const auto& line : base::lines(facts.image.content("etc/hosts").value_or(""))) {
    std::vector<std::string> words;
    for (const auto& one : base::split(base::replace_all(line.substr(0, line.find('#')), "\t", " "), ' '))
      if (!one.empty()) words.push_back(openssh::lower(one));
    if (words.size() < 2 || std::find(words.begin() + 1, words.end(), openssh::lower(name)) == words.end()) continue;
    if (const auto address = openssh::parse_address(words.front())) out.push_back(*address);
  }
  return out;
}

bool is_any(const openssh::Address& address) {
  return std::ranges::all_of(address.bytes, [](auto byte) { return byte == 0; });
}

class Listening {
 public:
  Listening(const Facts& facts, Findings& out) : facts_(facts), out_(out) {}
  void check();

 private:
  void ports();
  void addresses();
  void add(Severity severity, const std::string& origin, const std::string& message, const std::string& remedy) {
    out_.push_back(
        {"sshd.listen", severity, base::printable((origin.empty() ? "" : origin + ": ") + message, 400), remedy});
    good_ = false;
  }
  const Facts& facts_;
  Findings& out_;
  bool good_ = true;
};

void Listening::ports() {
  const auto fault = [&](const std::string& origin, const std::string& word) {
    if (is_number(word) || word.empty() || is_service(facts_, word)) return;
    add(Severity::error, origin,
        fmt::format("\"{}\" is not a port: /etc/services of the image has no such service, and sshd ends", word),
        "Port 22");
  };
  for (const auto& directive : facts_.config.directives) {
    if (directive.arguments.empty()) continue;
    if (directive.keyword->canonical == "port") fault(directive.origin, directive.arguments.front());
    if (directive.keyword->canonical == "listenaddress")
      fault(directive.origin, place_of(directive.arguments.front()).port);
  }
  for (const auto& block : facts_.config.blocks) {
    for (const auto& one : block.criteria)
      if (one.name == "localport") fault(block.origin, one.argument);
  }
}

void Listening::addresses() {
  const auto found = facts_.effective.values.find("listenaddress");
  const auto family = openssh::lower(openssh::argument_of(facts_.effective.values, "addressfamily", "any"));
  bool outside = found == facts_.effective.values.end();  // by default everywhere
  bool v4 = outside;
  bool own = false;  // some address that the machine may have
  std::string origin;
  if (found != facts_.effective.values.end()) {
    for (const auto& line : found->second) {
      if (line.arguments.empty()) continue;
      origin = line.origin;
      const auto host = place_of(line.arguments.front()).host;
      std::vector<openssh::Address> all;
      if (const auto address = openssh::parse_address(host))
        all.push_back(*address);
      else if (host != "*")
        all = addresses_of(facts_, host);
      std::erase_if(all, [&](const openssh::Address& one) { return family == (one.v6 ? "inet" : "inet6"); });
      if (all.empty() && host != "*") {
        add(Severity::error, line.origin,
            fmt::format("ListenAddress {} is not an address that sshd can use: it ends", host),
            "take ListenAddress out, or name an address of the machine");
        return;
      }
      for (const auto& address : all) {
        if (openssh::is_loopback(address)) continue;
        outside = true;
        own = own || !is_any(address);
        v4 = v4 || !address.v6;
      }
      outside = outside || host == "*";
      v4 = v4 || host == "*";
      if (std::ranges::any_of(all, is_any)) own = false;
    }
  }
  if (!outside)
    return add(Severity::error, origin, "sshd listens on a loopback address, which nobody reaches from outside",
               "take ListenAddress out");
  if (own && std::ranges::none_of(found->second, [](const openssh::Value& line) {
        const auto address =
            line.arguments.empty() ? std::nullopt : openssh::parse_address(place_of(line.arguments.front()).host);
        return address && is_any(*address);
      }))
    add(Severity::unknown, origin, "sshd listens on one address: whether the machine has it by then cannot be told",
        "take ListenAddress out");
  if (family == "inet6" || !v4)
    add(Severity::unknown, origin, "sshd listens on IPv6 alone: whether clients reach it so cannot be told",
        "AddressFamily any");
}

void Listening::check() {
  ports();
  addresses();
  if (!good_) return;
  out_.push_back({"sshd.listen", Severity::good,
                  "port " + base::printable(openssh::argument_of(facts_.effective.values, "port", "22"), 20), ""});
}

}  // namespace

void check_listen(const Facts& facts, Findings& out) { Listening(facts, out).check(); }

}  // namespace inspect
