// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/console.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "base/text.hpp"

namespace base {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

/// Talk must not end the work: where stderr is gone, it is silent.
void say(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool is_start(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_start));
}

std::string first_code_points(std::string_view text, std::size_t most) {
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at) {
    if (is_start(text[at]) && ++seen > most) break;
  }
  return std::string(text.substr(0, at));
}

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80U;
}

/// Several lines may come at once; what could steer the terminal does not get there.
std::string shown(const std::string& text) {
  std::string result;
  for (const auto& one : lines(text)) {
    const std::string spaced = replace_all(one, "\t", "    ");
    result += printable(spaced, 4 * spaced.size() + 4) + "\n";
  }
  return result.empty() ? "\n" : result;
}

bool set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool dumb() {
  const char* const term = std::getenv("TERM");
  return term == nullptr || *term == '\0' || std::string_view(term) == "dumb";
}

}  // namespace

StderrConsole::StderrConsole()
    : terminal_(::isatty(STDERR_FILENO) == 1 && !dumb()), colour_(terminal_ && !set("NO_COLOR")) {}

StderrConsole::~StderrConsole() { StderrConsole::clear_status(); }

void StderrConsole::line(const std::string& text) {
  const std::lock_guard lock(mutex_);
  std::string bytes = status_.empty() ? "" : std::string(kClearLine);
  say(bytes + shown(text) + status_);
}

void StderrConsole::warn(const std::string& text) {
  const std::lock_guard lock(mutex_);
  std::string bytes = status_.empty() ? "" : std::string(kClearLine);
  bytes += colour_ ? "\x1b[33mwarning:\x1b[0m " : "warning: ";
  say(bytes + shown(text) + status_);
}

void StderrConsole::status(const std::string& text) {
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  const std::string safe = printable(text, 4 * text.size() + 4);
  status_ = first_code_points(safe, terminal_width() - 1);  // a full line would wrap
  say(std::string(kClearLine) + status_);
}

void StderrConsole::clear_status() {
  const std::lock_guard lock(mutex_);
  if (status_.empty()) return;
  status_.clear();
  say(kClearLine);
}

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::size_t>& right) {
  std::vector<std::vector<std::string>> all = {head};
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths;
  for (const auto& row : all) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], code_points(row[i]));
  }
  std::string text;
  for (const auto& row : all) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - code_points(row[i]), ' ');
      if (i != 0) line += "  ";
      line += std::find(right.begin(), right.end(), i) != right.end() ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace base
