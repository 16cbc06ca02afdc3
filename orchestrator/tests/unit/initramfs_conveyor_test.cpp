// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "initramfs/conveyor.hpp"

namespace {

using initramfs::Conveyor;

/// Hands over a whole piece, filled with a letter, or as much of it as is said.
void send(Conveyor& conveyor, char letter, std::uint64_t mark, std::size_t size = std::string::npos) {
  const auto room = conveyor.room();
  std::ranges::fill(room, letter);
  conveyor.hand_over(std::min(size, room.size()), mark);
}

char letter_of(unsigned number) { return static_cast<char>('a' + number % 26); }

TEST(Conveyor, BringsAllPiecesInTheirOrder) {
  constexpr unsigned kPieces = 300;
  std::string heads;
  bool is_pure = true;
  Conveyor conveyor([&](std::string_view piece) {
    heads += piece.front();
    is_pure = is_pure && piece.find_first_not_of(piece.front()) == std::string_view::npos;
  });
  std::string expected;
  for (unsigned number = 0; number < kPieces; ++number) {
    expected += letter_of(number);
    send(conveyor, letter_of(number), number, number % 7 == 3 ? 5 : std::string::npos);
  }
  conveyor.drain();
  EXPECT_EQ(heads, expected);
  EXPECT_TRUE(is_pure) << "a piece was filled anew while the sink still read it";
  EXPECT_EQ(conveyor.mark(), kPieces - 1);
}

TEST(Conveyor, GivesTheSinkASecondThread) {
  std::thread::id last;
  Conveyor conveyor([&](std::string_view) { last = std::this_thread::get_id(); });
  send(conveyor, 'a', 0);
  conveyor.drain();
  EXPECT_EQ(last, std::this_thread::get_id()) << "one piece needs no thread";
  send(conveyor, 'b', 1);
  conveyor.drain();
  EXPECT_NE(last, std::this_thread::get_id());
}

TEST(Conveyor, HandsNothingOver) {
  Conveyor conveyor([](std::string_view) { FAIL(); });
  (void)conveyor.room();
  conveyor.hand_over(0, 1);
  conveyor.drain();
}

/// The sink throws at a piece; whoever unpacks learns it, and of which piece.
TEST(Conveyor, BringsTheFaultBack) {
  for (const unsigned bad : {0U, 1U, 2U, 9U}) {
    unsigned seen = 0;
    Conveyor conveyor([&](std::string_view piece) {
      ++seen;
      if (piece.front() == letter_of(bad)) throw std::runtime_error("no entry");
    });
    EXPECT_THROW(
        {
          for (unsigned number = 0; number < 20; ++number) send(conveyor, letter_of(number), number);
          conveyor.drain();
        },
        std::runtime_error)
        << bad;
    EXPECT_THROW(conveyor.drain(), std::runtime_error) << bad;
    EXPECT_EQ(conveyor.mark(), bad);
    EXPECT_EQ(seen, bad + 1) << "nothing is given to a sink that has thrown";
  }
}

TEST(Conveyor, MayBeLeftWithPiecesOnIt) {
  std::size_t seen = 0;
  for (unsigned round = 0; round < 50; ++round) {
    Conveyor conveyor([&](std::string_view) { ++seen; });
    for (unsigned number = 0; number <= round % 4; ++number) send(conveyor, 'x', number);
  }
  EXPECT_LE(seen, 125U);
}

}  // namespace
