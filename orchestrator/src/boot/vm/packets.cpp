// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/packets.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace vm {
namespace {

constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kRecordHeader = 16;
constexpr std::uint32_t kMagic = 0xa1b2c3d4;
constexpr std::uint32_t kCookie = 0x63825363;  // of DHCP (RFC 2131, section 3)

std::uint8_t byte(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0;
}
std::uint32_t big(std::string_view text, std::size_t at, std::size_t width) {
  std::uint32_t out = 0;
  for (std::size_t index = 0; index < width; ++index) out = out << 8U | byte(text, at + index);
  return out;
}
std::uint32_t little(std::string_view text, std::size_t at) {
  return byte(text, at) | std::uint32_t{byte(text, at + 1)} << 8U | std::uint32_t{byte(text, at + 2)} << 16U |
         std::uint32_t{byte(text, at + 3)} << 24U;
}

std::string mac_at(std::string_view frame, std::size_t at) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", byte(frame, at), byte(frame, at + 1),
                     byte(frame, at + 2), byte(frame, at + 3), byte(frame, at + 4), byte(frame, at + 5));
}
std::string ipv4_at(std::string_view frame, std::size_t at) {
  return fmt::format("{}.{}.{}.{}", byte(frame, at), byte(frame, at + 1), byte(frame, at + 2), byte(frame, at + 3));
}

/// The kind of a DHCP message (option 53); 0 if it is none.
unsigned dhcp_kind(std::string_view message) {
  if (message.size() < 244 || big(message, 236, 4) != kCookie) return 0;
  std::size_t at = 240;
  while (at + 2 < message.size() && byte(message, at) != 255) {
    if (byte(message, at) == 53) return byte(message, at + 2);
    at += byte(message, at) == 0 ? 1 : 2U + byte(message, at + 1);
  }
  return 0;
}

void hear_ipv4(GuestTraffic& out, std::string_view packet, bool from_guest, const std::string& address) {
  const auto source = ipv4_at(packet, 12);
  const std::size_t header = (byte(packet, 0) & 15U) * std::size_t{4};
  const bool udp = byte(packet, 9) == 17;
  const auto port = big(packet, header + 2, 2);
  if (udp && (port == 67 || port == 68) && packet.size() > header + 8) {
    const auto message = packet.substr(header + 8);
    const auto kind = dhcp_kind(message);
    if (from_guest && (kind == 1 || kind == 3)) out.asked = true;
    if (!from_guest && kind == 5) out.given = ipv4_at(message, 16);  // yiaddr
    return;
  }
  if (!from_guest || source == "0.0.0.0") return;
  if (source == address) {
    out.speaks = true;
    out.answers = out.answers || byte(packet, 9) == 6;
  } else {
    out.other = source;
  }
}

void hear_frame(GuestTraffic& out, std::string_view frame, const std::string& mac, const std::string& address) {
  if (frame.size() < 34) return;
  const bool from_guest = mac_at(frame, 6) == mac;
  const auto kind = big(frame, 12, 2);
  if (from_guest) out.any = true;
  if (kind == 0x8100 && from_guest) out.tagged = true;
  if (kind == 0x0800) hear_ipv4(out, frame.substr(14), from_guest, address);
  if (kind == 0x0806 && from_guest) {
    if (const auto sender = ipv4_at(frame, 28); sender == address)
      out.speaks = true;
    else if (sender != "0.0.0.0" && !sender.starts_with("169.254."))
      out.other = sender;
  }
}

}  // namespace

GuestTraffic parse_capture(std::string_view capture, const std::string& mac, const std::string& address) {
  GuestTraffic out;
  if (capture.size() < kFileHeader || little(capture, 0) != kMagic) return out;
  std::size_t at = kFileHeader;
  while (at + kRecordHeader <= capture.size()) {
    const std::size_t length = little(capture, at + 8);
    at += kRecordHeader;
    if (length > capture.size() - at) break;  // still being written
    hear_frame(out, capture.substr(at, length), mac, address);
    at += length;
  }
  return out;
}

}  // namespace vm
