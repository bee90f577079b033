// OAP/1, written from docs/OAP-1.md alone: nothing here comes from the node's own code.
//
// A delivery repeats the publication byte for byte, so that its first 23 bytes (length, version,
// flags, tenant) and its size are constant; corr_id, ts and data vary from frame to frame. Rate
// limits and credits are on in both directions; refusals, errors and `bye` make a run void,
// `lagged` is counted.
#include <algorithm>
#include <cstdio>

#include "codec.hpp"

namespace ron::peers {
namespace {

constexpr std::uint64_t kWindow = 16U << 20U;  // what the server may have in flight to a subscriber
constexpr std::size_t kHeader = 31;
constexpr std::size_t kConstant = 23;  // of the header: all before corr_id
constexpr unsigned kReq = 1;
constexpr unsigned kEvent = 4;
constexpr std::uint64_t kTs = 1'800'000'000;

std::string head(unsigned major, std::uint64_t value) {
  const auto first = [major](unsigned info) {
    return std::string(1, static_cast<char>((major << 5U) | info));
  };
  if (value < 24) return first(static_cast<unsigned>(value));
  if (value <= 0xff) return first(24) + big_endian(value, 1);
  if (value <= 0xffff) return first(25) + big_endian(value, 2);
  if (value <= 0xffffffff) return first(26) + big_endian(value, 4);
  return first(27) + big_endian(value, 8);
}

std::string uint(std::uint64_t value) { return head(0, value); }
std::string text(std::string_view value) { return head(3, value.size()).append(value); }
std::string array(std::uint64_t entries) { return head(4, entries); }
std::string map(std::uint64_t entries) { return head(5, entries); }

std::string envelope(unsigned flags, std::uint64_t corr, std::size_t payload) {
  return big_endian(kHeader - 4 + payload, 4) + '\1' + big_endian(flags, 2) +
         std::string(16, '\0') + big_endian(corr, 8);
}

std::string frame(unsigned flags, std::uint64_t corr, const std::string& payload) {
  return envelope(flags, corr, payload.size()) + payload;
}

// The whole frame at the front of `in`; empty when more bytes are needed.
std::string_view first_frame(std::string_view in) {
  if (in.size() < 4) return {};
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8U | byte_at(in, i);
  return in.size() < size + 4 ? std::string_view{} : in.substr(0, size + 4);
}

// Control messages hold each key once and no text that looks like another key.
bool is_kind(std::string_view frame, std::string_view kind) {
  return frame.find(text("kind") + text(kind)) != std::string_view::npos;
}

std::uint64_t number_of(std::string_view frame, std::string_view key) {
  const std::string name = text(key);
  const std::size_t at = frame.find(name);
  if (at == std::string_view::npos || at + name.size() >= frame.size()) return 0;
  std::string_view rest = frame.substr(at + name.size());
  const unsigned info = byte_at(rest, 0) & 31U;
  if (info < 24) return info;
  rest = rest.substr(1, std::size_t{1} << (info - 24));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) value = value << 8U | byte_at(rest, i);
  return value;
}

void complain(std::string_view frame) {
  std::fprintf(stderr, "ours: %.*s\n", static_cast<int>(frame.size() - kHeader),
               frame.data() + kHeader);
}

class Oap final : public Codec {
 public:
  std::string_view alpn() const override { return "ron/oap1"; }

  std::string hello(Role role, const std::vector<std::string>& patterns, int /*id*/,
                    bool /*tls*/) override {
    const std::string features =
        text("features") + map(2) + text("pq") + text("hybrid") + text("comp") + array(0);
    std::string out =
        frame(kReq, 1,
              map(5) + text("kind") + text("hello") + text("window") + uint(kWindow) + features +
                  text("versions") + array(1) + uint(1) + text("max_frame") + uint(1U << 20U));
    if (role == Role::kPublisher) return out;
    std::string sub = map(2) + text("kind") + text("sub") + text("topics") + array(patterns.size());
    for (const std::string& pattern : patterns) sub += text(pattern);
    return out + frame(kReq, 2, sub);
  }

  Setup setup(Role role, std::string& in, std::string& /*out*/, const std::string& /*topic*/,
              int& /*step*/) override {
    for (;;) {
      const std::string_view frame = first_frame(in);
      if (frame.empty()) return Setup::kMore;
      const bool hello = is_kind(frame, "hello_ack");
      const bool ack = is_kind(frame, "ack");
      if (hello) send_window = number_of(frame, "window");
      if (!hello && !ack) {
        complain(frame);
        return Setup::kRefused;
      }
      in.erase(0, frame.size());
      if (role == Role::kPublisher ? hello : ack) return Setup::kReady;
    }
  }

  Publication publication(const std::string& topic, std::size_t payload) override {
    const std::string before = map(5) + text("ts") + uint(kTs) + text("data") + head(2, payload);
    const std::string after =
        text("kind") + text("gossip") + text("topic") + text(topic) + text("fanout") + uint(0);
    return {envelope(kEvent, 1, before.size() + payload + after.size()) + before, after};
  }

  Delivery delivery(const std::string& topic, std::size_t payload) override {
    const Publication sent = publication(topic, payload);
    return {sent.head.substr(0, kConstant), sent.head.size() + payload + sent.tail.size(),
            sent.head.size()};
  }

  void vary(char* publication, std::uint64_t number) override {
    const std::string corr = big_endian(number + 1, 8);
    const std::string ts = big_endian(kTs + number % 1'000'000, 4);
    constexpr std::size_t kTsAt = kHeader + 5;  // after the map's head, the key and a u32's head
    corr.copy(publication + kConstant, corr.size());
    ts.copy(publication + kTsAt, ts.size());
  }

  long control(std::string_view in, std::string& /*out*/) override {
    const std::string_view frame = first_frame(in);
    if (frame.empty()) return in.size() > 255 ? -1 : 0;
    if (is_kind(frame, "credit")) {
      credited += number_of(frame, "bytes");
    } else if (is_kind(frame, "lagged")) {
      lagged += number_of(frame, "dropped");
    } else if (!is_kind(frame, "keep")) {
      complain(frame);
      return -1;
    }
    return static_cast<long>(frame.size());
  }

  std::uint64_t granted_window() const override { return kWindow; }
  std::string credit(std::uint64_t bytes) override {
    return frame(kEvent, 0, map(2) + text("kind") + text("credit") + text("bytes") + uint(bytes));
  }
};

}  // namespace

std::unique_ptr<Codec> make_oap() { return std::make_unique<Oap>(); }

}  // namespace ron::peers
