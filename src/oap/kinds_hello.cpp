// hello and hello_ack (docs/OAP-1.md section 3).
#include <algorithm>

#include "oap/envelope.hpp"
#include "oap/fields.hpp"
#include "oap/kinds.hpp"

namespace ron::oap {
namespace {

constexpr std::size_t kAgentMax = 64;  // bytes
constexpr std::string_view kZstd = "zstd";

std::string_view pq_name(Pq pq) { return pq == Pq::kHybrid ? "hybrid" : "off"; }

bool take_pq(const CborItem& item, Pq& out) {
  if (item.type != CborType::kText) return false;
  out = item.text() == "hybrid" ? Pq::kHybrid : Pq::kOff;
  return out == Pq::kHybrid || item.text() == "off";
}

bool take_role(const CborItem& item, Role& out) {
  if (item.type != CborType::kText) return false;
  out = item.text() == "peer" ? Role::kPeer : Role::kClient;
  return out == Role::kPeer || item.text() == "client";
}

bool take_agent(const CborItem& item, std::string_view& out) {
  return take(item, out) && out.size() <= kAgentMax;  // OAP-3.7
}

// OAP-3.28: entries other than "zstd" are ignored.
bool take_comp(const CborItem& item, bool& zstd) {
  if (!is_array_of(item, CborType::kText)) return false;
  CborArray names(item);
  CborItem name;
  while (names.next(name)) zstd = zstd || name.text() == kZstd;
  return true;
}

// OAP-3.15: what other versions the client speaks does not matter.
bool take_versions(const CborItem& item, bool& version_1) {
  if (!is_array_of(item, CborType::kUint)) return false;
  CborArray versions(item);
  CborItem version;
  while (versions.next(version)) version_1 = version_1 || version.number == kVersion;
  return true;
}

// OAP-3.17
bool take_max_frame(const CborItem& item, std::uint32_t& out) {
  if (item.type != CborType::kUint || item.number < kMinMaxFrame) return false;
  out = static_cast<std::uint32_t>(std::min<std::uint64_t>(item.number, UINT32_MAX));
  return true;
}

bool take_features(const CborItem& item, Hello& hello, Fault& fault) {
  if (item.type != CborType::kMap) {
    fault = "hello.features is not a map";
    return false;
  }
  CborMap fields(item);
  std::string_view key;
  CborItem value;
  bool pq = false;
  bool comp = false;
  while (fields.next(key, value)) {
    if (key == "pq") {
      pq = true;
      if (!take_pq(value, hello.pq)) fault = "hello.features.pq is neither off nor hybrid";
    } else if (key == "comp") {
      comp = true;
      if (!take_comp(value, hello.comp_zstd)) fault = "hello.features.comp is not a list of text";
    }
  }
  if (fault.empty() && !(pq && comp)) fault = "hello.features lacks pq or comp";
  return fault.empty();
}

// One known field of hello; false (and the fault) when it is broken.
bool take_hello_field(std::string_view key, const CborItem& value, Hello& hello, Fault& fault) {
  const auto expect = [&fault](bool good, Fault text) {
    if (!good) fault = text;
    return good;
  };
  if (key == "token") {  // OAP-3.5
    return expect(take(value, hello.token), "hello.token is not text");
  }
  if (key == "window") {  // OAP-3.6 OAP-5.3
    return expect(take(value, hello.window) && *hello.window > 0,
                  "hello.window is not a uint >= 1");
  }
  if (key == "agent") {
    return expect(take_agent(value, hello.agent), "hello.agent is not text of at most 64 bytes");
  }
  if (key == "role") {  // OAP-3.8
    return expect(take_role(value, hello.role), "hello.role is neither client nor peer");
  }
  if (key == "node") {
    return expect(take(value, hello.node.emplace()), "hello.node is not 32 bytes");
  }
  if (key == "epoch") return expect(take(value, hello.epoch), "hello.epoch is not a uint");
  if (key == "features") return take_features(value, hello, fault);
  if (key == "versions") {
    return expect(take_versions(value, hello.version_1), "hello.versions is not a list of uint");
  }
  if (key == "max_frame") {
    return expect(take_max_frame(value, hello.max_frame), "hello.max_frame is not a uint >= 1024");
  }
  return true;
}

}  // namespace

// OAP-3.4 .. OAP-3.9
Decoded<Hello> read_hello(const Message& message) {
  Hello hello;
  Fault fault;
  bool features = false;
  bool versions = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (!take_hello_field(key, value, hello, fault)) return faulty(fault);
    features = features || key == "features";
    versions = versions || key == "versions";
  }
  if (!features) return faulty("hello.features is missing");
  if (!versions) return faulty("hello.versions is missing");
  if (hello.max_frame == 0) return faulty("hello.max_frame is missing");
  if (hello.role == Role::kPeer && (!hello.node || !hello.epoch)) {  // OAP-3.9
    return faulty("hello of a peer lacks node or epoch");
  }
  return hello;
}

std::vector<std::uint8_t> write_hello(const Hello& hello) {
  const bool peer = hello.role == Role::kPeer;
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(4U + (hello.node ? 1U : 0U) + (peer ? 1U : 0U) + (hello.agent.empty() ? 0U : 1U) +
         (hello.epoch ? 1U : 0U) + (hello.token ? 1U : 0U) + (hello.window ? 1U : 0U));
  to.key("kind").text("hello");
  if (hello.node) to.key("node").bytes(*hello.node);
  if (peer) to.key("role").text("peer");
  if (!hello.agent.empty()) to.key("agent").text(hello.agent);
  if (hello.epoch) to.key("epoch").uint(*hello.epoch);
  if (hello.token) to.key("token").text(*hello.token);
  if (hello.window) to.key("window").uint(*hello.window);
  to.key("features").map(2);
  to.key("pq").text(pq_name(hello.pq));
  to.key("comp").array(hello.comp_zstd ? 1 : 0);
  if (hello.comp_zstd) to.text(kZstd);
  to.key("versions").array(hello.version_1 ? 1 : 0);
  if (hello.version_1) to.uint(kVersion);
  to.key("max_frame").uint(hello.max_frame);
  return out;
}

namespace {

// OAP-3.12; false when a field is missing or broken.
bool take_chosen(const CborItem& item, HelloAck& ack) {
  if (item.type != CborType::kMap) return false;
  CborMap fields(item);
  std::string_view key;
  CborItem value;
  unsigned good = 0;
  while (fields.next(key, value)) {
    if (key == "pq") {
      good += take_pq(value, ack.pq) ? 1U : 0U;
    } else if (key == "ver") {
      good += value.type == CborType::kUint && value.number == kVersion ? 1U : 0U;
    } else if (key == "comp" && value.type == CborType::kText) {
      ack.comp_zstd = value.text() == kZstd;
      good += ack.comp_zstd || value.text() == "off" ? 1U : 0U;
    }
  }
  return good == 3;
}

std::uint64_t* limit_named(Limits& limits, std::string_view key) {
  if (key == "fps") return &limits.fps;
  if (key == "rps") return &limits.rps;
  if (key == "chunk") return &limits.chunk;
  if (key == "window") return &limits.window;
  if (key == "inflight") return &limits.inflight;
  if (key == "max_frame") return &limits.max_frame;
  return nullptr;
}

bool take_limits(const CborItem& item, Limits& limits) {
  if (item.type != CborType::kMap) return false;
  CborMap fields(item);
  std::string_view key;
  CborItem value;
  unsigned good = 0;
  while (fields.next(key, value)) {
    std::uint64_t* limit = limit_named(limits, key);
    if (limit == nullptr) continue;
    if (!take(value, *limit)) return false;
    ++good;
  }
  return good == 6;
}

}  // namespace

Decoded<HelloAck> read_hello_ack(const Message& message) {
  HelloAck ack;
  unsigned seen = 0;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "node") {
      if (!take(value, ack.node)) return faulty("hello_ack.node is not 32 bytes");
      seen |= 1U;
    } else if (key == "chosen") {
      if (!take_chosen(value, ack)) return faulty("hello_ack.chosen is broken");
      seen |= 2U;
    } else if (key == "limits") {
      if (!take_limits(value, ack.limits)) return faulty("hello_ack.limits is broken");
      seen |= 4U;
    } else if (key == "session") {
      if (!take(value, ack.session)) return faulty("hello_ack.session is not a uint");
      seen |= 8U;
    } else if (key == "agent") {
      if (!take_agent(value, ack.agent)) return faulty("hello_ack.agent is broken");
    } else if (key == "epoch") {
      if (!take(value, ack.epoch)) return faulty("hello_ack.epoch is not a uint");
    }
  }
  if (seen != 15U) return faulty("hello_ack lacks a field");
  return ack;
}

std::vector<std::uint8_t> write_hello_ack(const HelloAck& ack) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(5U + (ack.agent.empty() ? 0U : 1U) + (ack.epoch ? 1U : 0U));
  to.key("kind").text("hello_ack");
  to.key("node").bytes(ack.node);
  if (!ack.agent.empty()) to.key("agent").text(ack.agent);
  if (ack.epoch) to.key("epoch").uint(*ack.epoch);
  to.key("chosen").map(3);
  to.key("pq").text(pq_name(ack.pq));
  to.key("ver").uint(kVersion);
  to.key("comp").text(ack.comp_zstd ? kZstd : "off");
  to.key("limits").map(6);
  to.key("fps").uint(ack.limits.fps);
  to.key("rps").uint(ack.limits.rps);
  to.key("chunk").uint(ack.limits.chunk);
  to.key("window").uint(ack.limits.window);
  to.key("inflight").uint(ack.limits.inflight);
  to.key("max_frame").uint(ack.limits.max_frame);
  to.key("session").uint(ack.session);
  return out;
}

}  // namespace ron::oap
