// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/der.hpp"

#include "base/text.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kMostElements = 4096;  // of one list
constexpr std::string_view kCommonName("\x55\x04\x03", 3);
constexpr std::string_view kOrganisation("\x55\x04\x0a", 3);

}  // namespace

std::optional<Der> der_of(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  Der out;
  out.tag = static_cast<unsigned char>(bytes[0]);
  if ((out.tag & 0x1fU) == 0x1fU) return std::nullopt;  // tags of several bytes: nobody uses them here
  std::size_t length = static_cast<unsigned char>(bytes[1]);
  std::size_t head = 2;
  if (length >= 0x80) {
    const std::size_t width = length & 0x7fU;
    if (width == 0 || width > 4 || bytes.size() < head + width) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < width; ++i) length = length << 8U | static_cast<unsigned char>(bytes[head + i]);
    head += width;
  }
  if (bytes.size() - head < length) return std::nullopt;
  out.whole = bytes.substr(0, head + length);
  out.content = bytes.substr(head, length);
  return out;
}

std::vector<Der> der_list(std::string_view bytes) {
  std::vector<Der> out;
  while (out.size() < kMostElements) {
    const auto one = der_of(bytes);
    if (!one) break;
    out.push_back(*one);
    bytes.remove_prefix(one->whole.size());
  }
  return out;
}

std::optional<Certificate> certificate_of(std::string_view der) {
  const auto outer = der_of(der);
  if (!outer || outer->tag != kDerSequence) return std::nullopt;
  const auto body = der_of(outer->content);
  if (!body || body->tag != kDerSequence) return std::nullopt;
  auto parts = der_list(body->content);
  if (!parts.empty() && parts.front().tag == kDerFirst) parts.erase(parts.begin());  // the version
  // serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
  if (parts.size() < 6 || parts[0].tag != kDerInteger) return std::nullopt;
  for (std::size_t index = 1; index < 6; ++index) {
    if (parts[index].tag != kDerSequence) return std::nullopt;
  }
  return Certificate{outer->whole, body->whole, parts[0].whole, parts[2].whole, parts[4].whole, parts[5].whole};
}

std::string name_in(std::string_view name) {
  std::string organisation;
  const auto outer = der_of(name);
  if (!outer) return {};
  for (const auto& set : der_list(outer->content)) {
    for (const auto& pair : der_list(set.content)) {
      const auto parts = der_list(pair.content);
      if (parts.size() != 2 || parts[0].tag != kDerName) continue;
      if (parts[0].content == kCommonName) return base::printable(parts[1].content, 100);
      if (parts[0].content == kOrganisation) organisation = base::printable(parts[1].content, 100);
    }
  }
  return organisation;
}

}  // namespace initramfs
