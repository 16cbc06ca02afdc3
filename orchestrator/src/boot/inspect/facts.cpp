// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/facts.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace inspect {
namespace {

constexpr std::array kProgramFolders{"usr/sbin",        "usr/bin",     "sbin",        "bin",
                                     "usr/lib/systemd", "lib/systemd", "usr/libexec", "usr/local/sbin"};

}  // namespace

std::string driver_of(std::string_view file) {
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  std::string out(file.substr(0, file.find('.')));
  std::ranges::replace(out, '-', '_');
  return out;
}

bool Facts::has_module(std::string_view name) const { return std::ranges::find(modules, name) != modules.end(); }

bool Facts::has_driver(std::string_view name) const {
  const auto wanted = driver_of(name);
  for (const auto& each : kernels) {
    for (const auto* top : {"usr/lib/modules/", "lib/modules/"}) {
      const auto builtin = image.content(top + each.text() + "/modules.builtin").value_or("");
      for (const auto& line : base::lines(builtin)) {
        if (driver_of(line) == wanted) return true;
      }
    }
  }
  return drivers.contains(wanted);
}

std::string Facts::program(std::string_view name) const {
  for (const auto* folder : kProgramFolders) {
    const auto path = std::string(folder) + "/" + std::string(name);
    const auto* node = image.find(path);
    if (node != nullptr && node->is_file()) return image.resolve(path).value_or("");
  }
  return {};
}

std::optional<std::string> Facts::cmdline_value(std::string_view name) const {
  std::optional<std::string> out;
  for (const auto& word : cmdline) {
    const auto equals = word.find('=');
    if (std::string_view(word).substr(0, equals) != name) continue;
    out = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return out;
}

}  // namespace inspect
