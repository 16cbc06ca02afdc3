// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// What is true of one release of one distribution, typed and complete. The file it comes from is described in
/// orchestrator-profile(5); past profile::load nobody sees JSON.
namespace model {

struct Dependency {
  std::string name;     // a package's name, or an atom's category/name
  std::string op;       // "", "<", "<=", "=", ">=", ">"
  std::string version;  // "" when op is
  std::string why;
  bool operator==(const Dependency&) const = default;
};

enum class ServiceType { notify, simple };  // systemd.service(5), Type=

struct RpmFields {
  std::string dist;                            // ".fc43": the value of %{dist}
  std::string payload;                         // "w19.zstdio": %_binary_payload
  std::string license_dir;                     // "/usr/share/licenses/dracut-sshd"
  std::map<std::string, std::string> emulate;  // macros of the target that a foreign host lacks
};

struct DebFields {
  std::string suffix;             // "~deb12+1": closes the version
  std::string series;             // "bookworm": the changelog's distribution
  std::string section;            // "admin"
  std::string standards_version;  // "4.6.2"
  std::string vendor;             // dpkg's vendor and lintian's profile, in small letters
  std::string parent_vendor;      // the vendor that it is derived from; "": none
};

struct EbuildFields {
  std::string category;  // "sys-kernel"
  std::string keywords;  // "~amd64 ~arm64"
};

/// One package of a release: what is said of all of them (/package), and over it what is said of this one
/// (/packages/ID).
struct PackageFields {
  std::string id;                       // which of project.json's packages; "" where all of a release's are meant
  std::string suffix;                   // of its folder in dist/; "": it is the project's first package
  std::string name;                     // where it is not called as in project.json
  std::string format;                   // a name in the registry of formats
  std::string manager;                  // a name in the registry of package managers
  std::string arch;                     // noarch, all, any; "" where it has architectures
  std::set<std::string> architectures;  // as uname -m has them
  std::string doc_dir;
  std::string sbin_dir;
  std::string zsh_dir;  // of completions
  std::int64_t revision = 1;
  std::set<std::string> key_types;  // of keys that its package manager reads ("rsa", "ed25519"); none: any
  std::vector<Dependency> depends, recommends, suggests, conflicts;  // sorted by name
  std::vector<Dependency> build_depends;                             // what its source package asks for
  RpmFields rpm;
  DebFields deb;
  EbuildFields ebuild;
};

struct SshdFields {
  std::string path;
  ServiceType service_type = ServiceType::notify;
  std::string helper_dir;  // "": no helpers split off
  std::string privsep_dir;
  std::string privsep_user;
  std::set<std::string> environment_files;
};

struct InitrdFields {
  std::string image;      // "/boot/initramfs-%k.img"; %k is the kernel's version
  std::string generator;  // who makes it: dracut, update-initramfs, kernel-install, rpm-ostree, transactional-update
  std::set<std::string>
      hooks;             // how the system says that a kernel's image was built (model::kHooks); none: it does not
  std::string replaces;  // the package whose place dracut takes; "": none
};

/// How machines try the release. Nothing here reaches a package.
struct CiFields {
  std::string container;                       // "fedora:44"; "": there is no image of it
  std::string nightly;                         // "fedora:rawhide"; "": not tried every night
  std::map<std::string, std::string> runners;  // architecture (as uname -m) -> label of a hosted machine; none: no cell
  std::map<std::string, std::string> kernel;   // architecture -> package
  std::vector<Dependency> depends;             // what an image lacks, sorted by name
  std::set<std::string> tests;                 // install, image, inspect
};

struct ServiceFields {
  std::set<std::string> copr;  // chroots
  std::set<std::string> obs;   // names of repositories
  std::string ppa;             // the series; "": no PPA builds for it. So with the others
  std::string ppa_queue;       // where uploads go, METHOD://HOST/FOLDER; {project} stands for OWNER/NAME
  std::string ppa_archive;     // where a PPA is published; {project} stands for OWNER/NAME
  std::string aur;             // a package's git repository; {name} stands for the package
  std::string guru;            // the branch that changes begin at
};

struct Profile {
  std::string id;       // "rhel"
  std::string name;     // "Red Hat Enterprise Linux"
  std::string release;  // "10"
  std::set<std::string> os_release;
  std::string dracut, openssh;  // versions, for people
  std::string eol;              // "2029-05-31", or "" when there is no such day
  PackageFields package;
  SshdFields sshd;
  InitrdFields initrd;
  CiFields ci;
  ServiceFields services;

  [[nodiscard]] std::string key() const { return id + "-" + release + package.suffix; }  // its folder in dist/
};

}  // namespace model
