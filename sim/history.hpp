// What happened in a world, as the clients know it, for the checkers to judge.
//
// Plain values: a checker is a function of a History, so a test can write a bad one by hand. Stamps
// are logical: each recorded happening has its own, later ones are larger.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "gossip/egress.hpp"

namespace ron::sim {

using Stamp = std::uint64_t;
inline constexpr Stamp kNever = ~Stamp{0};
inline constexpr std::uint64_t kAnyCorr = ~0ULL;  // the client machine chose it

/// By which a payload is known again.
inline std::uint64_t digest_of(ByteView payload) { return keyed_hash(payload, 7); }

enum class Fate : std::uint8_t {
  kUnsent,    // waits in its client
  kUnknown,   // sent; perhaps lost with its session, perhaps refused without an answer
  kAccepted,  // the node has taken it
  kRefused,   // it was told that it was not
};

struct Publication {
  std::uint32_t publisher = 0;  // session
  TenantId tenant;
  std::string topic;
  std::uint64_t digest = 0;  // of the payload, uncompressed
  std::uint32_t payload_size = 0;
  std::uint64_t corr = 0;
  bool wants_answer = false;
  Stamp sent = 0;          // the publisher began to write it
  Stamp settled = kNever;  // the node was done with it, on every shard
  Instant settled_at;
  Fate fate = Fate::kUnknown;
  std::optional<std::uint64_t> to;  // of its ack
};

/// A change of one pattern's subscription.
struct SubOp {
  std::uint32_t session = 0;
  TenantId tenant;
  std::string pattern;
  std::string group;  // empty = plain
  bool add = true;
  bool echo = false;
  Stamp sent = 0;
  Stamp answered = kNever;
  bool refused = false;
};

/// A publication, or a `lagged`, as a session received it; in order.
struct Arrival {
  std::uint32_t session = 0;
  std::uint32_t publication = 0;  // with lagged == 0
  std::uint64_t lagged = 0;
  std::uint64_t digest = 0;
  TenantId tenant;
  std::uint64_t corr = 0;
  bool flags_ok = true;
  Stamp at = 0;
};

/// The node became ready, or ceased to be. It begins ready.
struct ReadinessChange {
  Stamp at = 0;
  bool ready = true;
};

struct SessionRecord {
  std::uint32_t client = 0;
  std::uint64_t window = 0;     // what it announced; 0 = off
  std::uint32_t max_frame = 0;  // as answered
  bool established = false;
  bool comeback = false;  // of a client that had one before
  bool complete = false;  // lived until everything had come to rest, or was drained in order
  bool drained = false;   // complete by a drain: what it asked last was not answered
  Stamp ended = kNever;   // the client saw its end, or made it
  std::string group;      // the only group it ever joins
  // the handshake
  bool local = false;         // over a Unix socket
  Stamp hello_sent = kNever;  // a hello that only readiness can refuse
  Stamp hello_answered = kNever;
  std::string hello_refused;  // with this code
  Stamp not_ready = kNever;   // the first NotReady it was told once established
  // answers
  std::uint64_t answers_due = 0, answers_got = 0;
  // plain events: those it sent that nobody could accept; those that it was told were refused
  std::uint64_t refusals_due = 0;
  std::map<std::string, std::uint64_t> refused_told;
  // flow control, client to server
  std::uint64_t counted_sent = 0, credit_back = 0;
  bool sent_garbage = false;  // something after which its counts are not known exactly
};

/// Facts of the world that decide how strict a checker may be.
struct WorldFacts {
  unsigned shards = 1;
  gossip::DropPolicy policy = gossip::DropPolicy::kNewest;
  std::uint64_t recv_window = 0;
  bool rates_known = true;       // no rate limit hides which plain publications were accepted
  std::uint64_t room_bytes = 0;  // no lane fills while no more payload than this was published
  bool at_rest = false;          // everything came to rest before the end
  Stamp drain_began = kNever;
  std::uint64_t refused_by_node = 0;  // plain events, as the node counts them
};

struct History {
  std::vector<Publication> publications;
  std::vector<SubOp> sub_ops;
  std::vector<Arrival> arrivals;
  std::vector<SessionRecord> sessions;
  std::vector<ReadinessChange> readiness;  // in order
  WorldFacts facts;
};

/// What a checker found wrong; nothing = all is well.
using Verdict = std::optional<std::string>;

}  // namespace ron::sim
