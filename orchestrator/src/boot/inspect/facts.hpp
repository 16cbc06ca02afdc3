// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/kernel_release.hpp"
#include "initramfs/builder.hpp"
#include "initramfs/image.hpp"
#include "initramfs/image_files.hpp"
#include "initramfs/loader.hpp"
#include "inspect/unit.hpp"
#include "openssh/authorized_keys.hpp"
#include "openssh/connection.hpp"
#include "openssh/effective.hpp"
#include "openssh/private_key.hpp"
#include "openssh/sshd_config.hpp"
#include "openssh/version.hpp"
#include "seal/credential.hpp"
#include "storage/storage.hpp"

/// What the checks need to know of an image, gathered once.
namespace inspect {

struct Options {
  std::string cmdline;                        // the kernel's command line, as far as it is known
  bool cmdline_known = false;                 // otherwise what it might say cannot be told
  std::optional<host::KernelRelease> kernel;  // that it is for; nothing: not known
  std::int64_t now = 0;                       // seconds since the epoch
  std::optional<std::filesystem::path> host;  // the root of the system that the image is for: "/"
  std::filesystem::path file;                 // the image's, where it is a file of that system
  std::string from;                           // the address that root will come from; "": not known
};

struct Sshd {
  std::string path;        // where it really is; "": there is none
  std::string_view bytes;  // empty: too large to be kept
  std::optional<openssh::Version> version;
  std::string release;  // "OpenSSH_10.0p2 Debian-7"
  std::optional<bool> notifies;
  std::vector<std::string> arguments;  // of the unit's ExecStart, variables replaced
  std::string configuration;           // the path that it reads: -f, or etc/ssh/sshd_config
};

/// A file of keys that sshd would read for root.
struct KeyFile {
  std::string path;                       // as the configuration has it, without the leading slash
  const initramfs::Node* node = nullptr;  // nullptr: not there
  bool too_long = false;                  // its bytes were not kept
  std::vector<openssh::AuthorizedLine> lines;
};

/// Who signs the certificates that let root in by themselves (TrustedUserCAKeys, AuthorizedPrincipalsFile).
struct Authorities {
  std::string path;  // without the leading slash; "": none is named
  std::vector<openssh::PublicKey> keys;
  std::string why_none;  // why no certificate lets root in, as a sentence; "": one may
};

struct HostKey {
  std::string path;
  const initramfs::Node* node = nullptr;  // nullptr: not there
  openssh::PrivateKey key;
  std::optional<openssh::PublicKey> beside;  // what PATH.pub says
  std::string beside_why;                    // why not
  bool by_default = false;                   // no HostKey names it: its absence is no fault
};

/// A host key that the machine's TPM opens while the image boots (dracut-sshd seal).
struct SealedKey {
  std::string credential;  // its text; "": not kept
  seal::ParsedCredential parsed;
  std::optional<openssh::PublicKey> key;  // as the file beside it says
};

struct Facts {
  Facts(const initramfs::Image& an_image, const Options& some_options) : image(an_image), options(some_options) {}

  const initramfs::Image& image;
  const Options& options;

  std::vector<std::string> modules;  // dracut's, as usr/lib/dracut/modules.txt has them
  std::string generator;             // "dracut 106-6", "initramfs-tools", ...; "": cannot be told
  bool by_dracut = false;
  std::vector<host::KernelRelease> kernels;   // folders of usr/lib/modules
  std::optional<host::KernelRelease> kernel;  // that it is for: of the options, or of a UKI's .uname
  std::string no_release;                     // where a release should stand, and none does: .uname, or a folder
  std::set<std::string> drivers;              // modules in it, with underscores
  std::vector<std::string> cmdline;           // words: of the image, of the UKI, of the options

  Sshd sshd;
  std::optional<Unit> unit;
  openssh::Config config;
  openssh::Connection connection;  // root's, but for where from
  openssh::Effective effective;    // for a client from some address that no line names
  bool config_there = false;
  bool puts_accounts_right = false;                    // this module's ExecStartPre
  std::vector<std::vector<std::string>> root_lines;    // of passwd
  std::vector<std::vector<std::string>> shadow_lines;  // root's
  std::string home = "root";                           // without the leading slash
  std::vector<KeyFile> key_files;
  Authorities authorities;
  std::string revoked_why;  // why sshd takes every key as revoked; "": it does not
  std::vector<HostKey> host_keys;
  std::optional<SealedKey> sealed;  // then host_keys are shown where the TPM refuses
  storage::Storage storage;         // of the machine, else as the image records it

  std::shared_ptr<const initramfs::Files> files;  // for the loader
  std::shared_ptr<initramfs::Loader> loader;

  /// What a program takes with it when it starts.
  [[nodiscard]] initramfs::Closure closure_of(const std::string& program) const { return loader->closure_of(program); }
  [[nodiscard]] bool has_module(std::string_view name) const;  // dracut's
  [[nodiscard]] bool has(std::string_view path) const { return image.find(path) != nullptr; }
  /// A driver, as a file in the image or built into the kernel: "virtio_net". Dashes count as underscores.
  [[nodiscard]] bool has_driver(std::string_view name) const;
  /// A program by its name, in the folders where programs are; where it is, or "".
  [[nodiscard]] std::string program(std::string_view name) const;
  /// The value of "NAME=..." on the command line; "" for the bare name; nothing if it is not there.
  [[nodiscard]] std::optional<std::string> cmdline_value(std::string_view name) const;
};

/// A driver's name, by a file of it: "kernel/net/virtio-net.ko.xz" -> "virtio_net".
[[nodiscard]] std::string driver_of(std::string_view file);

}  // namespace inspect
