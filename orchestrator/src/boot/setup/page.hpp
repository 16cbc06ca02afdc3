// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "inspect/report.hpp"
#include "setup/client_lines.hpp"

namespace setup {

struct PageContent {
  std::string title;                 // the machine's name
  std::string made;                  // date and time, UTC
  std::vector<std::string> summary;  // who may log in, where, what asks
  ClientFacts facts;
  ClientLines lines;
  std::string qr_svg;          // as qrencode(1) made it, checked to be nothing but paths and rectangles; "": none
  inspect::Findings findings;  // of doctor and inspect
  std::string verdict;
};

/// A self-contained HTML page to keep or print. Everything is escaped; it loads nothing.
[[nodiscard]] std::string page_of(const PageContent& content);

}  // namespace setup
