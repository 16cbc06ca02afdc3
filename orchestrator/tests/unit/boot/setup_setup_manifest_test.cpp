// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "recorded.hpp"
#include "setup/setup_manifest.hpp"

namespace {

TEST(Manifest, ReadsWhatItWrites) {
  recorded::Machine machine;
  const setup::Manifest manifest{{{"/etc/dracut-sshd/authorized_keys", base::sha256("x")}},
                                 "2026-01-01T00:00:00Z",
                                 "a, DHCP",
                                 "52:54:00:00:00:01"};
  machine.file(setup::kManifest, setup::manifest_text(manifest), 0600);
  EXPECT_EQ(setup::read_manifest(machine.root()), manifest);
}

TEST(Manifest, NoneIsNone) {
  const recorded::Machine machine;
  EXPECT_EQ(setup::read_manifest(machine.root()), std::nullopt);
}

TEST(Manifest, APathThatSetupNeverWritesIsRefused) {
  const auto digest = base::sha256("x");
  for (const std::string path :
       {"/etc/passwd", "/etc/dracut-sshd/network/../../passwd", "etc/dracut-sshd/authorized_keys", "",
        "/etc/dracut-sshd/network/10-setup/x", "/etc/dracut-sshd/network/10-setup\n"}) {
    recorded::Machine machine;
    machine.file(setup::kManifest, setup::manifest_text({{{path, digest}}, "", "", ""}));
    EXPECT_THROW((void)setup::read_manifest(machine.root()), base::Error) << path;
  }
}

TEST(Manifest, WhatIsNoManifestIsRefused) {
  for (const std::string text :
       {"", "{", "[]", "{\"schema\":2}", "{\"schema\":1}", "{\"schema\":1,\"files\":[1]}",
        "{\"schema\":1,\"files\":[{\"path\":\"/etc/dracut-sshd/authorized_keys\",\"sha256\":\"x\"}]}"}) {
    recorded::Machine machine;
    machine.file(setup::kManifest, text);
    EXPECT_THROW((void)setup::read_manifest(machine.root()), base::Error) << text;
  }
}

}  // namespace
