// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "remote/passphrase_source.hpp"

/// Where the passphrases of several machines come from.
namespace fleet {

/// One that was typed, or read from a descriptor: for all disks of all machines.
class TypedPassphrase final : public remote::PassphraseSource {
 public:
  explicit TypedPassphrase(const remote::Secret& secret) : secret_(secret) {}
  [[nodiscard]] bool by_question() const override { return false; }
  [[nodiscard]] remote::Secret passphrase(const remote::Question* /*question*/,
                                          const base::Cancel& /*cancel*/) override {
    return secret_.clone();
  }

 private:
  const remote::Secret& secret_;
};

/// Whether several commands may run at a time: not where each may ask at the terminal.
enum class Together { no, yes };

/// The first line that a shell command prints, for each machine and disk. Its environment has HOST, and where it is
/// known which disk asks, DISK (the prompt's Id), MESSAGE and UNIT; otherwise these are empty.
class PassphraseCommand final : public remote::PassphraseSource {
 public:
  /// `patience`: how long it may take; 0: as long as it likes.
  PassphraseCommand(std::string command, std::string host, std::chrono::seconds patience,
                    Together together = Together::no)
      : command_(std::move(command)), host_(std::move(host)), patience_(patience), together_(together) {}
  [[nodiscard]] bool by_question() const override { return true; }
  [[nodiscard]] remote::Secret passphrase(const remote::Question* question, const base::Cancel& cancel) override;

 private:
  std::string command_;
  std::string host_;
  std::chrono::seconds patience_;
  Together together_;
};

/// The first line of a file: a credential that systemd has opened for this service (systemd.exec(5), Credentials).
class PassphraseFile final : public remote::PassphraseSource {
 public:
  explicit PassphraseFile(std::filesystem::path file) : file_(std::move(file)) {}
  [[nodiscard]] bool by_question() const override { return false; }
  [[nodiscard]] remote::Secret passphrase(const remote::Question* question, const base::Cancel& cancel) override;

 private:
  std::filesystem::path file_;
};

/// $CREDENTIALS_DIRECTORY/NAME. An Error if `name` is no file's name, or there is no such directory.
[[nodiscard]] std::filesystem::path credential_file(const std::string& name,
                                                    const std::map<std::string, std::string>& environment);

}  // namespace fleet
