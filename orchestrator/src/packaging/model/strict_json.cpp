// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"

namespace model {
namespace {

using nlohmann::json;

std::string position(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  const auto before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto newline = before.rfind('\n');
  const auto column = newline == std::string_view::npos ? offset + 1 : offset - newline;
  return fmt::format("line {}, column {}", line, column);
}

/// Follows the parser through the text, to know where it is and which keys it has seen. SAX events alone carry no path.
class Watcher {
 public:
  Watcher(std::string_view where, Findings& findings) : where_(where), findings_(findings) {}

  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    using Event = json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        if (depth >= kMaxJsonDepth) throw TooDeep{};
        enter();
        frames_.push_back({event == Event::array_start, {}, {}, 0});
        break;
      case Event::object_end:
      case Event::array_end:
        frames_.pop_back();
        break;
      case Event::key: {
        auto& frame = frames_.back();
        frame.key = parsed.get_ref<const std::string&>();
        if (!frame.seen.insert(frame.key).second) {
          findings_.push_back({Severity::error, fmt::format("{}: {}", where_, pointer()), "this key stands here twice",
                               "keep one of the two"});
        }
        break;
      }
      case Event::value:
        enter();
        break;
    }
    return true;
  }

  struct TooDeep {};

 private:
  struct Frame {
    bool array;
    std::string key;
    std::set<std::string> seen;
    std::size_t next;
  };

  void enter() {
    if (!frames_.empty() && frames_.back().array) frames_.back().key = std::to_string(frames_.back().next++);
  }

  [[nodiscard]] std::string pointer() const {
    std::string text;
    for (const auto& frame : frames_) text += "/" + base::printable(frame.key);
    return text;
  }

  std::string where_;
  Findings& findings_;
  std::vector<Frame> frames_;
};

}  // namespace

json parse_strict(std::string_view text, std::string_view where, Findings& findings) {
  const auto before = findings.size();
  auto refuse = [&](std::string place, std::string message, std::string hint) {
    findings.push_back({Severity::error, fmt::format("{}: {}", where, place), std::move(message), std::move(hint)});
    return json(json::value_t::discarded);
  };
  if (text.size() > kMaxJsonBytes) {
    return refuse(
        "whole file",
        fmt::format("{} is more than the {} allowed", base::human_size(text.size()), base::human_size(kMaxJsonBytes)),
        "is this the right file?");
  }
  if (base::trim(text).empty()) return refuse("whole file", "the file is empty", "it must hold one JSON object");
  if (const auto fault = base::utf8_fault(text)) {
    return refuse(position(text, *fault), "not valid UTF-8", "save the file as UTF-8");
  }
  for (auto at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
    if (!text.substr(at + 1).starts_with('\n'))
      return refuse(position(text, at), "a carriage return that ends a line by itself",
                    "save the file with LF at the end of a line");
  }
  try {
    Watcher watcher(where, findings);
    auto document = json::parse(
        text, [&](int depth, json::parse_event_t event, json& parsed) { return watcher(depth, event, parsed); });
    if (findings.size() != before) return json(json::value_t::discarded);
    return document;
  } catch (const json::parse_error& fault) {
    std::string reason = fault.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ...": the place is ours to
    // say
    if (const auto colon = reason.find(": "); colon != std::string::npos) reason.erase(0, colon + 2);
    return refuse(position(text, fault.byte == 0 ? 0 : fault.byte - 1), base::printable(reason, 200),
                  "the file must be one JSON value (RFC 8259)");
  } catch (const json::exception& fault) {  // a number out of range; "[json.exception.out_of_range.406] number ..."
    const std::string reason = fault.what();
    const auto bracket = reason.find("] ");
    return refuse("whole file",
                  base::printable(bracket == std::string::npos ? reason : reason.substr(bracket + 2), 200),
                  "no number of a profile is that large");
  } catch (const Watcher::TooDeep&) {
    return refuse("whole file", fmt::format("nested deeper than {} levels", kMaxJsonDepth),
                  "a profile needs no more than six");
  }
}

}  // namespace model
