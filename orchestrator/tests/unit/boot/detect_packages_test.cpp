// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/files.hpp"
#include "detect/packages.hpp"
#include "recorded.hpp"
#include "recorded_state.hpp"

namespace detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

System managed_by(std::string manager) {
  System out;
  out.package_manager = std::move(manager);
  return out;
}

const MissingPackage* missing_for(const Packages& packages, const std::string& purpose) {
  const auto found = std::ranges::find(packages.missing, purpose, &MissingPackage::purpose);
  return found == packages.missing.end() ? nullptr : &*found;
}

TEST(DetectPackages, OfAnInstalledDebianWithoutDracut) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-12-initramfs-tools");
  const auto packages = read_packages(machine.source(), managed_by("apt"));
  EXPECT_FALSE(packages.module_there);
  EXPECT_FALSE(packages.dracut_there);
  ASSERT_NE(missing_for(packages, "module"), nullptr);
  EXPECT_TRUE(missing_for(packages, "module")->available_known);
  EXPECT_FALSE(missing_for(packages, "module")->available);
  EXPECT_TRUE(missing_for(packages, "dracut")->available);
  EXPECT_EQ(missing_for(packages, "network-modules")->name, "dracut-network");
  EXPECT_EQ(missing_for(packages, "cryptsetup-generator"), nullptr);
  EXPECT_EQ(missing_for(packages, "iproute"), nullptr);
  EXPECT_FALSE(missing_for(packages, "rehearse")->required);
  EXPECT_THAT(packages.install,
              ElementsAre("apt-get", "--yes", "--no-install-recommends", "install", "dracut", "dracut-network"));
  EXPECT_THAT(packages.replaced, ElementsAre("initramfs-tools"));
  EXPECT_THAT(packages.faults, IsEmpty());
}

TEST(DetectPackages, OfASystemThatHasAll) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  const auto packages = read_packages(machine.source(), managed_by("apt"));
  EXPECT_TRUE(packages.module_there);
  EXPECT_TRUE(packages.dracut_there);
  EXPECT_THAT(packages.missing, IsEmpty());
  EXPECT_THAT(packages.install, IsEmpty());
}

TEST(DetectPackages, NamesSystemdCryptsetupWhereItIsApart) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  std::filesystem::remove(machine.root() / "usr/bin/systemd-cryptsetup");
  machine.commands.prints("apt-cache show --no-all-versions systemd-cryptsetup", "Package: systemd-cryptsetup\n");
  machine.commands.prints(
      "apt-get --simulate --option Debug::NoLocking=1 --no-install-recommends install systemd-cryptsetup",
      "Inst systemd-cryptsetup (257.9-1 x)\n");
  const auto packages = read_packages(machine.source(), managed_by("apt"));
  ASSERT_EQ(packages.missing.size(), 1U);
  EXPECT_EQ(packages.missing[0].purpose, "cryptsetup-generator");
  EXPECT_TRUE(packages.missing[0].required);
  EXPECT_EQ(packages.install.back(), "systemd-cryptsetup");
  EXPECT_THAT(packages.replaced, IsEmpty());
}

TEST(DetectPackages, InstallsWhatAPackageManagerCouldNotBeAskedFor) {
  recorded::Machine machine;
  const auto packages = read_packages(machine.source(), managed_by("dnf"));
  EXPECT_FALSE(missing_for(packages, "module")->available_known);
  EXPECT_THAT(packages.install, testing::Contains("dracut-sshd"));
}

TEST(DetectPackages, ASilentAnswerOfDnfIsNo) {
  recorded::Machine machine;
  machine.commands.prints("dnf --quiet --cacheonly repoquery dracut-sshd", "\n");
  machine.commands.prints("dnf --quiet --cacheonly repoquery bash", "bash-0:5.3-1.fc44.x86_64\n");
  machine.commands.prints("dnf --quiet --cacheonly repoquery dracut", "dracut-0:108-7.fc44.x86_64\n");
  const auto packages = read_packages(machine.source(), managed_by("dnf"));
  EXPECT_TRUE(missing_for(packages, "module")->available_known);
  EXPECT_FALSE(missing_for(packages, "module")->available);
  EXPECT_TRUE(missing_for(packages, "dracut")->available);
  EXPECT_THAT(packages.install, testing::Not(testing::Contains("dracut-sshd")));
}

TEST(DetectPackages, ANoOfOneWithoutAListCountsForNothing) {
  recorded::Machine machine;  // as dnf answers before its first makecache, where skip_if_unavailable is set
  machine.commands.prints("dnf --quiet --cacheonly repoquery dracut-sshd", "");
  machine.commands.prints("dnf --quiet --cacheonly repoquery bash", "");
  machine.commands.prints("dnf --quiet --cacheonly repoquery dracut", "not asked any more\n");
  const auto packages = read_packages(machine.source(), managed_by("dnf"));
  EXPECT_FALSE(missing_for(packages, "module")->available_known);
  EXPECT_FALSE(missing_for(packages, "dracut")->available_known);
  EXPECT_THAT(packages.install, testing::Contains("dracut-sshd"));
}

TEST(DetectPackages, OfSuseSystemdCryptsetupIsInUdev) {
  recorded::Machine machine;
  machine.commands.prints("zypper --non-interactive --no-refresh --quiet search --match-exact --type package udev",
                          "\nS | Name | Summary | Type\n--+------+---------+--------\n  | udev | x       | package\n");
  const auto packages = read_packages(machine.source(), managed_by("zypper"));
  EXPECT_EQ(missing_for(packages, "cryptsetup-generator")->name, "udev");
}

TEST(DetectPackages, AsksNoMoreWhereItGotNoAnswerInTime) {
  recorded::Machine machine;
  machine.commands.answers["apt-cache show --no-all-versions dracut-sshd"] = {Answer::State::timed_out, 0, ""};
  const auto packages = read_packages(machine.source(), managed_by("apt"));
  EXPECT_THAT(packages.faults, ElementsAre(HasSubstr("no answer in time"), HasSubstr("did not answer")));
}

TEST(DetectPackages, TakesNoNameThatIsNoneFromASimulation) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-12-initramfs-tools");
  machine.commands.prints(
      "apt-get --simulate --option Debug::NoLocking=1 --no-install-recommends install dracut dracut-network",
      "Remv initramfs-tools [0.142]\nRemv --evil [1]\nRemv $(x) [1]\nRemv \xff [1]\nRemv\nRemv cryptsetup-initramfs "
      "[2]");
  const auto packages = read_packages(machine.source(), managed_by("apt"));
  EXPECT_THAT(packages.replaced, ElementsAre("initramfs-tools", "cryptsetup-initramfs"));
}

TEST(DetectPackages, WithoutAKnownPackageManagerSaysWhatLacks) {
  recorded::Machine machine;
  const auto packages = read_packages(machine.source(), managed_by(""));
  ASSERT_NE(missing_for(packages, "module"), nullptr);
  EXPECT_EQ(missing_for(packages, "module")->name, "");
  EXPECT_THAT(packages.install, IsEmpty());
}

TEST(DetectPackages, OstreeHasThemAfterAReboot) {
  recorded::Machine machine;
  EXPECT_TRUE(read_packages(machine.source(), managed_by("rpm-ostree")).after_reboot);
  EXPECT_FALSE(read_packages(machine.source(), managed_by("apt")).after_reboot);
}

/// The names of the distributions' profiles are the ones in the data.
TEST(DetectPackages, EveryRequirementOfAProfileIsInTheData) {
  using Json = nlohmann::json;
  const std::filesystem::path root = PROJECT_ROOT;
  const auto data = Json::parse(base::read_file(root / "orchestrator/src/boot/detect/packages.json", 1U << 20U));
  for (const auto& entry : std::filesystem::directory_iterator(root / "distros")) {
    const auto profile = Json::parse(base::read_file(entry.path(), 4U << 20U));
    auto manager = profile.at("package").at("manager").get<std::string>();
    if (manager == "portage") manager = "emerge";
    ASSERT_TRUE(data.at("managers").contains(manager)) << entry.path();
    std::set<std::string> known{"bash", "coreutils", "systemd", "dbus"};
    for (const auto& names : data.at("managers").at(manager).at("packages")) {
      for (const auto& name : names) {
        if (name.is_string()) known.insert(name.get<std::string>());
      }
    }
    const auto look = [&](const Json& release) {
      const auto needed = release.value(Json::json_pointer("/packages/module/requires"), Json::object());
      for (const auto& [name, ignored] : needed.items()) {
        EXPECT_TRUE(known.contains(name)) << entry.path() << ": " << name;
      }
    };
    look(profile);
    for (const auto& release : profile.at("releases")) look(release);
  }
}

}  // namespace
}  // namespace detect
