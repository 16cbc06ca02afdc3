// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "base/tree.hpp"
#include "model/project.hpp"
#include "profile/load.hpp"

/// Small valid things that tests begin with and change.
namespace samples {

/// A distribution of two rpm releases.
inline nlohmann::json rpm() {
  return nlohmann::json::parse(R"({
    "id": "tester", "name": "Tester Linux", "default": "2", "os_release": {"tester": true},
    "package": {"format": "rpm", "manager": "dnf", "arch": "noarch", "revision": 1,
      "doc_dir": "/usr/share/doc/{name}", "sbin_dir": "/usr/sbin",
      "requires": {"dracut": {}, "systemd": {"op": ">=", "version": "253", "why": "soft-reboot"}},
      "suggests": {"NetworkManager": {}},
      "rpm": {"payload": "w19.zstdio", "license_dir": "/usr/share/licenses/{name}", "emulate": {"_vendor": "redhat"}}},
    "packages": {"module": {}},
    "sshd": {"path": "/usr/sbin/sshd", "service_type": "notify", "helper_dir": "/usr/libexec/openssh",
      "privsep_dir": "/usr/share/empty.sshd", "privsep_user": "sshd", "environment_files": {"/etc/sysconfig/sshd": true}},
    "initrd": {"image": "/boot/initramfs-%k.img", "generator": "dracut"},
    "sources": {"/sshd": "a manual"},
    "releases": [
      {"id": "1", "dracut": "105", "openssh": "9.9p1", "eol": "2020-01-01", "package": {"rpm": {"dist": ".t1"}}},
      {"id": "2", "dracut": "107", "openssh": "10.0p1", "package": {"rpm": {"dist": ".t2"}}}]})");
}

/// A distribution of two deb releases.
inline nlohmann::json deb() {
  auto document = rpm();
  auto& package = document["package"];
  package.erase("rpm");
  package["format"] = "deb";
  package["manager"] = "apt";
  package["arch"] = "all";
  package["deb"] = {{"section", "admin"}, {"standards_version", "4.6.2"}, {"vendor", "debian"}};
  document["releases"][0]["package"] = {{"deb", {{"suffix", "~deb12+1"}, {"series", "bookworm"}}}};
  document["releases"][1]["package"] = {{"deb", {{"suffix", "~deb13+1"}, {"series", "trixie"}}}};
  return document;
}

inline profile::Loaded load(const nlohmann::json& document, const std::string& file = "tester.json") {
  profile::Loaded loaded;
  profile::load_text(document.dump(), file, loaded);
  return loaded;
}

/// One profile of a document that must be valid.
inline model::Profile profile_of(const nlohmann::json& document, std::size_t release = 0) {
  const auto loaded = load(document);
  if (loaded.distributions.size() != 1) throw base::Error("the sample is broken: " + model::to_text(loaded.findings));
  return loaded.distributions[0].releases.at(release).profile;
}

inline model::Project project() {
  model::Project project;
  project.id = "module";
  project.is_first = true;
  project.repository = "dracut-sshd";
  project.install_list = "install.list";
  project.sources = {{"module", ""}};
  project.name = "dracut-sshd";
  project.summary = "OpenSSH server in the initramfs";
  project.description = {"A paragraph.", "", "Another."};
  project.url = "https://example.org/";
  project.license = "GPL-2.0-or-later";
  project.changelog = {{"1.0.0", 1795478400, {"First."}}};
  return project;
}

/// The least source that can be patched.
inline base::SourceTree pristine() {
  return {{"46sshd/sshd.service",
           {0644,
            "# a unit\n[Unit]\nDescription=x\n\n[Service]\nType=notify\nEnvironmentFile=-/etc/sysconfig/sshd\n"
            "EnvironmentFile=-/etc/default/ssh\nExecStart=/usr/sbin/sshd -D $OPTIONS\nRuntimeDirectory=sshd\n"}},
          {"46sshd/initrd.conf", {0644, "# names\nIMAGE=/boot/initramfs-%k.img\nGENERATOR=dracut\n"}},
          {"46sshd/module-setup.sh", {0755, "#!/bin/bash\n"}},
          {"LICENSE", {0644, "GPL\n"}}};
}

}  // namespace samples
