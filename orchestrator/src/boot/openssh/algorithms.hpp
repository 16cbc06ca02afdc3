// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openssh/version.hpp"

/// Signature algorithms: PubkeyAcceptedAlgorithms and HostKeyAlgorithms of sshd_config(5).
namespace openssh {

/// All that OpenSSH of this version has by itself for keys and certificates ("ssh-dss" up to 9.9: distributions built
/// it in until then), and those of its default.
[[nodiscard]] std::vector<std::string> supported_algorithms(const Version& version);
[[nodiscard]] std::vector<std::string> default_algorithms(const Version& version);

/// Whether the name of an algorithm is one of certificates: "...-cert-v01@openssh.com", "...-cert".
[[nodiscard]] bool names_certificate(std::string_view algorithm);

/// Whether an algorithm is accepted by a value of such a keyword: a list with wildcards; behind a '+' or '^' it adds
/// to the default, behind a '-' it takes away. An empty value is the default.
[[nodiscard]] bool is_accepted(std::string_view algorithm, std::string_view value, const Version& version);

}  // namespace openssh
