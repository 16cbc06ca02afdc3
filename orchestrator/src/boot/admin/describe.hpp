// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "browse/difference.hpp"
#include "initramfs/image.hpp"
#include "inspect/facts.hpp"
#include "inspect/report.hpp"

/// Results as people and as machines read them.
namespace admin {

struct Inspected {
  const std::string& name;
  const std::string& source;  // how it was found
  const initramfs::Image& image;
  const inspect::Facts& facts;
  const inspect::Findings& findings;
};

[[nodiscard]] std::string to_text(const Inspected& inspected, bool quiet);

/// `weights`: of dracut's modules, as browse::compare_modules tells them.
[[nodiscard]] std::string to_text(const browse::Difference& difference,
                                  const std::map<std::string, std::int64_t>& weights);
[[nodiscard]] nlohmann::ordered_json to_json(const browse::Difference& difference,
                                             const std::map<std::string, std::int64_t>& weights);

}  // namespace admin
