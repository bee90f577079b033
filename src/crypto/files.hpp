// Reading keys and certificates with the permission rules of C51: a readable secret is a lost one,
// and a certificate that anybody may write authenticates anybody.
#pragma once

#include <expected>
#include <string>

#include "crypto/secure_bytes.hpp"

namespace ron::crypto {

/// At most this much is read from a key or certificate file.
inline constexpr std::size_t kPemFileMax = 1U << 20U;

/// A private key or token: a regular file of the process's user or root, without any right for
/// group or others. The error names the file and the command that mends it.
std::expected<SecureBytes, std::string> read_secret_file(const std::string& path);

/// A certificate or CA bundle: a regular file that group and others may not write.
std::expected<std::string, std::string> read_public_file(const std::string& path);

/// Was it handed over by the service manager (in $CREDENTIALS_DIRECTORY)? Then the group may read
/// it.
bool is_credential(const std::string& path);

/// Would the reader above take this file now, as far as that shows without reading it?
bool check_secret_file(const std::string& path);
bool check_public_file(const std::string& path);

}  // namespace ron::crypto
