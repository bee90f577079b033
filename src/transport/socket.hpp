// A non-blocking stream socket: owner of its descriptor, and the few system calls on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "transport/address.hpp"

namespace ron::transport {

enum class IoStatus : std::uint8_t {
  kOk,          // progress: `bytes` moved
  kWouldBlock,  // wait for the descriptor; a write may have moved `bytes` before it stopped
  kEof,         // the other side ended its direction
  kError,       // the stream is dead
};

struct IoResult {
  IoStatus status = IoStatus::kOk;
  std::size_t bytes = 0;
  /// After a read: call again before waiting, more may be at hand. With kWouldBlock: the read goes
  /// on only when the stream's own answers have left, so wait to be writable, not readable.
  bool more = false;
};

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close() noexcept;

  /// One recv. kOk has at least one byte; `more` when the buffer was filled.
  IoResult receive(MutableBytes into) const noexcept;

  /// One sendmsg without SIGPIPE, of at most 64 pieces. kOk may be partial.
  IoResult send(std::span<const IoPiece> pieces) noexcept;

  /// FIN. Errors are of no interest: the other side is then gone anyway.
  void finish() const noexcept;

  /// A socket on its way to `to`; `connect_progress` tells when it is there.
  static std::expected<Socket, std::string> connect(const Address& to);
  static std::expected<Socket, std::string> connect_unix(const std::string& path,
                                                         int* error = nullptr);
  enum class Progress : std::uint8_t { kDone, kWait, kFailed };
  Progress connect_progress(std::string* why) const;

  /// Small frames must not wait for an acknowledgement. No effect on Unix sockets.
  void set_no_delay() const noexcept;

 private:
  int fd_ = -1;
};

/// The text of an errno value.
std::string error_text(int error);

}  // namespace ron::transport
