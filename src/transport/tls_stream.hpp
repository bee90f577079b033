// TLS 1.3 over a socket, through buffers that all streams of a thread share.
//
// Reading: one recv fills the shared ciphertext slab, the library drains it; what it does not take
// in this call is kept by the stream. Writing: pieces are gathered into full 16 KiB records, the
// sealed records of a batch leave in one send, and at most 32 KiB of plaintext is sealed but
// unsent: nothing is sealed for a blocked socket. Plaintext counts as written only when its record
// left. An idle stream holds no buffer of its own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crypto/tls_context.hpp"
#include "transport/stream.hpp"

struct ssl_st;

namespace ron::transport {

inline constexpr std::size_t kCipherSlab = 256U * 1024;
inline constexpr std::size_t kTlsRecord = 16U * 1024;  // plaintext of a full record
inline constexpr std::size_t kSealBatch = 32U * 1024;  // plaintext sealed before a send

/// Work space of one thread; must outlive its streams. Allocates on first use.
class TlsBuffers {
 public:
  MutableBytes cipher();
  MutableBytes staging();
  std::vector<std::uint8_t>& sealed() { return sealed_; }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::vector<std::uint8_t> sealed_;
};

struct TlsStreamOptions {
  std::shared_ptr<const crypto::TlsContext> context;  // its kind decides which side this is
  // client: host name or address to check, when no patterns are pinned; not looked at between nodes
  std::string server_name;
  bool connecting = false;  // the socket is still on its way
};

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, StreamFacts facts, TlsStreamOptions options, TlsBuffers& buffers);
  ~TlsStream() override;

  HandshakeStatus handshake() override;
  IoResult read_into(MutableBytes into) override;
  IoResult write(std::span<const IoPiece> pieces) override;
  IoResult shutdown_write() override;
  bool wants_write() const override { return !unsent_.empty(); }
  IoResult flush() override;
  void close() override;
  int fd() const override { return socket_.fd(); }
  std::size_t held_bytes() const override { return held_.capacity() + unsent_.capacity(); }
  Socket take_socket() override;

 private:
  struct Glue;  // the library's callbacks
  struct Mark {
    std::uint64_t end = 0;  // position in the sealed stream
    std::size_t plain = 0;  // plaintext that is through once everything before `end` left
  };
  class Cursor;

  bool has_input() const { return held_at_ < held_.size() || !input_.empty(); }
  bool has_nothing_to_read() const;
  IoResult receive(std::size_t limit);
  void keep_input();
  IoStatus push_out();
  std::size_t settle();
  bool seal(Cursor& from);
  HandshakeStatus step();
  HandshakeStatus established();
  void name_server(const std::string& name);
  bool met_as_a_node() const;
  void fail(int library_error);
  void fail_io(std::string text);

  Socket socket_;
  std::shared_ptr<const crypto::TlsContext> context_;
  TlsBuffers* buffers_;
  ssl_st* ssl_ = nullptr;

  ByteView input_;                  // received in this call, not yet taken by the library
  std::vector<std::uint8_t> held_;  // the same from an earlier call
  std::size_t held_at_ = 0;
  std::vector<std::uint8_t> unsent_;  // sealed, not sent
  std::size_t unsent_at_ = 0;
  std::uint64_t sealed_total_ = 0, sent_total_ = 0;
  std::array<Mark, kSealBatch / kTlsRecord> marks_{};
  std::uint32_t mark_count_ = 0;
  int alert_ = -1;
  bool connecting_;
  bool wants_input_;      // the handshake goes on with what the other side sends
  bool drained_ = false;  // the handshake's last bytes were all the socket had
  bool ready_ = false;    // handshake done
  bool dead_ = false;
  bool eof_ = false;       // the other side ended, in order or not
  bool notified_ = false;  // close_notify is sealed
};

}  // namespace ron::transport
