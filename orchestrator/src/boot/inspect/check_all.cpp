// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "inspect/check.hpp"

namespace inspect {

Findings check_all(const Facts& facts) {
  Findings out;
  for (auto* const check :
       {check_whole, check_generator, check_private, check_current, check_signed, check_kernel, check_present})
    check(facts, out);
  const auto missing = [](const Finding& finding) {
    return finding.id == "sshd.present" && finding.severity != Severity::good;
  };
  if (std::ranges::any_of(out, missing)) return out;
  for (auto* const check :
       {check_libraries,   check_helpers, check_init,    check_unit,    check_type,       check_configuration,
        check_login,       check_pam,     check_listen,  check_privsep, check_authorized, check_key_modes,
        check_host_keys,   check_sealed,  check_account, check_shell,   check_network,    check_driver,
        check_disk_driver, check_crypt,   check_opens})
    check(facts, out);
  if (facts.image.is_exhausted())
    out.push_back({"image.whole", Severity::unknown,
                   "its links are too many to be followed: what is said of it may be wrong",
                   "no image of a real system is like this: look at where it comes from"});
  return out;
}

}  // namespace inspect
