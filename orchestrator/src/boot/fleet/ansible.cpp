// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/ansible.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "fleet/host_keys.hpp"

namespace fleet {
namespace {

using Kind = Value::Kind;

constexpr std::string_view kOwn = "dracut_sshd_";

Value table(std::string where, std::string_view key) {
  Value out;
  out.kind = Kind::table;
  out.where = std::move(where);
  out.key = key;
  return out;
}

const Value& expect_table(const Value& value) {
  if (value.kind != Kind::table) throw fault(value, "it is " + kind_name(value), "an object");
  return value;
}

/// In an INI inventory, what a group's variable has is always a text.
std::optional<bool> truth_in(const std::string& text) {
  std::string lower;
  for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "true" || lower == "yes" || lower == "on" || lower == "y" || lower == "t" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "off" || lower == "n" || lower == "f" || lower == "0") return false;
  return std::nullopt;
}

void refuse_template(const Value& value) {
  if (value.text.find("{{") != std::string::npos || value.text.find("{%") != std::string::npos)
    throw fault(value, "it is a template, which ansible-inventory does not evaluate", "a value");
  for (const auto& item : value.items) refuse_template(item);
}

/// A variable's value under one of our keys, in the type that the key wants where a text can be read so.
Value as_key(const Value& variable, const std::string& key) {
  refuse_template(variable);
  Value out = variable;
  out.key = key;
  const auto wanted = kind_of_key(key);
  if (wanted == KeyKind::boolean && out.kind == Kind::text) {
    if (const auto truth = truth_in(out.text)) {
      out.kind = Kind::boolean;
      out.truth = *truth;
    }
  } else if (wanted == KeyKind::number && out.kind == Kind::text) {
    const auto* const end = out.text.data() + out.text.size();
    const auto read = std::from_chars(out.text.data(), end, out.number);
    if (read.ec == std::errc() && read.ptr == end) out.kind = Kind::number;
  }
  return out;
}

/// What of the variables is ours. A dracut_sshd_ one counts more than Ansible's own of the same meaning.
void add_keys(const Value& variables, Value& out) {
  expect_table(variables);
  for (const auto& each : variables.items) {
    if (!each.key.starts_with(kOwn)) continue;
    auto key = each.key.substr(kOwn.size());
    std::ranges::replace(key, '_', '-');
    if (out.find(key) != nullptr) throw fault(each, "the variable is there twice, by two spellings", "once");
    out.items.push_back(as_key(each, key));
  }
  const auto take = [&](std::string_view variable, const std::string& key) {
    const auto* const found = variables.find(variable);
    if (found != nullptr && out.find(key) == nullptr) out.items.push_back(as_key(*found, key));
  };
  take("ansible_host", "address");
  take("ansible_user", "real-user");
  const auto* const file = variables.find("ansible_ssh_private_key_file");
  // Another one is meant below the folder that Ansible is called in.
  if (file != nullptr && (file->text.starts_with('/') || file->text.starts_with("~/")))
    take("ansible_ssh_private_key_file", "identity");
  const auto* const same = out.find("same-port");
  if (same != nullptr && same->truth) take("ansible_port", "port");
}

bool by_ssh(const Value& variables) {
  const auto* const found = variables.find("ansible_connection");
  return found == nullptr || found->text == "smart" || found->text == "paramiko" || found->text.ends_with("ssh");
}

struct Group {
  const Value* value = nullptr;     // null: a child that has no object
  std::vector<const Value*> hosts;  // texts
  std::set<std::string> members;    // its children's hosts, too
  std::vector<std::string> children;
  std::size_t parents = 0;
};

std::vector<const Value*> names_in(const Value& list) {
  std::vector<const Value*> out;
  if (list.kind != Kind::list) throw fault(list, "it is " + kind_name(list), "a list of names");
  for (const auto& one : list.items) {
    if (one.kind != Kind::text) throw fault(one, "it is " + kind_name(one), "a name");
    out.push_back(&one);
  }
  return out;
}

std::map<std::string, Group> groups_of(const Value& document) {
  std::map<std::string, Group> out;
  for (const auto& each : document.items) {
    if (each.key == "_meta") continue;
    auto& group = out[each.key];
    group.value = &each;
    if (each.kind == Kind::list) {  // what a script may print (before Ansible 1.0, and since)
      group.hosts = names_in(each);
      continue;
    }
    expect_table(each);
    if (const auto* hosts = each.find("hosts")) group.hosts = names_in(*hosts);
    if (const auto* children = each.find("children"))
      for (const auto* name : names_in(*children)) group.children.push_back(name->text);
  }
  std::vector<std::string> names;
  for (auto& [name, group] : out) {
    std::ranges::sort(group.children);
    group.children.erase(std::unique(group.children.begin(), group.children.end()), group.children.end());
    names.insert(names.end(), group.children.begin(), group.children.end());
  }
  for (const auto& name : names) ++out[name].parents;
  return out;
}

/// Parents before their children, each generation by its names.
std::vector<std::string> by_depth(const Value& document, const std::map<std::string, Group>& groups) {
  std::map<std::string, std::size_t> left;
  std::vector<std::string> out, generation;
  for (const auto& [name, group] : groups) {
    left[name] = group.parents;
    if (group.parents == 0) generation.push_back(name);
  }
  while (!generation.empty()) {
    std::ranges::sort(generation);
    std::vector<std::string> next;
    for (const auto& name : generation) {
      out.push_back(name);
      for (const auto& child : groups.at(name).children)
        if (--left[child] == 0) next.push_back(child);
    }
    generation = std::move(next);
  }
  if (out.size() == groups.size()) return out;
  const auto circle = std::ranges::find_if(left, [](const auto& each) { return each.second != 0; });
  throw base::Error(where_below(document, circle->first) + ": is in a circle of groups; expected none",
                    base::Exit::usage);
}

Value hosts_of(const Value& document, const std::map<std::string, Group>& groups) {
  auto out = table(document.where, "host");
  std::set<std::string> seen;
  if (const auto* all = document.find("_meta")->find("hostvars")) {
    for (const auto& each : expect_table(*all).items) {
      seen.insert(each.key);
      if (!by_ssh(expect_table(each))) continue;
      auto host = table(each.where, each.key);
      add_keys(each, host);
      out.items.push_back(std::move(host));
    }
  }
  for (const auto& [name, group] : groups) {
    for (const auto* host : group.hosts)
      if (seen.insert(host->text).second) out.items.push_back(table(host->where, host->text));
  }
  return out;
}

}  // namespace

bool is_ansible(const Value& document) { return document.find("_meta") != nullptr; }

Value from_ansible(const Value& document) {
  expect_table(*document.find("_meta"));
  auto groups = groups_of(document);
  const auto order = by_depth(document, groups);
  auto hosts = hosts_of(document, groups);
  std::set<std::string_view> known;
  for (const auto& host : hosts.items) known.insert(host.key);
  for (auto name = order.rbegin(); name != order.rend(); ++name) {
    auto& group = groups.at(*name);
    for (const auto* host : group.hosts)
      if (known.contains(host->text)) group.members.insert(host->text);
    for (const auto& child : group.children)
      group.members.insert(groups.at(child).members.begin(), groups.at(child).members.end());
  }
  auto out = table(document.where, "");
  auto all = table(document.where, "group");
  for (const auto& name : order) {
    const auto& group = groups.at(name);
    auto one = table(where_below(document, name), name);
    const auto* const variables = group.value == nullptr ? nullptr : group.value->find("vars");
    if (variables != nullptr) add_keys(*variables, one);
    if (name == "all") {  // every host is in it, whether it says so or not
      one.key = "defaults";
      out.items.push_back(std::move(one));
      continue;
    }
    Value list;
    list.kind = Kind::list;
    list.key = "hosts";
    list.where = one.where;
    for (const auto& host : group.members) {
      Value member;
      member.kind = Kind::text;
      member.text = host;
      member.where = one.where;
      list.items.push_back(std::move(member));
    }
    one.items.push_back(std::move(list));
    all.items.push_back(std::move(one));
  }
  out.items.push_back(std::move(all));
  out.items.push_back(std::move(hosts));
  return out;
}

}  // namespace fleet
