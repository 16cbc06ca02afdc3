// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/error.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace base {

Error::Error(const std::string& what, Exit exit) : std::runtime_error(what), exit_(exit) {}

Error Error::with_hint(std::string hint) const {
  Error copy = *this;
  copy.hint_ = std::move(hint);
  return copy;
}

Error Error::with_context(const std::string& context) const {
  Error copy(context + ": " + what(), exit_);
  copy.hint_ = hint_;
  return copy;
}

Error system_error(const std::string& what) {
  const int code = errno;  // before anything that may change it
  return Error(what + ": " + std::system_category().message(code));
}

}  // namespace base
