// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <mutex>
#include <string>
#include <vector>

/// Talk goes to stderr: one status line on a terminal, plain lines elsewhere. Results are the caller's, on stdout.
namespace base {

class Console {
 public:
  virtual ~Console() = default;
  virtual void line(const std::string& text) = 0;    // a line that stays
  virtual void warn(const std::string& text) = 0;    // "warning: ..." that stays
  virtual void status(const std::string& text) = 0;  // replaces the status line; nothing where stderr is no terminal
  virtual void clear_status() = 0;
};

/// stderr; safe from several threads; cuts the status line to the terminal's width; no colours with NO_COLOR or
/// TERM=dumb.
class StderrConsole final : public Console {
 public:
  StderrConsole();
  ~StderrConsole() override;
  void line(const std::string& text) override;
  void warn(const std::string& text) override;
  void status(const std::string& text) override;
  void clear_status() override;

 private:
  std::mutex mutex_;
  bool terminal_;
  bool colour_;
  std::string status_;
};

/// Columns padded to their widest cell, counted in code points; `right` names the columns (0-based) that are flush
/// right.
[[nodiscard]] std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                                const std::vector<std::size_t>& right = {});

}  // namespace base
