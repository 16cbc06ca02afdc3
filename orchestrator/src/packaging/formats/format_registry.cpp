// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "formats/deb.hpp"
#include "formats/ebuild.hpp"
#include "formats/format.hpp"
#include "formats/pkgbuild.hpp"
#include "formats/rpm.hpp"

namespace formats {
namespace {

/// A new format is one more line here.
std::array<const Format*, 4> all() {
  static const Rpm rpm;
  static const Deb deb;
  static const Ebuild ebuild;
  static const Pkgbuild pkgbuild;
  return {&rpm, &deb, &ebuild, &pkgbuild};
}

}  // namespace

const Format* find(std::string_view name) {
  for (const Format* format : all()) {
    if (format->name() == name) return format;
  }
  return nullptr;
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const Format* format : all()) out.emplace_back(format->name());
  return out;
}

}  // namespace formats
