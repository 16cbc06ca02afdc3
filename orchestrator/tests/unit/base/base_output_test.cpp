// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "base/output.hpp"

namespace base {
namespace {

TEST(Output, KeepsItsOwnColoursAndNoOtherSequence) {
  const std::string text =
      "\x1b[1;31merror\x1b[0m \x1b]0;title\x07 \x1b[2J \xc2\x9b"
      "31m\n";
  EXPECT_EQ(printed(text, true), "\x1b[1;31merror\x1b[0m \\x1b]0;title\\x07 \\x1b[2J \\xc2\\x9b31m\n");
  EXPECT_EQ(printed("\x1b[32mgood\x1b[0m", false), "\\x1b[32mgood\\x1b[0m");
}

TEST(Output, PiecesOfAFileCutNoCharacter) {
  const std::string text = "\xE2\x82\xAC\x1b[31m\xF0\x9F\x98\x80\xE2\x80\xAE\xFF\xE2\x82";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::string out;
    PrintablePieces pieces([&](const std::string& piece) { out += piece; });
    for (std::size_t at = 0; at < text.size(); at += size) pieces.add(std::string_view(text).substr(at, size));
    pieces.finish();
    EXPECT_EQ(out, "\xE2\x82\xAC\\x1b[31m\xF0\x9F\x98\x80\\xe2\\x80\\xae\\xff\\xe2\\x82") << size;
  }
}

}  // namespace
}  // namespace base
