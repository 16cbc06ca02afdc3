// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/typed.hpp"

#include <nlohmann/json.hpp>

namespace profile {
namespace {

using nlohmann::json;

std::string text(const json& in, const char* key) { return in.value(key, std::string()); }

std::set<std::string> members(const json& in, const char* key) {
  std::set<std::string> set;
  if (in.contains(key)) {
    for (const auto& [name, unused] : in[key].items()) set.insert(name);
  }
  return set;
}

std::map<std::string, std::string> map_of(const json& in, const char* key) {
  return in.value(key, std::map<std::string, std::string>{});
}

std::vector<model::Dependency> dependencies(const json& in, const char* key) {
  std::vector<model::Dependency> list;  // json objects are sorted by key
  if (!in.contains(key)) return list;
  for (const auto& [name, value] : in[key].items()) {
    list.push_back({name, text(value, "op"), text(value, "version"), text(value, "why")});
  }
  return list;
}

model::PackageFields package(const json& in) {
  model::PackageFields out;
  out.format = text(in, "format");
  out.manager = text(in, "manager");
  out.name = text(in, "name");
  out.arch = text(in, "arch");
  out.architectures = members(in, "architectures");
  out.doc_dir = text(in, "doc_dir");
  out.sbin_dir = text(in, "sbin_dir");
  out.zsh_dir = in.value("zsh_dir", std::string("/usr/share/zsh/site-functions"));
  out.key_types = members(in, "key_types");
  out.revision = in.value("revision", std::int64_t{1});
  out.depends = dependencies(in, "requires");
  out.recommends = dependencies(in, "recommends");
  out.suggests = dependencies(in, "suggests");
  out.conflicts = dependencies(in, "conflicts");
  out.build_depends = dependencies(in, "build_requires");
  if (in.contains("rpm")) {
    const auto& rpm = in["rpm"];
    out.rpm = {text(rpm, "dist"), text(rpm, "payload"), text(rpm, "license_dir"), map_of(rpm, "emulate")};
  }
  if (in.contains("deb")) {
    const auto& deb = in["deb"];
    out.deb = {text(deb, "suffix"), text(deb, "series"),       text(deb, "section"), text(deb, "standards_version"),
               text(deb, "vendor"), text(deb, "parent_vendor")};
  }
  if (in.contains("ebuild")) out.ebuild = {text(in["ebuild"], "category"), text(in["ebuild"], "keywords")};
  return out;
}

}  // namespace

model::Profile typed(const json& merged) {
  model::Profile out;
  out.id = text(merged, "id");
  out.name = text(merged, "name");
  out.release = text(merged, "release");
  out.os_release = members(merged, "os_release");
  out.dracut = text(merged, "dracut");
  out.openssh = text(merged, "openssh");
  out.eol = text(merged, "eol");
  out.package = package(merged["package"]);
  const auto& sshd = merged["sshd"];
  out.sshd.path = text(sshd, "path");
  out.sshd.service_type =
      text(sshd, "service_type") == "simple" ? model::ServiceType::simple : model::ServiceType::notify;
  out.sshd.helper_dir = text(sshd, "helper_dir");
  out.sshd.privsep_dir = text(sshd, "privsep_dir");
  out.sshd.privsep_user = text(sshd, "privsep_user");
  out.sshd.environment_files = members(sshd, "environment_files");
  out.initrd = {text(merged["initrd"], "image"), text(merged["initrd"], "generator"),
                members(merged["initrd"], "hooks"), text(merged["initrd"], "replaces")};
  if (merged.contains("ci")) {
    const auto& ci = merged["ci"];
    out.ci = {text(ci, "container"), text(ci, "nightly"),          map_of(ci, "runners"),
              map_of(ci, "kernel"),  dependencies(ci, "requires"), members(ci, "tests")};
  }
  if (merged.contains("services")) {
    const auto& services = merged["services"];
    out.services = {members(services, "copr"),   members(services, "obs"),      text(services, "ppa"),
                    text(services, "ppa_queue"), text(services, "ppa_archive"), text(services, "aur"),
                    text(services, "guru")};
  }
  return out;
}

}  // namespace profile
