// One client of the server under test: its set-up, and what the measurement counts of it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "channel.hpp"
#include "codec.hpp"

namespace ron::peers {

struct Session {
  Role role = Role::kIdle;
  int topic = 0;
  int id = 0;
  std::vector<std::string> patterns;  // the first is the topic where the protocol has no patterns
  Channel channel;

  // Set-up.
  bool connecting = true;
  bool ready = false;
  int step = 0;
  std::string in;
  std::string out;

  std::string pending;  // answers of the data phase that wait for a boundary or for room

  // A subscriber.
  bool stalled = false;  // does not read for now
  Delivery delivery;
  std::uint64_t got = 0;          // deliveries that came or were told as lagged
  std::uint64_t scale = 1;        // publications of its publisher for each of them
  std::uint64_t owed = 0;         // bytes consumed, credit not yet given back
  std::size_t skip = 0;           // of the delivery that has begun
  std::array<char, 256> carry{};  // the beginning of a delivery that was cut
  std::size_t carried = 0;

  // A publisher.
  std::string batch;                 // whole publications, sent again and again
  std::vector<std::uint32_t> reach;  // deliveries due for the first n publications of the batch
  std::size_t frame = 0;             // bytes of one publication
  std::size_t payload_at = 0;
  std::size_t offset = 0;  // into the batch
  std::uint64_t sent_bytes = 0;
  std::uint64_t sent = 0;   // publications, also one that is only begun
  bool limited = false;     // by credit
  std::int64_t credit = 0;  // bytes it may still send

  std::uint64_t due() const {
    const std::uint64_t batches = sent / (reach.size() - 1);
    return batches * reach.back() + reach[sent % (reach.size() - 1)];
  }
};

using Sessions = std::vector<std::unique_ptr<Session>>;

/// Connects and sets up all of them, a bounded number at once; seconds it took. Afterwards their
/// descriptors are in `epoll`, publishers edge-triggered.
double open_sessions(Sessions& sessions, const Options& options, Codec& codec, SSL_CTX* context,
                     int epoll);

/// As much of `pending` as the channel takes.
void send_pending(Session& session);

}  // namespace ron::peers
