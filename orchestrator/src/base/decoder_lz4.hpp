// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "base/decoder.hpp"

namespace base {

/// For decoder.cpp: lz4's legacy format, for which its library has no stream of its own.
[[nodiscard]] std::unique_ptr<Decoder> make_lz4_decoder();

}  // namespace base
