// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inspect/facts.hpp"
#include "inspect/report.hpp"

/// One function for a check, or for a few that belong together. Each adds its findings, also for a check that passes.
namespace inspect {

// check_image.cpp
void check_whole(const Facts& facts, Findings& out);
void check_generator(const Facts& facts, Findings& out);
void check_init(const Facts& facts, Findings& out);
void check_private(const Facts& facts, Findings& out);
void check_kernel(const Facts& facts, Findings& out);

// check_signed.cpp
void check_signed(const Facts& facts, Findings& out);

// check_current.cpp
void check_current(const Facts& facts, Findings& out);

// check_sshd.cpp
void check_present(const Facts& facts, Findings& out);
void check_libraries(const Facts& facts, Findings& out);
void check_helpers(const Facts& facts, Findings& out);
void check_privsep(const Facts& facts, Findings& out);

// check_unit.cpp
void check_unit(const Facts& facts, Findings& out);
void check_type(const Facts& facts, Findings& out);

// check_configuration.cpp
void check_configuration(const Facts& facts, Findings& out);

// check_login.cpp
void check_login(const Facts& facts, Findings& out);

// check_pam.cpp
void check_pam(const Facts& facts, Findings& out);

// check_listen.cpp
void check_listen(const Facts& facts, Findings& out);

// check_keys.cpp
void check_authorized(const Facts& facts, Findings& out);
void check_key_modes(const Facts& facts, Findings& out);
void check_host_keys(const Facts& facts, Findings& out);
/// Whether sshd starts with a host key that is in the image in the clear.
[[nodiscard]] bool has_clear_host_key(const Facts& facts);

// check_sealed.cpp
void check_sealed(const Facts& facts, Findings& out);

// check_account.cpp
void check_account(const Facts& facts, Findings& out);
void check_shell(const Facts& facts, Findings& out);

// check_network.cpp
void check_network(const Facts& facts, Findings& out);
void check_driver(const Facts& facts, Findings& out);

// check_disk_driver.cpp
void check_disk_driver(const Facts& facts, Findings& out);

// check_crypt.cpp
void check_crypt(const Facts& facts, Findings& out);

// check_opens.cpp
void check_opens(const Facts& facts, Findings& out);

/// All of them, in the order of check_list.cpp. Without an sshd those that are about it are left out.
[[nodiscard]] Findings check_all(const Facts& facts);

}  // namespace inspect
