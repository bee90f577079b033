// What sessions receive: subscribers count deliveries, the others answer the server.
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "common.hpp"
#include "load.hpp"

namespace ron::peers {
namespace {

constexpr std::size_t kHeadRoom = 4096;  // before each read, for the beginning of a cut delivery
constexpr std::size_t kDiscardFrom = 16384;  // payload bytes left that are discarded in the kernel

}  // namespace

void Load::subscriber_input(Session& session) {
  Channel& channel = session.channel;
  char* const base = buffer_.data() + kHeadRoom;
  const bool discards = !channel.tls() && options_.uds.empty();
  // Over TLS until dry: records may sit in the library's read-ahead buffer.
  for (;;) {
    if (discards && session.skip >= kDiscardFrom) {
      const std::size_t gone = channel.discard(session.skip);
      if (gone == 0) return;
      session.skip -= gone;
    } else {
      const std::size_t got = channel.read(base, buffer_.size() - 2 * kHeadRoom);
      if (got == 0) return;
      received_at_ = now_ns();
      count(session, base, got);
    }
    if (!channel.tls()) return;
  }
}

// `bytes` begin at the boundary of a delivery or inside the one that is skipped.
void Load::count(Session& session, char* bytes, std::size_t size) {
  const std::size_t prefix_size = session.delivery.prefix.size();
  const std::size_t need = timed_ ? session.delivery.payload_at + 8 : prefix_size;
  const char* prefix = session.delivery.prefix.data();
  if (session.skip > 0) {
    const std::size_t skipped = std::min(session.skip, size);
    session.skip -= skipped;
    bytes += skipped;
    size -= skipped;
    if (size == 0) return;
  }
  if (session.carried > 0) {
    bytes -= session.carried;
    size += session.carried;
    std::memcpy(bytes, session.carry.data(), session.carried);
    session.carried = 0;
  }
  std::uint64_t got = 0;
  while (size > 0) {
    if (size >= need && std::memcmp(bytes, prefix, prefix_size) == 0) {
      ++got;
      if (timed_ && measuring_) {
        std::uint64_t stamp = 0;
        std::memcpy(&stamp, bytes + session.delivery.payload_at, sizeof stamp);
        if (stamp != 0) {
          measured_.latency.push_back(static_cast<std::uint32_t>(
              std::min<std::uint64_t>(received_at_ - stamp, UINT32_MAX)));
        }
      }
      if (size < session.delivery.size) {
        session.skip = session.delivery.size - size;
        break;
      }
      bytes += session.delivery.size;
      size -= session.delivery.size;
      continue;
    }
    const std::size_t used = count_other(session, bytes, size);
    if (used == 0) break;
    bytes += used;
    size -= used;
  }
  session.got += got;
  delivered_ += got;
  if (const std::uint64_t window = codec_.granted_window(); window > 0) {
    session.owed += got * session.delivery.size;
    if (session.owed >= window / 2) {
      session.pending += codec_.credit(session.owed);
      session.owed = 0;
    }
  }
  send_pending(session);
}

// A cut delivery or another message; 0 when the rest was kept for the next read.
std::size_t Load::count_other(Session& session, char* bytes, std::size_t size) {
  const std::string& prefix = session.delivery.prefix;
  const std::size_t need = timed_ ? session.delivery.payload_at + 8 : prefix.size();
  if (size < need && std::memcmp(bytes, prefix.data(), std::min(size, prefix.size())) == 0) {
    keep(session, bytes, size);
    return 0;
  }
  const std::uint64_t lagged = codec_.lagged;
  const long used = codec_.control({bytes, size}, session.pending);
  session.got += codec_.lagged - lagged;
  if (used < 0) die("unexpected bytes: " + std::string(bytes, std::min<std::size_t>(size, 60)));
  if (used == 0) keep(session, bytes, size);
  return static_cast<std::size_t>(used);
}

void Load::keep(Session& session, const char* bytes, std::size_t size) const {
  if (size > session.carry.size()) die("a message larger than the generator keeps");
  std::memcpy(session.carry.data(), bytes, size);
  session.carried = size;
}

void Load::publisher_input(Session& session) {
  std::array<char, 65536> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): on the hot path
  for (int i = 0; i < 64; ++i) {
    if (codec_.ignores_answers() && !session.channel.tls()) {
      if (session.channel.discard(1U << 20U) == 0) return;
      continue;
    }
    const std::size_t got = session.channel.read(bytes.data(), bytes.size());
    if (got == 0) return;
    if (codec_.ignores_answers()) continue;
    session.in.append(bytes.data(), got);
    while (!session.in.empty()) {
      const std::uint64_t credited = codec_.credited;
      const long used = codec_.control(session.in, session.pending);
      session.credit += static_cast<std::int64_t>(codec_.credited - credited);
      if (used < 0) die("a publisher got: " + session.in.substr(0, 80));
      if (used == 0) break;
      session.in.erase(0, static_cast<std::size_t>(used));
    }
  }
}

void Load::idle_input(Session& session) {
  std::array<char, 8192> bytes{};
  session.in.append(bytes.data(), session.channel.read(bytes.data(), bytes.size()));
  while (!session.in.empty()) {
    const long used = codec_.control(session.in, session.pending);
    if (used < 0) die("an idle session got data");
    if (used == 0) break;
    session.in.erase(0, static_cast<std::size_t>(used));
  }
  send_pending(session);
}

}  // namespace ron::peers
