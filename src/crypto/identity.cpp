#include "crypto/identity.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/blake3.hpp"
#include "base/hex.hpp"
#include "crypto/issue_parts.hpp"
#include "crypto/openssl.hpp"

namespace ron::crypto {
namespace {

using Done = std::expected<void, std::string>;

constexpr std::chrono::days kSelfSignedDays{3650};  // its dates are looked at by nobody

KeyPtr read_key(const SecureBytes& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const auto no_password = [](char*, int, int, void*) { return 0; };
  return KeyPtr(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
}

std::expected<KeyPtr, std::string> node_key(const SecureBytes& pem) {
  start_openssl();
  KeyPtr key = read_key(pem);
  if (key == nullptr) {
    return std::unexpected("holds no usable PEM private key (" + take_error() +
                           "); encrypted keys are not supported");
  }
  if (!signs_for_a_node(*key)) {
    return std::unexpected("holds a key that cannot sign for a node: take Ed25519 or ML-DSA-65");
  }
  return key;
}

std::vector<std::uint8_t> public_part(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::vector<std::uint8_t> out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

NodeIdentity facts_of(EVP_PKEY* key) {
  NodeIdentity out;
  out.key = public_part(key);
  out.node = blake3(out.key);
  return out;
}

// Bytes of a file on their way to the disk, or why not.
Done write_through(int fd, const SecureBytes& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t done = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return std::unexpected(std::strerror(errno));
    at += static_cast<std::size_t>(done);
  }
  if (::fsync(fd) != 0) return std::unexpected(std::strerror(errno));
  return {};
}

}  // namespace

std::expected<SecureBytes, std::string> make_node_key(KeyAlgorithm algorithm) {
  start_openssl();
  const KeyPtr key = make_key(algorithm);
  if (key == nullptr) return std::unexpected("cannot make the key: " + take_error());
  if (!signs_for_a_node(*key)) return std::unexpected("a node's key is Ed25519 or ML-DSA-65");
  return private_pem(key.get());
}

std::expected<NodeIdentity, std::string> node_identity(SecureBytes key_pem) {
  auto key = node_key(key_pem);
  if (!key) return std::unexpected(key.error());
  NodeIdentity out = facts_of(key->get());
  auto certificate =
      self_signed(key->get(), "RustyOnions node", "URI:ron:node:" + hex(out.node), kSelfSignedDays);
  if (!certificate) return std::unexpected(certificate.error());
  out.certificate_pem = std::move(*certificate);
  out.key_pem = std::move(key_pem);
  return out;
}

std::expected<NodeIdentity, std::string> node_identity(SecureBytes key_pem,
                                                       std::string certificate_pem) {
  auto key = node_key(key_pem);
  if (!key) return std::unexpected(key.error());
  NodeIdentity out = facts_of(key->get());
  out.certificate_pem = std::move(certificate_pem);
  out.key_pem = std::move(key_pem);
  return out;
}

std::expected<std::vector<std::uint8_t>, std::string> sign(const NodeIdentity& identity,
                                                           ByteView bytes) {
  auto key = node_key(identity.key_pem);
  if (!key) return std::unexpected(key.error());
  const DigestCtxPtr ctx(EVP_MD_CTX_new());
  std::size_t size = 0;
  bool ok = ctx != nullptr &&
            EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key->get()) == 1 &&
            EVP_DigestSign(ctx.get(), nullptr, &size, bytes.data(), bytes.size()) == 1;
  std::vector<std::uint8_t> out(size);
  ok = ok && EVP_DigestSign(ctx.get(), out.data(), &size, bytes.data(), bytes.size()) == 1;
  if (!ok) return std::unexpected("cannot sign: " + take_error());
  out.resize(size);
  return out;
}

// Under another name first, so that a crash leaves no half a key where a whole one is looked for.
std::expected<void, std::string> write_new_secret(const std::string& path,
                                                  const SecureBytes& secret) {
  const auto failed = [&](const std::string& why) {
    return std::unexpected("cannot write " + path + ": " + why);
  };
  const std::string draft = path + ".new";
  static_cast<void>(::unlink(draft.c_str()));  // of a crash
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failed(std::strerror(errno));
  const Done written = write_through(fd, secret);
  ::close(fd);
  if (!written) {
    static_cast<void>(::unlink(draft.c_str()));
    return failed(written.error());
  }
  // link, unlike rename, never takes the place of a key that is there.
  const bool placed = ::link(draft.c_str(), path.c_str()) == 0;
  const int error = errno;
  static_cast<void>(::unlink(draft.c_str()));
  if (!placed) return failed(std::strerror(error));
  return {};
}

}  // namespace ron::crypto
