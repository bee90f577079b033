// One wire protocol, as a handful of byte strings and two small parsers. The generator builds no
// frames while it measures: a publisher sends from a batch encoded before, a subscriber counts
// deliveries by comparing a constant prefix and skipping a constant size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ron::peers {

enum class Role : std::uint8_t { kPublisher, kSubscriber, kIdle };

/// The bytes around the payload of one publication.
struct Publication {
  std::string head;
  std::string tail;
};

/// How a subscriber recognises one delivery.
struct Delivery {
  std::string prefix;          // constant: compared
  std::size_t size = 0;        // of the whole delivery: skipped
  std::size_t payload_at = 0;  // where the payload, and so the time stamp, begins
};

/// What setup() made of the bytes received so far.
enum class Setup : std::uint8_t { kMore, kReady, kRefused };

class Codec {
 public:
  Codec() = default;
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;
  virtual ~Codec() = default;

  /// Everything a client may send right after connecting, without waiting for the server: its
  /// hello, a subscriber's subscription, and a barrier whose answer setup() recognises.
  virtual std::string hello(Role role, const std::vector<std::string>& patterns, int id,
                            bool tls) = 0;
  /// Consumes what it understands of `in` and appends replies to `out`. `step` is the session's.
  virtual Setup setup(Role role, std::string& in, std::string& out, const std::string& topic,
                      int& step) = 0;
  virtual Publication publication(const std::string& topic, std::size_t payload) = 0;
  virtual Delivery delivery(const std::string& topic, std::size_t payload) = 0;
  /// Bytes in the data phase that are no delivery (keep-alives, acknowledgements). Returns the
  /// bytes consumed, 0 = more are needed, -1 = unexpected: the run is void.
  virtual long control(std::string_view in, std::string& out) = 0;

  /// The server speaks first, in clear text, and TLS starts after that.
  virtual bool greets_before_tls() const { return false; }
  virtual std::string_view alpn() const { return {}; }
  /// Gives one encoded publication its own values in the fields a protocol has for that.
  virtual void vary(char* /*publication*/, std::uint64_t /*number*/) {}
  /// What the server sends to a publisher may be thrown away unread.
  virtual bool ignores_answers() const { return false; }
  /// Time for subscriptions to settle where the protocol has no barrier.
  virtual unsigned settle_ms() const { return 30; }
  /// Byte credits: what a subscriber grants the server, and the message that gives some back.
  virtual std::uint64_t granted_window() const { return 0; }
  virtual std::string credit(std::uint64_t /*bytes*/) { return {}; }

  // Set by setup(): what the server grants a publisher, 0 = no credits.
  std::uint64_t send_window = 0;
  // Counted by control(): credit that came back, and deliveries the server says it dropped.
  std::uint64_t credited = 0;
  std::uint64_t lagged = 0;
};

/// nullptr for a name that is none: nats, redis, redis-noreply, mqtt, zmq, frame, openssl, ours.
std::unique_ptr<Codec> make_codec(std::string_view name);

std::unique_ptr<Codec> make_nats();
std::unique_ptr<Codec> make_redis(bool replies);
std::unique_ptr<Codec> make_mqtt();
std::unique_ptr<Codec> make_zmtp();
std::unique_ptr<Codec> make_frame();
std::unique_ptr<Codec> make_silent();
std::unique_ptr<Codec> make_oap();

/// A delivery that is `prefix`, the payload, and `tail` more bytes.
inline Delivery framed(std::string prefix, std::size_t payload, std::size_t tail = 0) {
  const std::size_t at = prefix.size();
  return {std::move(prefix), at + payload + tail, at};
}

/// `value` in `size` bytes, the most significant first.
inline std::string big_endian(std::uint64_t value, unsigned size) {
  std::string out;
  for (unsigned shift = 8 * size; shift > 0; shift -= 8) {
    out += static_cast<char>((value >> (shift - 8)) & 0xffU);
  }
  return out;
}

inline std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

}  // namespace ron::peers
