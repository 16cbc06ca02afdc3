// SPDX-License-Identifier: GPL-3.0-or-later
#include "seal/systemd_creds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "seal/sealed_folder.hpp"

namespace seal {
namespace {

constexpr unsigned kOldest = 250;            // NEWS of systemd 250: systemd-creds
constexpr unsigned kOldestWithSigned = 252;  // NEWS of systemd 252: --tpm2-public-key=
constexpr std::chrono::seconds kPatience{60};
const char* const kPath = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The last line is the reason; those before it are how systemd came to it.
std::string last_word(const base::Outcome& outcome) {
  if (outcome.timed_out) return fmt::format("systemd-creds did not end within {} s", kPatience.count());
  std::string out;
  for (const auto& line : base::lines(outcome.tail)) {
    if (const auto text = base::trim(line); !text.empty()) out = base::printable(text, 300);
  }
  return out.empty() ? fmt::format("systemd-creds ended with status {}", outcome.status) : out;
}

/// Of "systemd 252 (252.38-1~deb12u1)".
unsigned version_in(const std::string& text) {
  const auto words = base::split(text.substr(0, text.find('\n')), ' ');
  unsigned out = 0;
  if (words.size() >= 2 && words[0] == "systemd") {
    const auto& word = words[1];
    (void)std::from_chars(word.data(), word.data() + word.size(), out);
  }
  return out;
}

}  // namespace

SystemdCreds::SystemdCreds(std::string device, const base::Context& context)
    : device_(std::move(device)), context_(context) {
  if (!base::find_program("systemd-creds", kPath))
    throw base::Error("systemd-creds is not installed: a host key cannot be sealed", base::Exit::missing_tool)
        .with_hint("it comes with systemd 250 and later");
  const auto outcome = run({"--version"});
  version_ = version_in(outcome.tail);
  if (outcome.status != 0 || version_ == 0)
    throw base::Error("systemd-creds --version: " + last_word(outcome), base::Exit::missing_tool);
  if (version_ < kOldest)
    throw base::Error(fmt::format("systemd {} cannot seal a key; expected {} or later", version_, kOldest),
                      base::Exit::missing_tool);
}

base::Outcome SystemdCreds::run(const std::vector<std::string>& arguments) const {
  base::Command command;
  command.argv = {"systemd-creds"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.env = {{"PATH", kPath}, {"LC_ALL", "C.UTF-8"}, {"SYSTEMD_COLORS", "0"}, {"SYSTEMD_PAGER", ""}};
  command.deadline = kPatience;
  return context_.runner.run(command, context_.cancel);
}

std::string SystemdCreds::why_no_tpm() const {
  std::error_code ignored;
  if (!device_.empty() || std::filesystem::exists("/dev/tpmrm0", ignored)) return "";
  return "this machine has no TPM 2.0 (no /dev/tpmrm0)";
}

void SystemdCreds::seal(const std::filesystem::path& key, const std::filesystem::path& credential,
                        const Policy& policy) const {
  std::vector<std::string> arguments{"encrypt", std::string("--name=") + kName, "--tpm2-pcrs=" + text_of(policy.pcrs)};
  if (policy.signer.empty()) {
    arguments.emplace_back("--with-key=tpm2");
  } else {
    if (version_ < kOldestWithSigned)
      throw base::Error(
          fmt::format("systemd {} has no signed policies; expected {} or later", version_, kOldestWithSigned));
    arguments.insert(arguments.end(), {"--with-key=tpm2-with-public-key", "--tpm2-public-key=" + policy.signer,
                                       "--tpm2-public-key-pcrs=" + text_of(policy.signed_pcrs)});
  }
  if (!device_.empty()) arguments.push_back("--tpm2-device=" + device_);
  arguments.insert(arguments.end(), {key.string(), credential.string()});
  const auto outcome = run(arguments);
  if (outcome.status != 0 || outcome.timed_out)
    throw base::Error("the key could not be sealed to the TPM: " + last_word(outcome))
        .with_hint(
            "systemd-analyze has-tpm2 (systemd-creds has-tpm2) says what is missing: a driver, or tpm2-tss's "
            "libraries");
}

void SystemdCreds::keep(const std::filesystem::path& key, const std::filesystem::path& recovery) const {
  const auto outcome =
      run({"encrypt", std::string("--name=") + kName, "--with-key=host", key.string(), recovery.string()});
  if (outcome.status != 0 || outcome.timed_out)
    throw base::Error("the recovery key could not be encrypted: " + last_word(outcome))
        .with_hint("--no-recovery-key makes none");
}

std::string SystemdCreds::open(const std::filesystem::path& credential, const std::filesystem::path& key) const {
  std::vector<std::string> arguments{"decrypt", std::string("--name=") + kName};
  if (!device_.empty()) arguments.push_back("--tpm2-device=" + device_);
  arguments.insert(arguments.end(), {credential.string(), key.string()});
  const auto outcome = run(arguments);
  return outcome.status == 0 && !outcome.timed_out ? "" : last_word(outcome);
}

bool is_tpm_device(std::string_view device) {
  return device.empty() ||
         (device.front() != '-' && device.size() <= 200 && std::ranges::all_of(device, [](unsigned char byte) {
            return byte > ' ' && byte < 0x7f && byte != '"' && byte != '\'' && byte != '\\';
          }));
}

}  // namespace seal
