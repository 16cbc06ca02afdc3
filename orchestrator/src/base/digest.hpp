// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

/// SHA-256, and what else a format asks for, by OpenSSL's EVP interface, as lower-case hex.
namespace base {

[[nodiscard]] std::string sha256(std::string_view bytes);
/// By OpenSSL's name of the algorithm ("SHA512", "BLAKE2B512"); base::Error when it has none of that name.
[[nodiscard]] std::string digest(const char* algorithm, std::string_view bytes);
[[nodiscard]] std::string sha256_of_file(
    const std::filesystem::path& path);  // streams; base::Error if it cannot be read

/// The same of bytes that come piece by piece.
class RunningDigest {
 public:
  explicit RunningDigest(const char* algorithm);  // as of digest()
  void add(std::string_view bytes);
  [[nodiscard]] std::string hex();  // of all that was added; nothing can be added afterwards

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

/// The SHA-256 of contents that come again and again, each computed once. What was asked for must outlive this object.
class KnownDigests {
 public:
  [[nodiscard]] std::string sha256(std::string_view bytes);

 private:
  std::map<std::size_t, std::vector<std::pair<std::string_view, std::string>>> known_;  // by the size
};

/// From now on OpenSSL reads no configuration file, and so loads no provider that one names: an answer does not depend
/// on the machine that gives it, and a statically linked program cannot load any. To be called before all else of
/// OpenSSL.
void ignore_openssl_configuration();

}  // namespace base
