#include "crypto/library.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <utility>

#include "base/blake3.hpp"
#include "base/check.hpp"
#include "crypto/openssl.hpp"
#include "crypto/secure_bytes.hpp"

namespace ron::crypto {
namespace {

Digest256 hmac_sha256(ByteView key, ByteView bytes) {
  start_openssl();
  Digest256 out{};
  unsigned size = 0;
  const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(),
                          bytes.size(), out.data(), &size);
  RON_CHECK(done != nullptr && size == out.size());
  return out;
}

// Keys and signatures come from strangers: whatever is wrong with them means false.
bool verify_signature(ByteView key, ByteView bytes, ByteView signature) {
  start_openssl();
  const unsigned char* at = key.data();
  const KeyPtr owner(d2i_PUBKEY(nullptr, &at, static_cast<long>(key.size())));
  bool good =
      owner != nullptr && at == key.data() + key.size() &&
      (EVP_PKEY_is_a(owner.get(), "ED25519") == 1 || EVP_PKEY_is_a(owner.get(), "ML-DSA-65") == 1);
  if (good) {
    const DigestCtxPtr ctx(EVP_MD_CTX_new());
    good = ctx != nullptr &&
           EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, owner.get()) == 1 &&
           EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), bytes.data(),
                            bytes.size()) == 1;
  }
  ERR_clear_error();
  return good;
}

}  // namespace

void start_openssl() {
  // The default openssl.cnf on a machine may belong to another OpenSSL.
  static const bool started = [] {
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1 &&
           OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1;
  }();
  RON_CHECK(started);
}

std::string take_error() {
  const unsigned long code = ERR_get_error();
  std::string text = "unknown error";
  if (code != 0) {
    const char* reason = ERR_reason_error_string(code);
    text = reason != nullptr ? reason : "error " + std::to_string(code);
  }
  ERR_clear_error();
  return text;
}

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

bool hybrid_available() {
  start_openssl();
  static const bool available = [] {
    const SslCtxPtr ctx(SSL_CTX_new(TLS_method()));
    const bool ok = ctx != nullptr && SSL_CTX_set1_groups_list(ctx.get(), "X25519MLKEM768") == 1;
    ERR_clear_error();
    return ok;
  }();
  return available;
}

std::uint64_t SystemChoice::draw() {
  if (left_ == 0) {
    start_openssl();
    RON_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(pool_), sizeof pool_) == 1);
    left_ = sizeof pool_ / sizeof pool_[0];
  }
  return std::exchange(pool_[--left_], 0);
}

std::uint64_t SystemChoice::index(std::uint64_t count) {
  RON_CHECK(count > 0);
  // Rejects the tail of the range that would make small numbers likelier.
  const std::uint64_t limit = UINT64_MAX - (UINT64_MAX % count + 1) % count;
  for (;;) {
    const std::uint64_t value = draw();
    if (value <= limit) return value % count;
  }
}

CryptoFns crypto_fns() {
  return {.hash = [](ByteView bytes) { return blake3(bytes); },
          .hmac = hmac_sha256,
          .verify = verify_signature};
}

}  // namespace ron::crypto
