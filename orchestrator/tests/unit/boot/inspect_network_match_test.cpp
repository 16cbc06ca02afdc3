// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inspect/network_match.hpp"

namespace inspect {
namespace {

const std::vector<host::Nic> kNics{{"enp1s0", "virtio_net", "virtio_net", "52:54:00:ab:00:01"}};

std::string why(const std::string& text) { return why_for_no_nic(text, kNics); }

TEST(NetworkMatch, AKeyfileOfNetworkManagerNamesItsCard) {
  EXPECT_EQ(why("[connection]\nid=a\ninterface-name=enp1s0\n"), "");
  EXPECT_NE(why("[connection]\nid=a\ninterface-name=eno1\n"), "");
  EXPECT_NE(why("[connection]\nid=a\n[ethernet]\nmac-address=00:11:22:33:44:55\n"), "");
}

TEST(NetworkMatch, WithoutCardsNothingCanBeTold) {
  EXPECT_EQ(why_for_no_nic("[connection]\ninterface-name=a\n", {}), "");
}

}  // namespace
}  // namespace inspect
