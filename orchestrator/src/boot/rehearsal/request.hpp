// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "rehearsal/plan.hpp"

namespace rehearsal {

/// What a user asks a rehearsal for.
struct Request {
  Wishes wishes;
  std::string image;             // "": of the next boot of the system at wishes.root
  std::string kernel;            // a file; "": found by the release
  std::string release;           // "": told by image or system
  std::string cmdline;           // "": of the next boot
  std::string key;               // a private key that logs in; "": a throw-away one is added to the image
  std::string secure_boot_keys;  // a file or a folder; "": the machine's, or the image's signer
  bool no_firmware = false;      // a UKI's kernel and initramfs without one
  bool wrong_passphrase = false;
  bool interactive = false;
  bool emulate = false;    // no KVM, also where there is one
  unsigned memory = 1024;  // MiB
  unsigned patience = 0;   // seconds for each step without a new word; 0: 60, or 180 where everything is emulated
};

}  // namespace rehearsal
