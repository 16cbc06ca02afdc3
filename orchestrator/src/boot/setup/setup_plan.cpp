// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/setup_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "host/small_file.hpp"

namespace setup {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNetworkFolder = "etc/dracut-sshd/network";

void plan_refusals(Plan& plan, const detect::Machine& machine) {
  const auto& system = machine.system;
  if (!system.root) plan.refusals.emplace_back("setup writes to /etc and builds an initramfs: run it as root");
  if (!system.container.empty())
    plan.refusals.push_back(fmt::format("this is a container ({}): it has no boot of its own", system.container));
  if (system.chroot) plan.refusals.emplace_back("this is a chroot: run setup on the booted machine itself");
}

void plan_packages(Plan& plan, const detect::Machine& machine, const Choices& choices) {
  const auto& packages = machine.packages;
  std::vector<std::string> nowhere;
  for (const auto& one : packages.missing)
    if (one.required && (one.name.empty() || (one.available_known && !one.available)))
      nowhere.push_back(one.name.empty() ? one.what : fmt::format("{} ({})", one.name, one.what));
  if (!nowhere.empty())
    plan.refusals.push_back(fmt::format(
        "missing, and in no configured package repository: {}{}", base::join(nowhere, ", "),
        packages.refresh.empty() ? "" : fmt::format(" (as of the last {})", base::shell_quote(packages.refresh))));
  if (packages.install.empty()) return;
  if (!choices.install) {
    plan.refusals.push_back(fmt::format("packages are missing: {}", base::shell_quote(packages.install)));
    return;
  }
  if (!packages.replaced.empty() && !choices.replace_generator) {
    plan.refusals.push_back(
        fmt::format("{} would remove {}: that changes how this machine's initramfs is made. If you want that: "
                    "--replace-generator",
                    base::shell_quote(packages.install), base::join(packages.replaced, ", ")));
    return;
  }
  plan.install = packages.install;
}

/// Files for the image's network that an admin wrote.
std::vector<std::string> own_network_files(const fs::path& root, const std::optional<Manifest>& manifest) {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root / kNetworkFolder, error)) {
    const auto path = fmt::format("/{}/{}", kNetworkFolder, entry.path().filename().string());
    if (state_of(path, manifest, root) == FileState::foreign) out.push_back(path);
  }
  std::ranges::sort(out);
  return out;
}

void plan_the_network(Plan& plan, const detect::Machine& machine, const Choices& choices,
                      const std::optional<Manifest>& manifest, const fs::path& root) {
  const auto own = own_network_files(root, manifest);
  plan.network = plan_network(machine.network, machine.boot);
  if (!own.empty()) {
    for (const auto& path : own) plan.keep.push_back({path, "you wrote it"});
    if (!plan.network.files.empty())
      plan.notes.emplace_back(
          "the image's network is what your files in /etc/dracut-sshd/network say; setup adds none");
    plan.network.files.clear();
    plan.network.problem.clear();
    return;
  }
  if (!choices.network) {
    plan.network.files.clear();
    plan.network.problem.clear();
    return;
  }
  for (const auto& note : plan.network.notes) plan.notes.push_back(note);
  if (!plan.network.problem.empty())
    plan.refusals.push_back(plan.network.problem +
                            (plan.network.remedy.empty() ? std::string() : ": " + plan.network.remedy) +
                            " (--no-network leaves the network to you)");
  for (const auto& file : plan.network.files) plan_file(plan, file, manifest, root);
}

void plan_host_key(Plan& plan, const detect::Machine& machine, const Choices& choices,
                   const std::optional<Manifest>& manifest, const fs::path& root) {
  if (!machine.keys.host_keys.empty()) {
    for (const auto& path : machine.keys.host_keys) {
      if (state_of(path, manifest, root) == FileState::ours)
        plan.unchanged.push_back(path);
      else
        plan.keep.push_back({path, "a host key of the initramfs is there already"});
    }
    if (state_of(std::string(kHostKey) + ".pub", manifest, root) == FileState::ours)
      plan.unchanged.push_back(std::string(kHostKey) + ".pub");
    return;
  }
  const auto fips = host::read_small(root / "proc/sys/crypto/fips_enabled");
  if (fips && base::trim(*fips) == "1") {
    plan.notes.emplace_back("in FIPS mode there is no Ed25519 key: the initramfs has copies of the system's host keys");
    return;
  }
  plan.make_host_key = choices.own_host_key;
}

bool is_port(const std::string& text) {
  unsigned number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() && number > 0 && number < 65536;
}

void plan_port(Plan& plan, const detect::Machine& machine, const Choices& choices,
               const std::optional<Manifest>& manifest, const fs::path& root) {
  plan.port = machine.daemon.image_port.empty() ? "22" : machine.daemon.image_port;
  if (choices.port.empty() || choices.port == plan.port) {
    for (const auto* path : {"/etc/default/dracut-sshd", "/etc/sysconfig/dracut-sshd"})
      if (state_of(path, manifest, root) == FileState::ours) plan.unchanged.emplace_back(path);
    return;
  }
  if (!is_port(choices.port))
    throw base::Error(fmt::format("--port: \"{}\" is not a port; expected 1 to 65535", base::printable(choices.port)),
                      base::Exit::usage);
  auto path = machine.daemon.options_file;
  if (path.empty()) {
    std::error_code error;
    path = fs::is_directory(root / "etc/sysconfig", error) ? "/etc/sysconfig/dracut-sshd" : "/etc/default/dracut-sshd";
  }
  if (state_of(path, manifest, root) == FileState::foreign) {
    plan.refusals.push_back(
        fmt::format("{} is yours: set SSHD_OPTS=\"-p {}\" there, and run setup without --port", path, choices.port));
    return;
  }
  plan.port = choices.port;
  plan_file(plan,
            {path,
             fmt::format("# Made by dracut-sshd setup: the port of the initramfs's sshd.\nSSHD_OPTS=\"-p {}\"\n",
                         choices.port),
             0644, "the port of the initramfs's sshd", false},
            manifest, root);
}

/// What an earlier run wrote and this one does not want any more.
void plan_removals(Plan& plan, const std::optional<Manifest>& manifest, const fs::path& root) {
  if (!manifest) return;
  for (const auto& file : manifest->files) {
    const auto wanted = std::ranges::find(plan.write, file.path, &PlannedFile::path) != plan.write.end() ||
                        std::ranges::find(plan.unchanged, file.path) != plan.unchanged.end() ||
                        std::ranges::find(plan.keep, file.path, &KeptFile::path) != plan.keep.end();
    // Keys stay: they are how somebody gets in.
    if (!wanted && file.path.starts_with("/etc/dracut-sshd/network/") &&
        state_of(file.path, manifest, root) == FileState::ours)
      plan.remove.push_back(file.path);
  }
}

}  // namespace

fs::path on_system(const fs::path& root, const std::string& path) { return root / fs::path(path).relative_path(); }

FileState state_of(const std::string& path, const std::optional<Manifest>& manifest, const fs::path& root) {
  const auto at = on_system(root, path);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(at, error))) return FileState::absent;
  const auto* listed = manifest ? manifest->find(path) : nullptr;
  if (listed == nullptr || !fs::is_regular_file(fs::symlink_status(at, error))) return FileState::foreign;
  try {
    return base::sha256_of_file(at) == listed->sha256 ? FileState::ours : FileState::foreign;
  } catch (const base::Error&) {
    return FileState::foreign;
  }
}

void plan_file(Plan& plan, PlannedFile file, const std::optional<Manifest>& manifest, const fs::path& root) {
  const auto state = state_of(file.path, manifest, root);
  if (state == FileState::absent) {
    plan.write.push_back(std::move(file));
    return;
  }
  if (state == FileState::ours) {
    if (base::sha256(file.content) == manifest->find(file.path)->sha256)
      plan.unchanged.push_back(file.path);
    else
      plan.write.push_back(std::move(file));
    return;
  }
  plan.keep.push_back(
      {file.path, manifest && manifest->find(file.path) != nullptr ? "you changed it" : "you wrote it"});
}

Plan make_plan(const detect::Machine& machine, const Choices& choices, const std::optional<Manifest>& manifest,
               const fs::path& root) {
  Plan plan;
  plan_refusals(plan, machine);
  plan_packages(plan, machine, choices);
  plan_keys(plan, machine, choices, manifest, root);
  plan_host_key(plan, machine, choices, manifest, root);
  plan_the_network(plan, machine, choices, manifest, root);
  plan_port(plan, machine, choices, manifest, root);
  plan_removals(plan, manifest, root);
  return plan;
}

}  // namespace setup
