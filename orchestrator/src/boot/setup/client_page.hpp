// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "inspect/report.hpp"
#include "setup/client_lines.hpp"

namespace setup {

/// A file that setup wrote, or found as it should be.
struct PageFile {
  std::string path;
  std::string purpose;
};

struct PageContent {
  std::string title;                 // the machine's name
  std::string made;                  // date and time, UTC
  std::vector<std::string> summary;  // who may log in, where, what asks
  ClientFacts facts;
  ClientLines lines;
  std::string qr_svg;           // by qr_svg() (setup/qr.hpp), put in as it is; "": none
  inspect::Findings findings;   // of doctor and inspect
  std::string verdict;          // a sentence: "The next boot lets you in."
  int exit = 0;                 // of setup, as inspect::Answer: decides the verdict's colour
  std::vector<PageFile> files;  // written on the machine
};

/// A self-contained HTML page to keep or print. Everything is escaped; it has no script and loads nothing, and says so
/// to the browser (Content-Security-Policy). Readable at 360 px, in dark mode, and on paper.
[[nodiscard]] std::string page_of(const PageContent& content);

}  // namespace setup
