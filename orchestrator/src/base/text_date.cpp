// SPDX-License-Identifier: GPL-3.0-or-later
// The part of text.hpp that knows the calendar; always UTC, never a locale.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace base {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::array<const char*, 7> kWeekdays = {"Thu", "Fri", "Sat", "Sun",
                                                  "Mon", "Tue", "Wed"};  // 1970-01-01: Thursday
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Date {
  std::int64_t year;
  unsigned month, day;  // from 1
};

/// Counted in years that begin in March, so that the leap day is the last of its year.
std::int64_t days_from(const Date& date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t month = (date.month + 9) % 12;  // March is 0
  const std::int64_t leap_days = year / 4 - year / 100 + year / 400;
  return 365 * year + leap_days + (153 * month + 2) / 5 + date.day - 1 - 719468;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

Date date_from(std::int64_t days) {
  days += 719468;  // 0000-03-01
  const std::int64_t era = floor_div(days, 146097);
  const std::int64_t in_era = days - era * 146097;
  const std::int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  const std::int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * in_year + 2) / 153;
  const auto day = static_cast<unsigned>(in_year - (153 * month + 2) / 5 + 1);
  const auto from_january = static_cast<unsigned>(month < 10 ? month + 3 : month - 9);
  return {era * 400 + year + (from_january <= 2 ? 1 : 0), from_january, day};
}

const char* weekday(std::int64_t days) { return kWeekdays[static_cast<std::size_t>(((days % 7) + 7) % 7)]; }

}  // namespace

std::optional<std::int64_t> days_of(std::string_view date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  unsigned number[3] = {0, 0, 0};
  std::size_t field = 0;
  for (std::size_t i = 0; i < date.size(); ++i) {
    if (i == 4 || i == 7) {
      ++field;
    } else if (date[i] < '0' || date[i] > '9') {
      return std::nullopt;
    } else {
      number[field] = number[field] * 10 + static_cast<unsigned>(date[i] - '0');
    }
  }
  const Date wanted{number[0], number[1], number[2]};
  if (wanted.year < 1 || wanted.month < 1 || wanted.month > 12 || wanted.day < 1 || wanted.day > 31)
    return std::nullopt;
  const std::int64_t days = days_from(wanted);
  const Date real = date_from(days);  // 30 February comes back as a day of March
  if (real.month != wanted.month || real.day != wanted.day) return std::nullopt;
  return days;
}

std::string rfc5322_date(std::int64_t epoch) {
  const std::int64_t days = floor_div(epoch, kDay);
  const std::int64_t second = epoch - days * kDay;
  const Date date = date_from(days);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", weekday(days), date.day, kMonths[date.month - 1],
                     date.year, second / 3600, second / 60 % 60, second % 60);
}

std::string rpm_date(std::int64_t epoch) {
  const std::int64_t days = floor_div(epoch, kDay);
  const Date date = date_from(days);
  return fmt::format("{} {} {:02} {:04}", weekday(days), kMonths[date.month - 1], date.day, date.year);
}

std::string iso_date(std::int64_t epoch) {
  const Date date = date_from(floor_div(epoch, kDay));
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

}  // namespace base
