// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/journal.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

namespace watch {
namespace {

// syslog(3)
constexpr int kWarning = 4;
constexpr int kNotice = 5;
constexpr int kInfo = 6;

bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name[0] >= 'A' && name[0] <= 'Z' &&
         std::ranges::all_of(name, [](char byte) {
           return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
         });
}

int priority_of(State state) {
  if (state == State::fault || state == State::wrong_key) return kWarning;
  return state == State::waiting || state == State::unlocked || state == State::down ? kNotice : kInfo;
}

}  // namespace

std::string journal_entry(const JournalFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!is_field_name(name)) throw base::Error("\"" + base::printable(name) + "\" is not a name of a journal's field");
    out += name;
    if (value.find('\n') == std::string::npos) {
      out += '=';
    } else {
      out += '\n';
      for (std::uint64_t rest = value.size(), count = 0; count < 8; ++count, rest >>= 8U)
        out += static_cast<char>(rest & 0xFFU);
    }
    out += value;
    out += '\n';
  }
  return out;
}

JournalFields journal_fields(const Change& change) {
  const auto name = base::printable(change.name, 300);
  const auto text = base::printable(change.text, 1000);
  return {{"MESSAGE", fmt::format("{}: {}{}", name, name_of(change.to), text.empty() ? "" : ": " + text)},
          {"MESSAGE_ID", kChangeMessageId},
          {"PRIORITY", std::to_string(priority_of(change.to))},
          {"SYSLOG_IDENTIFIER", "dracut-sshd-watch"},
          {"DRACUT_SSHD_HOST", name},
          {"DRACUT_SSHD_STATE", name_of(change.to)},
          {"DRACUT_SSHD_STATE_BEFORE", name_of(change.from)},
          {"DRACUT_SSHD_SECONDS_BEFORE", fmt::format("{:.1f}", change.waited)},
          {"DRACUT_SSHD_TEXT", text}};
}

bool send_to_journal(std::string_view entry, const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const base::Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return false;
  const auto sent = sendto(fd.get(), entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return sent == static_cast<ssize_t>(entry.size());
}

}  // namespace watch
