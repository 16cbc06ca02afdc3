// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "networkd/kernel_words.hpp"
#include "networkd/outcome.hpp"

namespace {

/// The text as a .network file, as a .netdev file, and both as files of one configuration.
void judge(std::string_view text) {
  networkd::ConfigText config;
  networkd::read_config(text, config);
  networkd::Configuration all;
  all.networks.push_back(networkd::network_file_of("/a.network", config));
  all.networks.push_back(networkd::network_file_of("/b.network", config));
  all.netdevs.push_back(networkd::netdev_file_of("/a.netdev", config));
  if (!config.fault.empty() && !(all.networks[0].addresses.empty() && all.netdevs[0].name.empty())) __builtin_trap();
  networkd::Environment environment;
  environment.cmdline = std::vector<std::string>{"quiet"};
  environment.kernel = "6.1.0-1-amd64";
  networkd::Link known{"enp1s0", {}, "ether", "", "virtio_net", {}, "52:54:00:ab:00:01", {}};
  for (const auto& outcome : networkd::outcomes_of(all, environment, {known, {}})) {
    if (outcome.reached == networkd::Tri::yes && (outcome.address.empty() || outcome.by.empty())) __builtin_trap();
    if (outcome.reached == networkd::Tri::no && outcome.why.empty()) __builtin_trap();
  }
  for (const auto& file : all.networks) (void)networkd::unreachable_route(file);
}

}  // namespace

/// What networkd reads out of an image, and the words that a generator makes files of.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  judge(text);
  // A pattern and a name; what fnmatch(3) says is what networkd does.
  const auto half = text.substr(0, 60).find('\n');
  if (half != std::string_view::npos) (void)networkd::glob_matches(text.substr(0, half), text.substr(half + 1, 60));
  const auto made = networkd::files_of_kernel_words(networkd::words_of(text.substr(0, 2000)));
  if (!made.fault.empty() && !made.files.empty()) __builtin_trap();
  for (const auto& [name, file] : made.files) {
    if (name.find('/') != std::string::npos) __builtin_trap();
    networkd::ConfigText config;
    networkd::read_config(file, config);
    if (!config.fault.empty()) __builtin_trap();
    judge(file);
  }
  if (const auto prefix = networkd::prefix_of(text.substr(0, 100))) {
    const auto again = networkd::prefix_of(networkd::text_of(*prefix));
    if (!again || again->bytes != prefix->bytes || again->length != prefix->length) __builtin_trap();
  }
  return 0;
}
