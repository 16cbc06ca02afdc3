// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/digest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

namespace base {
namespace {

void require(bool done) {
  if (!done) throw Error("OpenSSL does not offer the digest");
}

}  // namespace

RunningDigest::RunningDigest(const char* algorithm) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  const auto* known = EVP_get_digestbyname(algorithm);
  require(known != nullptr && context_ != nullptr && EVP_DigestInit_ex(context_.get(), known, nullptr) == 1);
}

void RunningDigest::add(std::string_view bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string RunningDigest::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(context_.get(), raw.data(), &length) == 1);
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", raw[i]);
  return text;
}

std::string digest(const char* algorithm, std::string_view bytes) {
  RunningDigest one(algorithm);
  one.add(bytes);
  return one.hex();
}

std::string sha256(std::string_view bytes) { return digest("SHA256", bytes); }

std::string KnownDigests::sha256(std::string_view bytes) {
  auto& same_size = known_[bytes.size()];
  for (const auto& [content, digest] : same_size) {
    if (content == bytes) return digest;
  }
  return same_size.emplace_back(bytes, base::sha256(bytes)).second;
}

std::string sha256_of_file(const std::filesystem::path& path) {
  const std::string context = "reading " + printable(path.string(), 4096);
  const Fd file = open_regular(path, context);
  RunningDigest running("SHA256");
  std::vector<char> buffer(1U << 16);
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(context);
    if (count == 0) return running.hex();
    running.add({buffer.data(), static_cast<std::size_t>(count)});
  }
}

void ignore_openssl_configuration() {
  if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) != 1) throw Error("OpenSSL does not start");
}

}  // namespace base
