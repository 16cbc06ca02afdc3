// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/algorithms.hpp"

#include <algorithm>

#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr Version kSecurityKeys{8, 2, 0};  // release notes of 8.2: FIDO tokens
constexpr Version kWebauthn{8, 4, 0};
constexpr Version kRsaSha1Gone{8, 8, 0};  // no longer in the default; rsa-sha2-* with the same keys still is
constexpr Version kDsaGone{10, 0, 0};
// As 10.6p1 has it, whose `sshd -T` and `ssh -Q` say so; what lies between 10.0 and 10.6 was not looked at.
constexpr Version kMldsa{10, 6, 0};

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

std::vector<std::string> default_algorithms(const Version& version) {
  std::vector<std::string> out;
  for (const auto* name : {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
                           "rsa-sha2-512", "rsa-sha2-256"}) {
    out.emplace_back(name);
    out.push_back(std::string(name) + "-cert-v01@openssh.com");
  }
  if (version >= kSecurityKeys)
    for (const auto* name : {"sk-ssh-ed25519", "sk-ecdsa-sha2-nistp256"}) {
      out.push_back(std::string(name) + "@openssh.com");
      out.push_back(std::string(name) + "-cert-v01@openssh.com");
    }
  if (version >= kMldsa)
    for (const auto* name :
         {"ssh-mldsa44-ed25519", "ssh-mldsa44-ed25519-cert", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
          "webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"})
      out.emplace_back(name);
  if (version < kRsaSha1Gone) {
    out.emplace_back("ssh-rsa");
    out.emplace_back("ssh-rsa-cert-v01@openssh.com");
  }
  return out;
}

std::vector<std::string> supported_algorithms(const Version& version) {
  auto out = default_algorithms(version);
  if (version >= kRsaSha1Gone) {
    out.emplace_back("ssh-rsa");
    out.emplace_back("ssh-rsa-cert-v01@openssh.com");
  }
  if (version >= kWebauthn && version < kMldsa) out.emplace_back("webauthn-sk-ecdsa-sha2-nistp256@openssh.com");
  if (version < kDsaGone) {
    out.emplace_back("ssh-dss");
    out.emplace_back("ssh-dss-cert-v01@openssh.com");
  }
  return out;
}

bool names_certificate(std::string_view algorithm) {
  return algorithm.find("-cert-") != std::string_view::npos || algorithm.ends_with("-cert");
}

bool is_accepted(std::string_view algorithm, std::string_view value, const Version& version) {
  if (!contains(supported_algorithms(version), algorithm)) return false;
  const bool by_default = contains(default_algorithms(version), algorithm);
  if (value.empty()) return by_default;
  const bool listed =
      match_list(algorithm, value.substr(value.find_first_not_of("+-^") == 1 ? 1 : 0)) == ListMatch::matched;
  if (value.front() == '-') return by_default && !listed;
  if (value.front() == '+' || value.front() == '^') return by_default || listed;
  return listed;
}

}  // namespace openssh
