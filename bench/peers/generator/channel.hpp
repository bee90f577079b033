// One non-blocking stream to the server, plain or TLS 1.3.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "options.hpp"

namespace ron::peers {

/// Counted in the measurement: system calls of the generator.
struct Calls {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
};
inline Calls calls;

class Channel {
 public:
  /// Starts to connect; dies when that is refused at once.
  void connect(const Options& options, int port);
  void start_tls(SSL_CTX* context, std::string_view alpn, bool large_reads);

  /// True when the handshake is done (always without TLS).
  bool handshake();
  /// Bytes read, 0 = none now; dies when the connection is lost.
  std::size_t read(char* into, std::size_t size);
  /// Bytes taken, 0 = blocked.
  std::size_t write(const char* from, std::size_t size);
  /// Discards up to `size` bytes in the kernel; 0 = none now. Plain only.
  std::size_t discard(std::size_t size) const;
  /// Sealed bytes to the socket, one send for many records; false when it blocks.
  bool flush();

  /// After a write that blocked: until there is room, or a millisecond has passed.
  void wait_writable();

  int fd() const { return fd_; }
  bool tls() const { return ssl_ != nullptr; }
  bool writable = true;  // cleared by a write that blocked; EPOLLOUT sets it

 private:
  int fd_ = -1;
  SSL* ssl_ = nullptr;
  BIO* sealed_ = nullptr;
};

/// A client context: TLS 1.3, AES-256-GCM, no verification; the same for every server.
SSL_CTX* tls_context(const std::string& groups);

}  // namespace ron::peers
