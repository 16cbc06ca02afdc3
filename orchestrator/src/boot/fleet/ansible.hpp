// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fleet/document.hpp"

/// An Ansible inventory as `ansible-inventory --list` prints it, with or without --export.
namespace fleet {

[[nodiscard]] bool is_ansible(const Value& document);

/// The same in the shape of our own files: `defaults`, `group` and `host`. Values keep their places in the file.
///
/// - Hosts are those of `_meta.hostvars` and those that a group names: hostvars leaves out a host without variables.
///   Where `ansible_connection` is not ssh's, the host is left out.
/// - ansible_host is `address`, ansible_user `real-user`, ansible_ssh_private_key_file `identity`. ansible_port is the
///   real system's, and the initramfs's only with dracut_sshd_same_port. `dracut_sshd_deadline` is `deadline`, and so
///   for every key; other variables are not ours.
/// - Variables of groups are there with --export alone. As in Ansible, those of a child count more than its parents',
///   and of the same depth the later name's (without ansible_group_priority).
///
/// base::Error (usage) for another shape, groups in a circle, or a template, which ansible-inventory leaves as it is.
[[nodiscard]] Value from_ansible(const Value& document);

}  // namespace fleet
