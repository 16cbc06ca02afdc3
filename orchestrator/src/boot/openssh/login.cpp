// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/login.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/config_check.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr std::size_t kShown = 6;             // addresses in a sentence
constexpr std::size_t kMatched = 32U << 20U;  // bytes of from=, for all addresses together

/// Addresses of networks that nobody uses, and of those that people have at home; no list that names none of them tells
/// them apart from the others that it does not name.
constexpr const char* kElsewhere[] = {"198.51.100.77", "10.254.253.77", "172.31.253.77", "192.168.253.77",
                                      "2001:db8:fedc::77"};

void add_list(std::set<std::string>& out, std::string_view list) {
  for (auto& address : addresses_in(list)) out.insert(std::move(address));
}

struct Named {
  std::set<std::string> clients;
  std::set<std::string> hosts;  // names that a client may have
  std::set<std::string> machine;
  std::set<int> ports;
};

/// A name that a pattern fits and that is no address.
void add_host(std::set<std::string>& out, std::string_view list) {
  for (const auto& item : base::split(list, ',')) {
    const auto pattern = item.starts_with('!') ? item.substr(1) : item;
    if (pattern.empty() || parse_address(pattern.substr(0, pattern.find('/')))) continue;
    auto name = base::replace_all(base::replace_all(pattern, "*", "x"), "?", "x");
    if (name.find_first_not_of("0123456789.:") != std::string::npos) out.insert(lower(name));
  }
}

Named named_by(const Config& config, const std::vector<LoginKey>& keys) {
  Named out;
  const auto add_client = [&out](std::string_view list) {
    add_list(out.clients, list);
    add_host(out.hosts, list);
  };
  for (const auto& block : config.blocks) {
    for (const auto& criterion : block.criteria) {
      if (criterion.name == "address" || criterion.name == "host") add_client(criterion.argument);
      if (criterion.name == "localaddress") add_list(out.machine, criterion.argument);
    }
  }
  for (const auto& directive : config.directives) {
    const auto name = directive.keyword->canonical;
    if (name == "allowusers" || name == "denyusers") {
      for (const auto& argument : directive.arguments)
        if (const auto at = argument.rfind('@'); at != std::string::npos) add_client(argument.substr(at + 1));
    }
    if (name == "port" && !directive.arguments.empty())
      if (const auto port = integer_of(directive.arguments.front())) out.ports.insert(*port);
  }
  std::set<std::string> lists;  // thousands of keys may have the same one
  for (const auto& key : keys)
    if (key.from && lists.insert(*key.from).second) add_client(*key.from);
  return out;
}

bool asks_for_names(const Config& config) {
  return std::any_of(config.directives.begin(), config.directives.end(), [](const Directive& directive) {
    return directive.keyword->canonical == "usedns" && !directive.arguments.empty() &&
           same_word(directive.arguments.front(), "yes");
  });
}

std::string shown(const Connection& connection, bool machine) {
  return machine ? fmt::format("{} port {}", connection.local_address, connection.local_port) : connection.name();
}

std::string list_of(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t at = 0; at < std::min(all.size(), kShown); ++at) out += (at == 0 ? "" : ", ") + all[at];
  return all.size() > kShown ? fmt::format("{} and {} more", out, all.size() - kShown) : out;
}

void add_once(std::vector<std::string>& all, std::string one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
}

struct Raised {
  Objection objection;
  std::vector<std::string> places;
  std::size_t count = 0;
};

/// By what it is about; in the order in which they were raised.
class Ballot {
 public:
  void add(const Connection& connection, std::vector<Objection> objections, bool machine) {
    const bool refused = std::any_of(objections.begin(), objections.end(),
                                     [](const Objection& one) { return one.weight == Weight::refuses; });
    ++connections_;
    refused_ += refused ? 1 : 0;
    if (!refused) add_once(open_, shown(connection, machine));
    for (auto& one : objections) {
      const auto key = std::pair(one.keyword, one.origin);
      const auto known = index_.emplace(key, all_.size()).first;
      if (known->second == all_.size()) all_.push_back({std::move(one), {}, 0});
      ++all_[known->second].count;
      add_once(all_[known->second].places, shown(connection, machine));
    }
  }

  std::vector<Objection> result() {
    std::vector<Objection> out;
    for (auto& [objection, places, count] : all_) {
      const bool everywhere = count == connections_;
      if (objection.weight == Weight::refuses && !everywhere) {
        objection.why += fmt::format(", for {}", list_of(places));
        if (refused_ != connections_) objection.weight = Weight::depends;
        if (!open_.empty()) objection.why += fmt::format("; not for {}", list_of(open_));
      }
      out.push_back(std::move(objection));
    }
    return out;
  }

 private:
  std::size_t connections_ = 0;
  std::size_t refused_ = 0;
  std::vector<std::string> open_;
  std::vector<Raised> all_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
};

}  // namespace

std::vector<Connection> connections_of(const Config& config, const std::vector<LoginKey>& keys, const Connection& base,
                                       Elsewhere elsewhere) {
  auto named = named_by(config, keys);
  std::vector<Connection> clients;
  named.clients.insert(base.address);
  for (const auto* address : kElsewhere)
    if (elsewhere == Elsewhere::anywhere) named.clients.insert(address);
  for (const auto& address : named.clients) {
    clients.push_back(base);
    clients.back().address = address;
  }
  if (asks_for_names(config)) {
    for (const auto& host : named.hosts) {
      clients.push_back(base);
      clients.back().host = host;
    }
  }
  named.machine.insert(base.local_address);
  if (named.ports.empty()) named.ports.insert(base.local_port);
  std::vector<Connection> out;
  for (const auto& client : clients) {
    for (const auto& machine : named.machine) {
      for (const int port : named.ports) {
        if (out.size() == kConnections) return out;
        out.push_back(client);
        out.back().local_address = machine;
        out.back().local_port = port;
      }
    }
  }
  return out;
}

std::vector<Objection> judge_root_login(const Config& config, const Connection& base, const LoginFacts& facts,
                                        const std::string& address) {
  auto connections = connections_of(config, facts.keys, base);
  // Each address is matched with each from=: lists without end must not take time without end.
  std::size_t lists = 1;
  for (const auto& key : facts.keys) lists += key.from ? key.from->size() : 0;
  const auto most = std::max<std::size_t>(8, std::min(kConnections, kMatched / lists));
  const bool too_many = connections.size() >= most;
  if (too_many) connections.resize(most);
  if (!address.empty()) {
    for (auto& connection : connections) {
      connection.address = address;
      connection.host.clear();
    }
  }
  const bool machine = std::any_of(config.blocks.begin(), config.blocks.end(), [](const MatchBlock& block) {
    return std::any_of(block.criteria.begin(), block.criteria.end(),
                       [](const Criterion& one) { return one.name.starts_with("local"); });
  });
  Ballot ballot;
  std::set<std::string> seen;
  for (const auto& connection : connections) {
    const auto name = fmt::format("{}\n{}\n{}\n{}", connection.address, connection.host, connection.local_address,
                                  connection.local_port);
    if (!seen.insert(name).second) continue;
    const auto now = effective(config, connection);
    ballot.add(connection, judge_connection(now.values, connection, facts), machine);
  }
  auto out = ballot.result();
  if (too_many && address.empty())
    out.push_back({"Match", "", "names more addresses than are tried here", "", Weight::depends});
  return out;
}

}  // namespace openssh
