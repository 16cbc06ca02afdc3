// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "openssh/algorithms.hpp"
#include "openssh/key_paths.hpp"
#include "openssh/login.hpp"
#include "openssh/sshd_config.hpp"

/// Whatever an image has for a configuration, it is read and judged, and nothing is thrown. Every file that it includes
/// is the part behind the first NUL.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto middle = text.find('\0');
  const std::string included(middle == std::string_view::npos ? "" : text.substr(middle + 1));
  int asked = 0;
  const auto config = openssh::parse_sshd_config(text.substr(0, middle), "f", [&](const std::string& pattern) {
    ++asked;
    return pattern.find('*') == std::string::npos ? openssh::Included{{pattern, included}}
                                                  : openssh::Included{{"a", included}, {"b", std::nullopt}};
  });
  for (const auto& directive : config.directives)
    if (directive.keyword == nullptr || directive.block >= static_cast<int>(config.blocks.size())) __builtin_trap();
  for (std::size_t block = 0; block < config.blocks.size(); ++block)
    if (config.blocks[block].parent >= static_cast<int>(block) || config.blocks[block].criteria.empty())
      __builtin_trap();
  const auto effective = openssh::effective(config);
  for (const auto& [keyword, lines] : effective.values)
    if (lines.empty()) __builtin_trap();
  const openssh::Version version{8, 0, 0};
  (void)openssh::unknown_to(config, version);
  openssh::PublicKey key;
  key.type = "ssh-rsa";
  key.bits = 2048;
  const openssh::LoginFacts facts{{{key, false, {}, "10.0.0.0/8"}}, {key}, version, {}};
  for (const auto& one : openssh::judge_root_login(config, {}, facts))
    if (one.keyword.empty() || one.why.empty()) __builtin_trap();
  for (const auto& file : openssh::authorized_keys_files(effective.values))
    if (!file.starts_with('/')) __builtin_trap();
  return 0;
}
