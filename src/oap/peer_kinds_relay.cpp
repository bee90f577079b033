// relay and origin: a publication on its way through the mesh, and who vouches for its origin
// (docs/OAP-1.md section 9).
#include <algorithm>

#include "oap/envelope.hpp"
#include "oap/fields.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::oap {
namespace {

constexpr unsigned kSeq = 1;
constexpr unsigned kEpoch = 2;
constexpr unsigned kOrigin = 4;
constexpr unsigned kMessage = 8;
constexpr unsigned kRelayFields = kSeq | kEpoch | kOrigin | kMessage;

constexpr std::size_t kRelayHeadMost = 80;  // bytes in front of those of `message`

constexpr std::string_view kOriginPurpose = "ron-origin-v1";

// OAP-9.37
bool take_message(const CborItem& item, ByteView& out) {
  return take(item, out) && !out.empty() && out.size() <= kMaxFrame;
}

// Takes what a canonical relay must have at `at`, number by number; every step fails for good.
class UsualRelay {
 public:
  explicit UsualRelay(ByteView payload)
      : at_(payload.data()), end_(payload.data() + payload.size()) {}

  bool literal(std::string_view bytes) {
    if (left() < bytes.size() || std::memcmp(at_, bytes.data(), bytes.size()) != 0) return false;
    at_ += bytes.size();
    return true;
  }

  // The argument of a head of this major type, in its shortest form.
  bool head(unsigned major, std::uint64_t& number) {
    if (left() == 0 || *at_ >> 5U != major) return false;
    const unsigned form = *at_++ & 31U;
    number = form;
    if (form < 24) return true;
    if (form > 27) return false;
    const std::size_t size = std::size_t{1} << (form - 24);
    if (left() < size) return false;
    number = 0;
    for (std::size_t i = 0; i < size; ++i) number = number << 8U | *at_++;
    constexpr std::array<std::uint64_t, 4> kLeast = {24, 0x100, 0x10000, 0x100000000};
    return number >= kLeast[form - 24];
  }

  bool take_origin(OriginId& out) {
    if (left() < out.size()) return false;
    std::memcpy(out.data(), at_, out.size());
    at_ += out.size();
    return true;
  }

  ByteView rest() const { return {at_, left()}; }

 private:
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  const std::uint8_t* at_;
  const std::uint8_t* const end_;
};

}  // namespace

// OAP-9.26 OAP-9.36
Decoded<Relay> read_relay(const Message& message) {
  Relay relay;
  unsigned seen = 0;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  bool message_last = false;
  while (fields.next(key, value)) {
    message_last = false;
    if (key == "seq") {
      if (!take(value, relay.seq) || relay.seq == 0) return faulty("relay.seq is not a uint >= 1");
      seen |= kSeq;
    } else if (key == "epoch") {
      if (!take(value, relay.epoch)) return faulty("relay.epoch is not a uint");
      seen |= kEpoch;
    } else if (key == "trace") {
      if (!take(value, relay.trace)) return faulty("relay.trace is not a bool");
    } else if (key == "origin") {
      if (!take(value, relay.origin)) return faulty("relay.origin is not 16 bytes");
      seen |= kOrigin;
    } else if (key == "message") {
      if (!take_message(value, relay.message)) {
        return faulty("relay.message is not 1 byte to 1 MiB of bytes");
      }
      seen |= kMessage;
      message_last = true;
    }
  }
  if (seen != kRelayFields) return faulty("relay lacks seq, epoch, origin or message");
  // OAP-9.38
  if (!message_last) return faulty("relay.message is not the last of its map");
  return relay;
}

std::optional<Relay> read_usual_relay(ByteView payload) {
  using namespace std::string_view_literals;
  Relay relay;
  UsualRelay from(payload);
  std::uint64_t size = 0;
  const bool usual = from.literal("\xa5\x63seq"sv) && from.head(0, relay.seq) &&
                     from.literal(
                         "\x64kind\x65relay\x65"
                         "epoch"sv) &&
                     from.head(0, relay.epoch) && from.literal("\x66origin\x50"sv) &&
                     from.take_origin(relay.origin) && from.literal("\x67message"sv) &&
                     from.head(2, size);
  if (!usual || relay.seq == 0) return std::nullopt;
  relay.message = from.rest();
  if (size == 0 || size > kMaxFrame || relay.message.size() != size) return std::nullopt;
  return relay;
}

std::vector<std::uint8_t> write_relay_head(const Relay& relay) {
  std::vector<std::uint8_t> out;
  out.reserve(kRelayHeadMost);
  CborWriter to(out);
  to.map(relay.trace ? 6 : 5);
  to.key("seq").uint(relay.seq);
  to.key("kind").text("relay");
  to.key("epoch").uint(relay.epoch);
  if (relay.trace) to.key("trace").boolean(true);
  to.key("origin").bytes(relay.origin);
  to.key("message").bytes_head(relay.message.size());
  return out;
}

// OAP-9.27 OAP-9.39
Decoded<OriginStatement> read_origin(const Message& message) {
  OriginStatement origin;
  bool epoch = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "key") {
      if (!take(value, origin.key) || origin.key.empty() || origin.key.size() > kPeerKeyMax) {
        return faulty("origin.key is not 1 to 4096 bytes");
      }
    } else if (key == "sig") {
      if (!take(value, origin.sig) || origin.sig.empty() || origin.sig.size() > kPeerSigMax) {
        return faulty("origin.sig is not 1 to 8192 bytes");
      }
    } else if (key == "epoch") {
      if (!take(value, origin.epoch)) return faulty("origin.epoch is not a uint");
      epoch = true;
    }
  }
  if (origin.key.empty() || origin.sig.empty() || !epoch) {
    return faulty("origin lacks key, sig or epoch");
  }
  return origin;
}

std::vector<std::uint8_t> write_origin(const OriginStatement& origin) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(4);
  to.key("key").bytes(origin.key);
  to.key("sig").bytes(origin.sig);
  to.key("kind").text("origin");
  to.key("epoch").uint(origin.epoch);
  return out;
}

// OAP-9.24
std::vector<std::uint8_t> origin_signed_bytes(const NodeId& node, std::uint64_t epoch) {
  std::vector<std::uint8_t> out(kOriginPurpose.size() + node.size() + sizeof epoch);
  auto at = std::ranges::copy(kOriginPurpose, out.begin()).out;
  at = std::ranges::copy(node, at).out;
  store_be(&*at, epoch);
  return out;
}

}  // namespace ron::oap
