// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "remote/unlock.hpp"

namespace admin {

/// A machine, as the live table shows it.
struct UnlockRow {
  std::string host;   // printable
  std::string state;  // or the outcome; "" before it has begun
  std::string text;   // the last event
  double begin = -1;  // of Clock::now(); -1: it has not begun
  double end = -1;
};

/// The table's lines, at most `height`, each cut to `width` code points: machines that are not done yet come first, and
/// a last line counts those that found no room.
[[nodiscard]] std::vector<std::string> unlock_table_lines(const std::vector<UnlockRow>& rows, double now,
                                                          std::size_t width, std::size_t height);

/// A table on stderr that is drawn anew as machines change state, and every second. Only where stderr is a terminal
/// that can move its cursor: usable(). It leaves the terminal's modes alone, so nothing is to be restored.
class UnlockTable {
 public:
  [[nodiscard]] static bool usable(const std::map<std::string, std::string>& environment);

  UnlockTable(const std::vector<std::string>& hosts, const base::Clock& clock);
  ~UnlockTable();  // takes the table away
  UnlockTable(const UnlockTable&) = delete;
  UnlockTable& operator=(const UnlockTable&) = delete;

  void begin(std::size_t index);
  void change(std::size_t index, const remote::Event& event);
  void finish(std::size_t index, const remote::Unlocked& result);
  /// Takes the table away while somebody else uses the terminal.
  void pause();
  void resume();

 private:
  void draw();   // with the mutex held
  void erase();  // with the mutex held
  void tick();
  std::mutex mutex_;
  std::condition_variable wake_;
  const base::Clock& clock_;
  std::vector<UnlockRow> rows_;
  std::size_t drawn_ = 0;
  unsigned paused_ = 0;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace admin
