#include "crypto/secure_bytes.hpp"

#include <openssl/crypto.h>

namespace ron::crypto {

void cleanse(void* at, std::size_t size) noexcept { OPENSSL_cleanse(at, size); }

}  // namespace ron::crypto
