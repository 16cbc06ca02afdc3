// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "setup/client_lines.hpp"

/// QR codes by qrencode(1), where it is installed. What it prints is read as modules and drawn here, so that nothing of
/// its output reaches a page or a terminal.
namespace setup {

/// A QR code with its quiet zone: rows of equal length, as many as columns; '#' is a dark module, ' ' a light one.
struct Qr {
  std::vector<std::string> rows;
};

/// For a phone: the command, the host key's fingerprint, and the known_hosts line. "" without a host key or without a
/// name or an address.
[[nodiscard]] std::string qr_text(const ClientFacts& facts);

/// What `qrencode --type=ASCII` prints: two characters for each module. Nothing if it is anything else.
[[nodiscard]] std::optional<Qr> parse_qr(std::string_view ascii);

/// Nothing where qrencode is not installed, fails, or prints something else. base::Interrupted when asked to stop.
[[nodiscard]] std::optional<Qr> make_qr(const std::string& text, const base::Context& context);

/// For a page (PageContent::qr_svg): one <svg> with a white <rect> and a black <path>.
[[nodiscard]] std::string qr_svg(const Qr& code);

/// For a terminal: half blocks (U+2580, U+2584, U+2588), light modules drawn, as `qrencode --type=UTF8` has it for
/// light text on a dark background.
[[nodiscard]] std::string qr_terminal(const Qr& code);

}  // namespace setup
