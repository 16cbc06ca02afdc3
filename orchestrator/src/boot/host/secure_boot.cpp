// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/secure_boot.hpp"

#include "host/small_file.hpp"

namespace host {
namespace {

constexpr const char* kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr const char* kDatabase = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
constexpr const char* kShim = "605dab50-e046-4300-abb6-3dd810dd8b23";

}  // namespace

SecureBoot secure_boot_in(const std::filesystem::path& folder) {
  // Four bytes of attributes come first.
  const auto variable = [&](const std::string& name, const char* vendor) {
    const auto bytes = read_small(folder / (name + "-" + vendor)).value_or("");
    return bytes.size() < 4 ? std::string() : bytes.substr(4);
  };
  SecureBoot out;
  const auto enabled = variable("SecureBoot", kGlobal);
  if (enabled.size() == 1) out.enabled = enabled[0] == 1;
  out.setup_mode = variable("SetupMode", kGlobal) == std::string(1, '\1');
  out.pk = variable("PK", kGlobal);
  out.kek = variable("KEK", kGlobal);
  out.db = variable("db", kDatabase);
  out.dbx = variable("dbx", kDatabase);
  out.mok = variable("MokListRT", kShim);
  return out;
}

SecureBoot secure_boot(const std::filesystem::path& root) { return secure_boot_in(root / "sys/firmware/efi/efivars"); }

}  // namespace host
