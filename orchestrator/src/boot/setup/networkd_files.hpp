// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "setup/network_addressing.hpp"
#include "setup/network_layout.hpp"
#include "setup/planned_file.hpp"

namespace setup {

/// How networkd's DHCPv4 client calls itself: as the system's own client does, so that it gets the same lease.
struct ClientId {
  std::string kind = "mac";  // ClientIdentifier= of systemd.network(5)
  std::string duid;          // hexadecimal, RFC 8415 section 11; "": networkd makes its own
  std::optional<std::uint32_t> iaid;
};

struct FilesRequest {
  const Layout& layout;
  const Addressing& addressing;
  std::string summary;           // goes into a comment
  std::size_t nics = 0;          // of the machine
  unsigned systemd_version = 0;  // 0: not known, a recent one
  ClientId client_id;
};

struct FilesResult {
  std::vector<PlannedFile> files;
  std::vector<std::string> notes;
  std::string problem;  // then there are no files
  std::string remedy;
};

inline constexpr const char* kNetworkFolder = "/etc/dracut-sshd/network/";

/// The comment that every file begins with; its lines begin with "#".
[[nodiscard]] std::string files_comment(const FilesRequest& request);

/// systemd.network(5), systemd.netdev(5).
[[nodiscard]] FilesResult networkd_files(const FilesRequest& request);

}  // namespace setup
