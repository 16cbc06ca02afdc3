// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/system.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "detect/host_files.hpp"
#include "host/small_file.hpp"

namespace detect {
namespace {

constexpr std::size_t kMostMachineNames = 16;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// RFC 1123, 2.1: labels of letters, digits and "-". A name of digits alone is an address.
bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.front() == '.') return false;
  bool letter = false;
  for (const auto& label : base::split(name, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      if (!is_alphanumeric(c) && c != '-') return false;
      letter = letter || !(c >= '0' && c <= '9');
    }
  }
  return letter;
}

bool is_local(std::string_view name) {
  return name == "localhost" || name.starts_with("localhost.") || name == "localhost4" || name == "localhost6" ||
         name.starts_with("localhost4.") || name.starts_with("localhost6.") || name == "ip6-localhost" ||
         name == "ip6-loopback";
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string short_name(const std::string& name) { return name.substr(0, name.find('.')); }

void read_os_release(const Source& source, System& out) {
  auto text = text_at(source, "/etc/os-release", out.faults);
  if (text.empty()) text = text_at(source, "/usr/lib/os-release", out.faults);
  if (text.empty())
    return (void)out.faults.emplace_back("neither /etc/os-release nor /usr/lib/os-release says what system this is");
  const auto word = [&](std::string_view key) -> std::string {
    auto value = value_in(text, key).value_or("");
    const bool fine = value.size() <= 64 && std::ranges::all_of(value, [](char c) {
                        return is_alphanumeric(c) || std::string_view("._-+~").find(c) != std::string_view::npos;
                      });
    if (fine) return value;
    out.faults.push_back(fmt::format("os-release: {}={} is no name; expected letters, digits and \"._-\"", key,
                                     base::printable(value, 60)));
    return {};
  };
  out.id = word("ID");
  out.version_id = word("VERSION_ID");
  out.pretty_name = base::printable(value_in(text, "PRETTY_NAME").value_or(""), 100);
}

/// "NAME" of /etc/hostname (hostname(5)), of the kernel, of hostname(1).
std::string own_name(const Source& source, System& out) {
  std::vector<std::string> said;
  for (const auto& line : base::lines(text_at(source, "/etc/hostname", out.faults))) {
    const auto name = base::trim(line);
    if (!name.empty() && !name.starts_with('#')) {
      said.emplace_back(name);
      break;
    }
  }
  said.emplace_back(base::trim(host::read_small(source.root / "proc/sys/kernel/hostname").value_or("")));
  const auto usable = [](const std::string& name) { return is_host_name(name) && !is_local(lower_case(name)); };
  auto found = std::ranges::find_if(said, usable);
  if (found == said.end()) {
    const auto answer = source.commands.run({"hostname"});
    if (answer.ok()) said.emplace_back(base::trim(answer.out));
    found = std::ranges::find_if(said, usable);
  }
  for (const auto& name : said) {
    if (!name.empty() && !is_host_name(name)) {
      out.faults.push_back(fmt::format("the host name \"{}\" is no name of DNS; expected letters, digits and \"-\"",
                                       base::printable(name, 60)));
      break;
    }
  }
  return found == said.end() ? "" : lower_case(*found);
}

void read_names(const Source& source, System& out) {
  const auto own = own_name(source, out);
  if (own.empty()) return;
  std::vector<std::string> full;
  std::vector<std::string> others;
  for (const auto& raw : base::lines(text_at(source, "/etc/hosts", out.faults))) {
    auto words = base::split(base::replace_all(raw.substr(0, raw.find('#')), "\t", " "), ' ');
    std::erase_if(words, [](const std::string& word) { return base::trim(word).empty(); });
    if (words.size() < 2) continue;
    std::vector<std::string> names;
    for (std::size_t at = 1; at < words.size(); ++at) {
      auto name = lower_case(base::trim(words[at]));
      if (is_host_name(name) && !is_local(name)) names.push_back(std::move(name));
    }
    const bool ours =
        std::ranges::any_of(names, [&](const std::string& name) { return name == own || name == short_name(own); });
    // Debian's installer gives the machine's own names this address.
    if (!ours && words[0] != "127.0.1.1") continue;
    for (auto& name : names) {
      const bool is_full = name.find('.') != std::string::npos && short_name(name) == short_name(own);
      (is_full ? full : others).push_back(std::move(name));
    }
  }
  const auto add = [&](const std::string& name) {
    if (out.names.size() < kMostMachineNames && std::ranges::find(out.names, name) == out.names.end())
      out.names.push_back(name);
  };
  add(short_name(own));
  add(own);
  for (const auto& name : full) add(name);
  for (const auto& name : others) add(name);
}

/// As systemd-detect-virt(1) does, as far as files tell.
std::string container_of(const Source& source) {
  const auto kind = [](std::string_view text) -> std::string {
    const auto word = base::trim(text);
    const bool fine = !word.empty() && word.size() <= 32 &&
                      std::ranges::all_of(word, [](char c) { return is_alphanumeric(c) || c == '-'; });
    return fine ? std::string(word) : "unknown";
  };
  for (const auto* file : {"run/systemd/container", "run/host/container-manager"}) {
    if (const auto text = host::read_small(source.root / file)) return kind(*text);
  }
  for (const auto& word : base::split(host::read_small(source.root / "proc/1/environ").value_or(""), '\0')) {
    if (word.starts_with("container=") && word.size() > 10) return kind(std::string_view(word).substr(10));
  }
  if (is_there(source, "/.dockerenv")) return "docker";
  if (is_there(source, "/run/.containerenv")) return "podman";
  if (is_there(source, "/proc/vz") && !is_there(source, "/proc/bc")) return "openvz";
  const auto kernel = lower_case(host::read_small(source.root / "proc/sys/kernel/osrelease").value_or(""));
  if (kernel.find("microsoft") != std::string::npos || kernel.find("wsl") != std::string::npos) return "wsl";
  return {};
}

/// As ischroot(1) does. Only root may look at another's root folder, and not everywhere: else a / that is no mount
/// point tells.
bool is_chroot(const Source& source) {
  struct stat own {};
  struct stat first {};
  if (::stat(source.root.c_str(), &own) == 0 && ::stat((source.root / "proc/1/root/.").c_str(), &first) == 0)
    return own.st_dev != first.st_dev || own.st_ino != first.st_ino;
  const auto all = mounts(source);
  return !all.empty() && std::ranges::find(all, "/", &MountPoint::at) == all.end();
}

bool has_file_in(const Source& source, std::string_view folder, std::string_view suffix) {
  const auto names = names_in(source, folder);
  return std::ranges::any_of(names, [&](const std::string& name) { return name.ends_with(suffix); });
}

/// Several may be installed: the one whose database or repositories are there as well is the system's.
std::string package_manager_of(const Source& source, const System& system) {
  if (system.ostree && !program_at(source, "rpm-ostree").empty()) return "rpm-ostree";
  if (system.read_only_usr) return "transactional-update";
  struct Manager {
    const char* name;
    std::vector<const char*> programs;
    bool configured;
  };
  const std::vector<Manager> all{
      {"apt", {"apt-get"}, is_there(source, "/var/lib/dpkg/status")},
      {"zypper", {"zypper"}, has_file_in(source, "/etc/zypp/repos.d", ".repo")},
      {"dnf", {"dnf", "dnf5"}, has_file_in(source, "/etc/yum.repos.d", ".repo")},
      {"pacman", {"pacman"}, is_there(source, "/var/lib/pacman/local")},
      {"emerge", {"emerge"}, is_there(source, "/var/db/pkg")},
  };
  for (const bool configured : {true, false}) {
    for (const auto& manager : all) {
      if (configured && !manager.configured) continue;
      if (std::ranges::any_of(manager.programs,
                              [&](const char* program) { return !program_at(source, program).empty(); }))
        return manager.name;
    }
  }
  return {};
}

}  // namespace

System read_system(const Source& source) {
  System out;
  out.root = ::geteuid() == 0;
  read_os_release(source, out);
  read_names(source, out);
  out.container = container_of(source);
  out.chroot = is_chroot(source);
  out.systemd = is_there(source, "/run/systemd/system");
  out.ostree = is_there(source, "/run/ostree-booted");
  const auto root = mount_of(mounts(source), "/");
  out.read_only_usr = !program_at(source, "transactional-update").empty() && root && root->read_only();
  out.package_manager = package_manager_of(source, out);
  return out;
}

}  // namespace detect
