// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/selection.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "base/text.hpp"
#include "openssh/pattern.hpp"

namespace fleet {
namespace {

base::Error wrong(const std::string& word, const std::string& what) {
  return base::Error(fmt::format("\"{}\": {}", base::printable(word), what), base::Exit::usage);
}

class Selection {
 public:
  explicit Selection(const Inventory& inventory) : inventory_(inventory) {}

  void add_word(const std::string& word) {
    if (word.starts_with('@')) return add_group(word);
    if (word.starts_with("ssh://"))
      throw wrong(word, "an address of this form is not taken; expected a host's name")
          .with_hint("name the host alone, and its port with --port");
    const auto at = word.rfind('@');
    const auto user = at == std::string::npos ? "" : word.substr(0, at);
    const auto name = at == std::string::npos ? word : word.substr(at + 1);
    if (!user.empty()) {
      if (const auto why = fault_of_user(user)) throw wrong(word, fmt::format("the user {}; expected USER@HOST", *why));
    }
    if (name.find_first_of("*?") != std::string::npos) return add_pattern(word, name, user);
    if (const auto why = fault_of_name(name)) throw wrong(word, fmt::format("the host's name {}", *why));
    const auto* const listed = inventory_.find(name);
    add(listed != nullptr ? *listed : inventory_.unlisted(name), user, word);
  }

  void add_all() {
    for (const auto& host : inventory_.hosts()) add(host, "", "");
  }

  std::vector<Host> hosts;

 private:
  void add_group(const std::string& word) {
    const auto name = word.substr(1);
    if (name != "all" && !inventory_.groups().contains(name)) {
      std::vector<std::string> known(inventory_.groups().begin(), inventory_.groups().end());
      const auto near = base::closest(name, known);
      const auto error = wrong(word, near ? fmt::format("there is no such group; expected \"@{}\"", *near)
                                          : "the inventory has no such group");
      if (near) throw error;
      throw error.with_hint(known.empty() ? "dracut-sshd-hosts(5) says how a file defines groups"
                                          : fmt::format("its groups: @{}", base::join(known, ", @")));
    }
    bool any = false;
    for (const auto& host : inventory_.hosts()) {
      if (name != "all" && !host.groups.contains(name)) continue;
      add(host, "", word);
      any = true;
    }
    if (!any) throw wrong(word, "no host is in the group");
  }

  void add_pattern(const std::string& word, const std::string& pattern, const std::string& user) {
    bool any = false;
    for (const auto& host : inventory_.hosts()) {
      if (!openssh::matches(host.name, pattern)) continue;
      add(host, user, word);
      any = true;
    }
    if (!any) throw wrong(word, "no host of the inventory matches");
  }

  void add(const Host& host, const std::string& user, const std::string& word) {
    const auto [at, fresh] = index_.emplace(host.name, Chosen{hosts.size(), ""});
    if (fresh) hosts.push_back(host);
    if (user.empty()) return;
    auto& chosen = at->second;
    if (!chosen.user.empty() && chosen.user != user)
      throw wrong(word, fmt::format("{} was already named with the user {}; expected one user for a host",
                                    base::printable(host.name), base::printable(chosen.user)));
    chosen.user = user;
    hosts[chosen.index].real_user = user;
  }

  struct Chosen {
    std::size_t index;
    std::string user;  // that a word has named, or ""
  };

  const Inventory& inventory_;
  std::map<std::string, Chosen> index_;
};

}  // namespace

std::vector<Host> select(const Inventory& inventory, const std::vector<std::string>& words, bool all) {
  Selection out(inventory);
  if (all) {
    if (!words.empty()) throw wrong(words.front(), "a host beside --all, which are all; expected one of the two");
    out.add_all();
    if (out.hosts.empty())
      throw base::Error("--all: the inventory has no host; expected one at least", base::Exit::usage)
          .with_hint("name hosts in ~/.config/dracut-sshd/hosts.toml; dracut-sshd-hosts(5)");
    return std::move(out.hosts);
  }
  if (words.empty()) throw base::Error("no host is named; expected HOST, @GROUP or --all", base::Exit::usage);
  for (const auto& word : words) out.add_word(word);
  return std::move(out.hosts);
}

}  // namespace fleet
