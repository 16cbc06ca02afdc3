// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/setup_manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace setup {
namespace {

constexpr std::uint64_t kLongest = 256U << 10U;
constexpr std::size_t kMostFiles = 64;

base::Error broken(const std::filesystem::path& path, const std::string& why) {
  return base::Error(fmt::format("{}: {}", path.string(), why))
      .with_hint("it tells which files dracut-sshd setup wrote: look at it, and move it away if they are yours now");
}

std::string text_in(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

const ManifestFile* Manifest::find(const std::string& path) const {
  const auto found = std::ranges::find(files, path, &ManifestFile::path);
  return found == files.end() ? nullptr : &*found;
}

bool is_place_of_setup(const std::string& path) {
  constexpr std::array<std::string_view, 5> kFiles{
      "/etc/dracut-sshd/authorized_keys", "/etc/ssh/dracut_ssh_host_ed25519_key",
      "/etc/ssh/dracut_ssh_host_ed25519_key.pub", "/etc/default/dracut-sshd", "/etc/sysconfig/dracut-sshd"};
  if (std::ranges::find(kFiles, path) != kFiles.end()) return true;
  constexpr std::string_view kNetwork = "/etc/dracut-sshd/network/10-setup";
  return path.starts_with(kNetwork) && path.find('/', kNetwork.size()) == std::string::npos && path.size() < 200 &&
         base::is_safe_relative(path.substr(1));
}

std::optional<Manifest> read_manifest(const std::filesystem::path& root) {
  const auto path = root / kManifest;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  const auto document = nlohmann::json::parse(base::read_file(path, kLongest), nullptr, false);
  if (!document.is_object() || document.value("schema", nlohmann::json()) != 1)
    throw broken(path, "is not a manifest of schema 1");
  const auto files = document.find("files");
  if (files == document.end() || !files->is_array() || files->size() > kMostFiles)
    throw broken(path, fmt::format("\"files\" is not a list of at most {} files", kMostFiles));
  Manifest out;
  for (const auto& one : *files) {
    ManifestFile file{text_in(one.is_object() ? one : nlohmann::json::object(), "path"), ""};
    if (!is_place_of_setup(file.path))
      throw broken(path, fmt::format("lists \"{}\", which setup never writes", base::printable(file.path)));
    file.sha256 = text_in(one, "sha256");
    if (!is_digest(file.sha256)) throw broken(path, fmt::format("has no SHA-256 of {}", file.path));
    out.files.push_back(std::move(file));
  }
  out.written = text_in(document, "written");
  out.network = text_in(document, "network");
  out.network_address = text_in(document, "network_address");
  return out;
}

std::string manifest_text(const Manifest& manifest) {
  nlohmann::ordered_json document{{"schema", 1},
                                  {"written", manifest.written},
                                  {"network", manifest.network},
                                  {"network_address", manifest.network_address},
                                  {"files", nlohmann::ordered_json::array()}};
  for (const auto& file : manifest.files) document["files"].push_back({{"path", file.path}, {"sha256", file.sha256}});
  return document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace setup
