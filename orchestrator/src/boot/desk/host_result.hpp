// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "inspect/report.hpp"
#include "setup/client_page.hpp"

namespace desk {

/// What `dracut-sshd setup --json` says (dracut-sshd(1), SETUP), checked. Texts for people are as the host chose them,
/// and must be escaped wherever they go.
struct HostResult {
  int exit = 0;  // as inspect::Answer
  std::vector<std::string> names;
  std::vector<std::string> addresses;
  std::string port;  // of the initramfs's sshd
  bool own_host_key = true;
  std::vector<std::string> host_keys;           // "TYPE BASE64", each a key of its own, none a certificate
  std::vector<std::string> unsealed_host_keys;  // the same; shown where the TPM does not open the sealed host key
  std::vector<std::string> fingerprints;        // of host_keys
  std::vector<setup::PageFile> written;
  std::vector<std::string> unchanged;
  std::vector<setup::PageFile> kept;  // and why
  std::vector<std::string> notes;
  inspect::Findings findings;
};

inline constexpr std::size_t kLongestResult = 1U << 20U;  // bytes

/// base::Error "setup --json: /host_keys/0: ..." for anything that is not as it must be. Members that this version does
/// not know are skipped.
[[nodiscard]] HostResult parse_result(std::string_view json);

}  // namespace desk
