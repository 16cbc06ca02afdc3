// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/event_line.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

namespace fleet {
namespace {

/// RFC 3339, in UTC.
std::string time_text(double time) {
  const auto whole = static_cast<std::time_t>(std::floor(time));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(whole),
                     static_cast<int>((time - std::floor(time)) * 1000));
}

double rounded(double seconds) { return std::round(seconds * 1000) / 1000; }

std::string line(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string state_line(double time, const std::string& host, double seconds, const remote::Event& event) {
  return line({{"time", time_text(time)},
               {"event", "state"},
               {"host", host},
               {"state", remote::name_of(event.state)},
               {"seconds", rounded(seconds)},
               {"text", event.text}});
}

std::string result_line(double time, const std::string& host, const remote::Unlocked& result) {
  return line({{"time", time_text(time)},
               {"event", "result"},
               {"host", host},
               {"outcome", remote::id_of(result.outcome)},
               {"seconds", rounded(result.seconds)},
               {"detail", result.detail}});
}

std::string preflight_line(double time, const std::string& host, const Preflight& check) {
  const auto* const result = check.result == Preflight::Result::ok        ? "ok"
                             : check.result == Preflight::Result::unknown ? "unknown"
                                                                          : "failed";
  return line({{"time", time_text(time)},
               {"event", "check"},
               {"host", host},
               {"check", check.name},
               {"result", result},
               {"detail", check.detail}});
}

std::string change_line(double time, const std::string& host, const std::string& from, const std::string& to,
                        double seconds, const std::string& text) {
  return line({{"time", time_text(time)},
               {"event", "change"},
               {"host", host},
               {"from", from},
               {"to", to},
               {"seconds", rounded(seconds)},
               {"text", text}});
}

std::string end_line(double time, const std::vector<remote::Unlocked>& results, int status) {
  nlohmann::ordered_json outcomes = nlohmann::ordered_json::object();
  std::map<std::string, int> counts;
  for (const auto& each : results) ++counts[remote::id_of(each.outcome)];
  for (const auto& [name, count] : counts) outcomes[name] = count;
  return line({{"time", time_text(time)},
               {"event", "end"},
               {"hosts", results.size()},
               {"outcomes", outcomes},
               {"exit", status}});
}

double wall_clock() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace fleet
