// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/unlock_table.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/text.hpp"

namespace admin {
namespace {

constexpr std::chrono::seconds kTick{1};

/// The first `width` code points: a column each, as in base::table().
std::string cut(const std::string& text, std::size_t width) {
  std::size_t points = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && points++ == width) return text.substr(0, at);
  }
  return text;
}

std::string pad(const std::string& text, std::size_t width) {
  const auto points = static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
  return points < width ? text + std::string(width - points, ' ') : text;
}

std::string seconds_of(const UnlockRow& row, double now) {
  if (row.begin < 0) return "-";
  return fmt::format("{:.0f} s", std::max(0.0, (row.end >= 0 ? row.end : now) - row.begin));
}

struct Size {
  std::size_t width = 80;
  std::size_t height = 24;
};

Size terminal_size() {
  winsize found{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col < 20 || found.ws_row < 4) return {};
  return {found.ws_col, found.ws_row};
}

}  // namespace

std::vector<std::string> unlock_table_lines(const std::vector<UnlockRow>& rows, double now, std::size_t width,
                                            std::size_t height) {
  std::vector<const UnlockRow*> order;
  for (const auto& row : rows) order.push_back(&row);
  if (rows.size() > height) {
    const auto rank = [](const UnlockRow* row) { return row->end >= 0 ? 2 : row->begin >= 0 ? 0 : 1; };
    std::ranges::stable_sort(order, {}, rank);
    order.resize(height - std::min<std::size_t>(height, 1));
  }
  std::size_t host = 0;
  std::size_t state = 0;
  for (const auto* row : order) {
    host = std::max(host, row->host.size());
    state = std::max(state, row->state.size());
  }
  host = std::min(host, width / 3);
  std::vector<std::string> out;
  for (const auto* row : order)
    out.push_back(cut(fmt::format("{}  {}  {:>6}  {}", pad(cut(row->host, host), host), pad(row->state, state),
                                  seconds_of(*row, now), row->text),
                      width));
  if (order.size() < rows.size() && height > 0) {
    const auto done = std::ranges::count_if(rows, [](const UnlockRow& row) { return row.end >= 0; });
    out.push_back(cut(fmt::format("... of {} machines, {} are done", rows.size(), done), width));
  }
  return out;
}

bool UnlockTable::usable(const std::map<std::string, std::string>& environment) {
  const auto term = environment.find("TERM");
  return isatty(STDERR_FILENO) == 1 && term != environment.end() && !term->second.empty() && term->second != "dumb";
}

UnlockTable::UnlockTable(const std::vector<std::string>& hosts, const base::Clock& clock) : clock_(clock) {
  for (const auto& host : hosts) rows_.push_back({host, "", "", -1, -1});
  thread_ = std::thread([this] { tick(); });
}

UnlockTable::~UnlockTable() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    erase();
  }
  wake_.notify_all();
  thread_.join();
}

void UnlockTable::tick() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    draw();
    wake_.wait_for(lock, kTick, [this] { return over_; });
  }
}

void UnlockTable::begin(std::size_t index) {
  const std::lock_guard lock(mutex_);
  rows_[index].begin = clock_.now();
  rows_[index].state = remote::name_of(remote::State::waiting);
  draw();
}

void UnlockTable::change(std::size_t index, const remote::Event& event) {
  const std::lock_guard lock(mutex_);
  rows_[index].state = remote::name_of(event.state);
  rows_[index].text = event.text;
  draw();
}

void UnlockTable::finish(std::size_t index, const remote::Unlocked& result) {
  const std::lock_guard lock(mutex_);
  rows_[index].end = clock_.now();
  rows_[index].state = remote::name_of(result.outcome);
  rows_[index].text = result.detail;
  draw();
}

void UnlockTable::pause() {
  const std::lock_guard lock(mutex_);
  erase();
  ++paused_;
}

void UnlockTable::resume() {
  const std::lock_guard lock(mutex_);
  if (--paused_ == 0) draw();
}

void UnlockTable::erase() {
  if (drawn_ == 0) return;
  // Up to the table's first line, and away with all below (ECMA-48: CPL, ED).
  fmt::print(stderr, "\x1b[{}F\x1b[J", drawn_);
  (void)std::fflush(stderr);
  drawn_ = 0;
}

void UnlockTable::draw() {
  if (over_ || paused_ > 0) return;
  const auto size = terminal_size();
  const auto lines = unlock_table_lines(rows_, clock_.now(), size.width - 1, size.height - 2);
  std::string text = drawn_ > 0 ? fmt::format("\x1b[{}F\x1b[J", drawn_) : "";
  for (const auto& line : lines) text += line + "\n";
  fmt::print(stderr, "{}", text);
  (void)std::fflush(stderr);
  drawn_ = lines.size();
}

}  // namespace admin
