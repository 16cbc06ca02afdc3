// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/host_source.hpp"

/// What several parts of the detection ask of the machine's files.
namespace detect {

[[nodiscard]] bool is_there(const Source& source, std::string_view path);
/// Names in a folder, sorted; none where it cannot be read. Hidden files are left out, and no more than 4096 are read.
[[nodiscard]] std::vector<std::string> names_in(const Source& source, std::string_view folder);

/// A text file; "" where it is not there. One that is there and cannot be read is a fault.
[[nodiscard]] std::string text_at(const Source& source, std::string_view path, std::vector<std::string>& faults);

/// Where a program is, in the folders that services are started with; "" if it is not there.
[[nodiscard]] std::string program_at(const Source& source, std::string_view name);

/// The folder of one of dracut's modules, whatever its number: "/usr/lib/dracut/modules.d/46sshd"; "" if it is not
/// there.
[[nodiscard]] std::string dracut_module(const Source& source, std::string_view name);

/// KEY=VALUE lines of os-release(5), systemd's environment files and dracut-sshd's settings: quotes and backslashes as
/// a shell reads them, of several lines the last. Nothing if no line has the key, or its quotes have no end.
[[nodiscard]] std::optional<std::string> value_in(std::string_view text, std::string_view key);

/// A file system that is mounted (proc_pid_mountinfo(5)).
struct MountPoint {
  std::string at;
  std::string device;  // as the kernel names it
  std::string type;
  std::string options;        // of the mount
  std::string super_options;  // of the file system
  [[nodiscard]] bool read_only() const;
};
/// In the order in which they were mounted; no more than 10000.
[[nodiscard]] std::vector<MountPoint> mounts(const Source& source);
/// That which a path lies on; nothing if that is not known. Links in the path are not followed.
[[nodiscard]] std::optional<MountPoint> mount_of(const std::vector<MountPoint>& mounts, std::string_view path);

/// The words of a kernel command line: blanks separate them but inside of double quotes, which are left out
/// (Documentation/admin-guide/kernel-parameters.rst).
[[nodiscard]] std::vector<std::string> command_words(std::string_view cmdline);
/// The value of the last NAME=VALUE; "" if there is none.
[[nodiscard]] std::string command_value(const std::vector<std::string>& words, std::string_view name);

}  // namespace detect
