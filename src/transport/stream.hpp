// A byte stream of any kind, non-blocking: TCP, Unix, TLS over either, memory (OAP-1.1).
//
// The owner waits for readiness of `fd` and calls. Nothing here waits, sets timers or calls back.
//   handshake until kDone; then read_into and write as they are ready; then shutdown_write and
//   read_into until kEof, or close at any time.
// A TLS client's handshake is done before the server has judged its certificate: a refusal comes
// with the first read, so "connected" means the first answer, not kDone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "transport/socket.hpp"

namespace ron::transport {

enum class StreamKind : std::uint8_t { kTcp, kTls, kUnix, kMem };

/// Who the peer's certificate says it is.
struct PeerIdentity {
  std::vector<std::string> names;  // SANs
  NodeId node{};                   // BLAKE3-256 of its public key
};

/// What the handshake established. Every session keeps one, so it is small.
struct StreamFacts {
  StreamKind kind = StreamKind::kMem;
  bool hybrid = false;              // the key exchange was X25519MLKEM768
  bool peer_authenticated = false;  // a certificate, or a Unix user that was let in
  bool is_node = false;  // a certificate that this node takes from its peers: `peer->node` is one
  std::uint32_t peer_uid = 0;  // of a Unix peer
  std::string_view group{};    // static text, as the library names it; empty without TLS
  std::string_view cipher{};   // the same
  std::shared_ptr<const PeerIdentity> peer{};  // none without a certificate

  /// The first name of the peer's certificate, or nothing.
  std::string_view peer_name() const {
    return peer == nullptr || peer->names.empty() ? std::string_view() : peer->names.front();
  }
};

/// Classes of tls_handshake_failures_total{reason}; kIo covers an end or reset in the middle.
enum class FailureClass : std::uint8_t {
  kNone,
  kCert,
  kVersion,
  kCipher,
  kGroup,  // no key exchange in common
  kAlpn,
  kProtocol,
  kIo,
};
inline constexpr std::size_t kFailureClasses = 8;
std::string_view name(FailureClass kind);

struct Failure {
  FailureClass kind = FailureClass::kNone;
  int alert = -1;      // the TLS alert that was sent or received; -1 when none was
  std::string text{};  // for a log line
};

enum class HandshakeStatus : std::uint8_t { kDone, kWantRead, kWantWrite, kFailed };

class Stream {
 public:
  explicit Stream(StreamFacts facts) : facts_(std::move(facts)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// Goes on with connecting and TLS. kFailed is final: see `failure`.
  virtual HandshakeStatus handshake() = 0;

  /// Fills from the front of `into`, whose size is at least 1.
  virtual IoResult read_into(MutableBytes into) = 0;

  /// Writes from the front of `pieces`. `bytes` counts what really left: after kWouldBlock the next
  /// call must begin with the same bytes from there on (more may follow them).
  virtual IoResult write(std::span<const IoPiece> pieces) = 0;

  /// Ends this direction in order (close_notify, FIN). kWouldBlock: again when writable.
  virtual IoResult shutdown_write() = 0;

  /// True while bytes wait inside that only `write` or `flush` moves on (TLS).
  virtual bool wants_write() const { return false; }
  /// Sends what waits inside.
  virtual IoResult flush() { return {}; }

  /// Closes the descriptor. The other side may see a reset if its bytes were not all read.
  virtual void close() = 0;

  virtual int fd() const = 0;  // -1 for memory streams and after close
  const StreamFacts& facts() const { return facts_; }
  /// Of kind kNone while nothing has failed.
  const Failure& failure() const;

  /// Bytes of heap this stream holds between calls, without the TLS library's own.
  virtual std::size_t held_bytes() const { return 0; }

  /// Gives the bare socket back, for an owner that lingers on it; the stream is then closed.
  virtual Socket take_socket() { return {}; }

 protected:
  void failed(Failure why) { failure_ = std::make_unique<const Failure>(std::move(why)); }

  StreamFacts facts_;

 private:
  std::unique_ptr<const Failure> failure_;  // rare
};

}  // namespace ron::transport
