// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

/// What a client's failure means. Clients print what their service answered, each in its own way; these are read here.
namespace services {

/// How a call of a client ended.
struct Reply {
  int status = 0;
  std::string out;   // its standard output
  std::string talk;  // its standard error
  bool timed_out = false;
};

enum class Failure {
  transient,  // 408, 429, 5xx, a connection that was cut or not made: try again
  auth,       // 401, 403, a key that is not known: trying again does not help
  permanent,  // anything else
};

struct ClassifiedFailure {
  Failure kind = Failure::permanent;
  std::string why;                      // one line for people, without what a client logs for its developers
  std::chrono::seconds retry_after{0};  // what the service asked for, where the client shows it
};

/// Of a call that failed.
[[nodiscard]] ClassifiedFailure classify_failure(const Reply& reply);

/// How long to wait before the try after `tries` failed ones: 1 s, doubled each time, at most 2 minutes; of that at
/// least a half, and by `chance` (0 to 1) up to all of it, so that many clients do not come back together. Never less
/// than the service asked for, but at most 15 minutes.
[[nodiscard]] std::chrono::milliseconds pause(unsigned tries, double chance, std::chrono::seconds retry_after);

}  // namespace services
