// The messages between nodes (docs/OAP-1.md section 9): decoded views and canonical encoders.
//
// As in kinds.hpp, decoders allocate nothing and return the static text of the broken rule
// (BadFrame). Lists are decoded to iterators over validated CBOR; their bounds are checked here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oap/kinds.hpp"

namespace ron::oap {

/// The first 16 bytes of the id of the node that accepted a publication.
using OriginId = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kIdsMax = 512;       // entries of ihave, iwant, idontwant
inline constexpr std::size_t kPeersMax = 32;      // candidates a message
inline constexpr std::size_t kPeerAddrMax = 255;  // bytes of an address
inline constexpr std::size_t kPeerKeyMax =
    4096;  // bytes of a SubjectPublicKeyInfo (ML-DSA-65: 2 KiB)
inline constexpr std::size_t kPeerSigMax = 8192;   // bytes of a signature (ML-DSA-65: 3309)
inline constexpr std::size_t kInterestMax = 1024;  // patterns in one `interest`
inline constexpr std::uint64_t kTracedBackMost = 3'600'000'000;  // microseconds

/// Publications that are best effort are numbered apart, from here: their gaps are none. //
/// OAP-9.89
inline constexpr std::uint64_t kBestEffortFrom = std::uint64_t{1} << 63U;
constexpr bool is_best_effort(std::uint64_t seq) { return seq >= kBestEffortFrom; }

// clang-format off
struct Relay {               // {seq, kind, epoch, trace?, origin, message}
  OriginId origin{};
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;     // from 1
  ByteView message;          // a gossip payload, uncompressed; stands last in the frame
  bool trace = false;        // a probe: whoever gets it says so (`traced`)
};
// clang-format on
Decoded<Relay> read_relay(const Message& message);
/// The same out of a whole payload in one pass, for what every canonical writer sends. Nothing
/// means only that the long way has to judge.
std::optional<Relay> read_usual_relay(ByteView payload);
/// Everything of the payload before the bytes of `message`, which follow from another buffer.
std::vector<std::uint8_t> write_relay_head(const Relay& relay);

/// Messages `first` to `last` of one origin and epoch, both included; last - first < 2^16.
struct IdRange {
  OriginId origin{};
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  // XOR of the first 8 bytes of the duplicate keys' hashes; 0 = not told. A receiver that holds
  // other variants of these ids sees that something is missing.
  std::uint64_t check = 0;
  friend bool operator==(const IdRange&, const IdRange&) = default;
};
enum class IdsKind : std::uint8_t { kIhave, kIwant, kIdontwant };
std::string_view name(IdsKind kind);
/// Walks the ranges of a validated message.
class IdRanges {
 public:
  explicit IdRanges(const CborItem& ids) : array_(ids), left_(ids.number) {}
  bool next(IdRange& range);
  std::uint64_t count() const { return left_; }

 private:
  CborArray array_;
  std::uint64_t left_;
};
Decoded<IdRanges> read_ids(const Message& message);  // of any IdsKind; at most kIdsMax
std::vector<std::uint8_t> write_ids(IdsKind kind, std::span<const IdRange> ids);

/// graft and prune: for the tree of `origin`, or the shared one; towards leaves also of one topic.
struct TreeChange {
  bool graft = false;
  std::optional<OriginId> origin;
  std::optional<std::string_view> topic;
  std::optional<TenantId> tenant;  // with topic; the default tenant when absent
};
Decoded<TreeChange> read_tree_change(const Message& message);  // kind graft or prune
std::vector<std::uint8_t> write_tree_change(const TreeChange& change);

/// A candidate: where a node can be dialed, and who should answer there. Low trust.
struct PeerAddr {
  std::string_view addr;  // 1..kPeerAddrMax bytes, no control characters
  NodeId node{};
};
class PeerAddrs {
 public:
  PeerAddrs() = default;
  explicit PeerAddrs(const CborItem& list) : array_(list), left_(list.number) {}
  bool next(PeerAddr& peer);
  std::uint64_t count() const { return left_; }

 private:
  std::optional<CborArray> array_;
  std::uint64_t left_ = 0;
};

struct LinkRequest {      // REQ {addr?, kind, leaf?, prio}
  bool prio = false;      // the sender has few links: make room
  bool leaf = false;      // the sender is a leaf
  std::string_view addr;  // where the sender can be dialed; empty = nowhere
};
Decoded<LinkRequest> read_link(const Message& message);
std::vector<std::uint8_t> write_link(const LinkRequest& link);

std::vector<std::uint8_t> write_unlink();
std::vector<std::uint8_t> write_ping();

Decoded<PeerAddrs> read_peers(const Message& message);  // EVENT {add, kind}; at most kPeersMax
std::vector<std::uint8_t> write_peers(std::span<const PeerAddr> peers);

/// The candidates in an error Busy that answers a `link`; an empty list when there are none.
Decoded<PeerAddrs> read_busy_peers(const Message& error);
std::vector<std::uint8_t> write_busy(std::string_view text, std::span<const PeerAddr> peers);

/// An origin's signature over "ron-origin-v1" || node || epoch (big-endian).
struct OriginStatement {
  ByteView key;  // SubjectPublicKeyInfo, DER
  ByteView sig;
  std::uint64_t epoch = 0;
};
Decoded<OriginStatement> read_origin(const Message& message);
std::vector<std::uint8_t> write_origin(const OriginStatement& origin);
/// The bytes that are signed.
std::vector<std::uint8_t> origin_signed_bytes(const NodeId& node, std::uint64_t epoch);

/// A node has a probe. Goes back the way the probe came, neighbour by neighbour.
struct Traced {  // EVENT {seq, back, from, kind, node, epoch, origin}
  OriginId origin{};
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;   // of the probe, from 1
  NodeId node{};           // who has it
  NodeId from{};           // the neighbour that brought it there first
  std::uint64_t back = 0;  // microseconds that this answer was on its way, by measured round trips
  friend bool operator==(const Traced&, const Traced&) = default;
};
Decoded<Traced> read_traced(const Message& message);
std::vector<std::uint8_t> write_traced(const Traced& traced);

/// A change of the set of (tenant, pattern) a node wants.
struct InterestSet {
  TenantId tenant;
  CborItem topics;  // array of valid patterns
};
class InterestSets {
 public:
  InterestSets() = default;
  explicit InterestSets(const CborItem& list) : array_(list) {}
  bool next(InterestSet& set);

 private:
  std::optional<CborArray> array_;
};
struct Interest {  // EVENT {add, seq, kind, digest, remove}
  InterestSets add, remove;
  std::uint64_t seq = 0;
  std::array<std::uint8_t, 16> digest{};  // of the whole set after the change
};
Decoded<Interest> read_interest(const Message& message);
struct InterestOut {
  using Set = std::pair<TenantId, std::vector<std::string>>;
  std::vector<Set> add, remove;
  std::uint64_t seq = 0;
  std::array<std::uint8_t, 16> digest{};
};
std::vector<std::uint8_t> write_interest(const InterestOut& interest);
std::vector<std::uint8_t> write_interest_all();

}  // namespace ron::oap
