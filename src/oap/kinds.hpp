// The messages of OAP/1 sections 3 to 6: decoded views and canonical encoders.
//
// Decoding never allocates for the hot kinds; views point into the payload. A decoder returns the
// static text of the broken rule (always BadFrame) or the message. Unknown keys are ignored; known
// keys of the wrong type or range are faults.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/slab.hpp"
#include "oap/cbor.hpp"
#include "oap/wire_error.hpp"

namespace ron::oap {

using Fault = std::string_view;  // static text of the rule that was broken
template <typename T>
using Decoded = std::expected<T, Fault>;

/// The message map of a payload: legal CBOR in full, and its `kind`.
struct Message {
  CborItem map;
  std::string_view kind;
};
/// Validates the whole payload (section 2) and finds `kind`. Every frame passes here once.
Decoded<Message> read_message(ByteView payload);

enum class Pq : std::uint8_t { kOff, kHybrid };
enum class Role : std::uint8_t { kClient, kPeer };

struct Hello {
  Pq pq = Pq::kHybrid;
  bool comp_zstd = false;       // "zstd" among features.comp
  bool version_1 = false;       // 1 among versions
  std::uint32_t max_frame = 0;  // clamped to 2^32-1
  std::optional<std::string_view> token;
  std::optional<std::uint64_t> window;  // >= 1 when given
  std::string_view agent;
  Role role = Role::kClient;
  std::optional<NodeId> node;
  std::optional<std::uint64_t> epoch;
};
Decoded<Hello> read_hello(const Message& message);
std::vector<std::uint8_t> write_hello(const Hello& hello);

struct Limits {
  std::uint64_t fps = 0, rps = 0, chunk = 0, window = 0, inflight = 0, max_frame = 0;
};
struct HelloAck {
  NodeId node{};
  Pq pq = Pq::kOff;
  bool comp_zstd = false;
  Limits limits;
  std::uint64_t session = 0;
  std::string_view agent;
  std::optional<std::uint64_t> epoch;  // to a peer (section 9)
};
Decoded<HelloAck> read_hello_ack(const Message& message);
std::vector<std::uint8_t> write_hello_ack(const HelloAck& ack);

// What a publication may ask of the way between nodes; any other text asks for nothing. // OAP-4.61
inline constexpr std::string_view kModeBestEffort = "best_effort";
inline constexpr std::string_view kModeRepair = "repair";

struct Gossip {
  std::string_view topic;
  ByteView data;
  std::uint64_t ts = 0;
  std::uint64_t fanout = 0;
  std::optional<std::string_view> reply;
  std::optional<std::string_view> mode;
};
Decoded<Gossip> read_gossip(const Message& message);
/// The same out of a whole payload in one pass, for what publishers usually send: a gossip message
/// of known keys. Nothing means only that the long way has to judge.
std::optional<Gossip> read_usual_gossip(ByteView payload);
struct GossipOut {
  std::string_view topic;
  ByteView data;
  std::uint64_t ts = 0;
  std::uint64_t fanout = 0;
  std::optional<std::string_view> reply;
  std::vector<std::pair<std::string, std::string>> hdr;  // any order; written canonically
  std::optional<std::string_view> mode;
};
std::vector<std::uint8_t> write_gossip(const GossipOut& gossip);

struct Sub {
  CborItem topics;  // array of valid patterns, at least one; iterate with CborArray
  std::optional<bool> echo;
  std::optional<std::string_view> group;
  bool tap = false;   // section 10: watches without counting as a receiver
  bool gaps = false;  // is told what is lost between nodes
};
Decoded<Sub> read_sub(const Message& message);  // also for unsub: topics and group alone
struct SubOut {
  std::vector<std::string> topics;
  bool echo = false;
  std::string group;  // empty = plain
  bool tap = false;
  bool gaps = false;
};
std::vector<std::uint8_t> write_sub(const SubOut& sub);
std::vector<std::uint8_t> write_unsub(const SubOut& sub);

/// Publications of a node that are lost for good, as far as its numbers tell. // OAP-4.63
struct Gap {
  std::array<std::uint8_t, 16> origin{};  // the first 16 bytes of the node's id
  std::uint64_t epoch = 0;                // one start of that node
  std::uint64_t first = 0, last = 0;      // numbers; those in between need not all be lost
  std::uint64_t count = 0;                // lost ones, at least 1
};
Decoded<Gap> read_gap(const Message& message);
std::vector<std::uint8_t> write_gap(const Gap& gap);

struct Ack {
  CorrId for_corr = 0;
  bool ok = true;
  std::optional<std::uint64_t> to;
  std::optional<std::uint64_t> links;
};
Decoded<Ack> read_ack(const Message& message);
std::vector<std::uint8_t> write_ack(const Ack& ack);

struct ErrorMessage {
  std::string_view code;  // wire name, perhaps unknown to this version
  std::string_view msg;
  std::optional<std::uint64_t> retry_after_ms;
};
Decoded<ErrorMessage> read_error(const Message& message);
std::vector<std::uint8_t> write_error(const WireError& error);

std::vector<std::uint8_t> write_keep();
Decoded<std::uint64_t> read_credit(const Message& message);  // bytes
std::vector<std::uint8_t> write_credit(std::uint64_t bytes);
Decoded<std::uint64_t> read_lagged(const Message& message);  // dropped
std::vector<std::uint8_t> write_lagged(std::uint64_t dropped);

struct Refused {
  std::string_view code;
  std::uint64_t dropped = 0;
};
Decoded<Refused> read_refused(const Message& message);
std::vector<std::uint8_t> write_refused(std::string_view code, std::uint64_t dropped);

struct Bye {
  std::string_view reason;
  std::optional<CborItem> alt;  // array of text
  std::optional<std::uint64_t> after_ms;
};
Decoded<Bye> read_bye(const Message& message);
struct ByeOut {
  std::string_view reason;
  std::vector<std::string> alt;
  std::optional<std::uint64_t> after_ms;
};
std::vector<std::uint8_t> write_bye(const ByeOut& bye);

/// What an operator asks of a node (section 10): an operation and its named arguments.
inline constexpr std::size_t kControlArgsMax = 16;
struct ControlArg {
  std::string_view name, value;
};
struct Control {
  std::string_view op;
  std::vector<ControlArg> args;
};
Decoded<Control> read_control(const Message& message);
struct ControlOut {
  using Arg = std::pair<std::string, std::string>;
  std::string op;
  std::vector<Arg> args;  // any order; written canonically
};
std::vector<std::uint8_t> write_control(const ControlOut& control);
Decoded<std::string_view> read_control_ok(const Message& message);  // its body: JSON text
std::vector<std::uint8_t> write_control_ok(std::string_view body);

/// A whole frame: header (len filled in) and payload in one fresh block.
Slice make_frame(std::uint16_t flags, TenantId tenant, CorrId corr, ByteView payload,
                 SlabMeter* meter = nullptr);

}  // namespace ron::oap
