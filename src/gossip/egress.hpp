// The way out of one session: lanes, their bounds, and fair service.
//
// Lanes are the only queue. Answers are never shed; the eight gossip lanes are bounded together and
// each keeps a reserve, so that a flood in one cannot shut out another. A lane that sheds keeps an
// exact count, told by a `lagged` frame that stands where the gap is (docs/OAP-1.md sections 4, 5).
// Service is deficit round robin in bytes.
//
//   push -> lane -> stage (whole frames, in send order) -> pieces / wrote
//
// An Egress with nothing queued owns no memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/latency.hpp"
#include "base/ring.hpp"
#include "base/time.hpp"
#include "gossip/run.hpp"

namespace ron::gossip {

enum class DropPolicy : std::uint8_t { kNewest, kOldest, kDisconnect };

inline constexpr unsigned kGossipLanes = 8;

struct LaneLimits {  // OAP-5.13
  std::uint32_t answers_frames = 128;
  std::uint32_t answers_watermark = 96;  // input pauses here and goes on below it
  std::uint32_t gossip_frames = 65'536;  // the gossip lanes of a session together
  std::size_t gossip_bytes = 4U << 20U;  // the same, in wire bytes
  DropPolicy policy = DropPolicy::kNewest;
};

/// The lanes of a peer session beside control, which is the answers lane.
enum class PeerLane : std::uint8_t { kOwn, kRelay, kLazy };

struct LaneBound {
  std::uint32_t frames = 0;
  std::size_t bytes = 0;
};
struct PeerLaneLimits {
  LaneBound control{4096, 1U << 20U};  // a peer that lets it grow further is too slow to keep
  LaneBound own{16'384, 4U << 20U};
  LaneBound relay{16'384, 4U << 20U};
  LaneBound lazy{4096, 512U * 1024};
  Duration deadline = std::chrono::seconds(5);  // of a publication that waits: own, relay
  std::size_t bytes() const { return own.bytes + relay.bytes + lazy.bytes; }
  std::size_t frames() const { return std::size_t{own.frames} + relay.frames + lazy.frames; }
};

/// A frame for a lane of a peer.
struct PeerFrame {
  const RunRef& run;
  bool counted = true;  // it spends credit
  Instant at{};         // now
};

/// What left the head of a lane because it had waited for too long.
struct Late {
  std::uint32_t frames = 0;
  Duration longest{};  // what the first of them had waited
};

/// Entries on the stage at most: more than one write takes, few enough that a thousand sessions
/// which do not read have no large tables.
inline constexpr std::size_t kStageEntries = 256;

/// What became of a run that was pushed.
struct PushResult {
  std::uint32_t queued = 0;
  std::uint32_t shed_full = 0;       // frames lost to a full lane (the run's own, or older ones)
  std::uint32_t shed_too_large = 0;  // frames over the subscriber's max_frame
  bool disconnect = false;           // the policy says: end this session
};

/// What went out with a `wrote`.
struct Sent {
  std::uint32_t frames = 0;
  std::uint32_t answers = 0;  // of them from the answers lane
  std::uint64_t lagged = 0;   // losses told
  std::uint64_t gossip = 0;   // publications
};

class LanePool;

class Egress {
 public:
  /// With a pool, the lanes come from it and go back to it; it must outlive the egress.
  explicit Egress(LanePool* pool = nullptr);
  ~Egress();
  Egress(Egress&&) noexcept;
  Egress& operator=(Egress&&) noexcept;

  /// Queues one answer or control frame; never shed. The caller stops reading input at the
  /// watermark, which is what bounds this lane.
  void push_answer(RunRef frame);

  /// Queues a run to a gossip lane; frames whose payload exceeds `max_frame` are skipped and
  /// counted as lagged.
  PushResult push(unsigned lane, const RunRef& run, std::uint32_t max_frame,
                  const LaneLimits& limits);

  /// From now on these are the lanes of a peer (OAP-5.18): answers pass everything, and own
  /// publications, what is relayed and what is lazy share the rest in this order of weight. Nothing
  /// but answers may have been queued.
  void become_peer() { peer_ = true; }
  /// Queues one frame to a lane of a peer; false when the lane is full, and the frame is lost. An
  /// empty lane takes a frame of any size.
  bool push_peer(PeerLane lane, const PeerFrame& frame, const LaneBound& bound);
  /// Lets go of what has waited in a lane of a peer for longer than `deadline`. Frames stand in the
  /// order in which they came, so only the head is looked at.
  Late shed_late(PeerLane lane, Instant now, Duration deadline);
  /// What a lane of a peer holds.
  LaneBound held(PeerLane lane) const;

  /// Would `frames` frames of `bytes` bytes be queued to this lane without shedding?
  bool has_room(unsigned lane, std::uint32_t frames, std::size_t bytes,
                const LaneLimits& limits) const;

  /// Joins the newest entries of a lane that are small and that nobody else holds: messages that
  /// wait one by one would each cost a block, a run and a place. What goes out does not change.
  /// Copies a byte at most a few times, however often it is called.
  void pack(unsigned lane, SlabMeter* meter);

  /// Counts a loss in a lane without queueing anything.
  void note_lost(unsigned lane, std::uint64_t frames);

  /// Moves frames to the stage until it holds about `max_bytes`. Publications spend `credit`, which
  /// may go below zero by one frame; nullptr = unlimited.
  void stage(std::size_t max_bytes, std::int64_t* credit);
  /// The same for a peer; how long publications have waited in their lane is noted in `waits`.
  void stage(std::size_t max_bytes, std::int64_t* credit, Instant now, LatencyHistogram& waits);

  /// The staged bytes not yet written, in order. Returns how many pieces were filled in.
  std::size_t pieces(std::span<IoPiece> into) const;

  /// Takes `bytes` off the stage.
  Sent wrote(std::size_t bytes);

  /// Forgets every queued publication (an ending session); answers and the stage stay.
  void drop_gossip();

  bool idle() const { return lanes_ == nullptr; }  // nothing queued, nothing staged
  bool sendable(bool has_credit) const;            // staged, or stage() would move something
  std::size_t staged_bytes() const;
  std::uint32_t answers() const;  // frames in the answers lane
  std::size_t answers_bytes() const;
  std::uint32_t gossip_frames() const;
  std::size_t gossip_bytes() const;

  struct Lanes;

 private:
  Lanes& lanes();
  void release_if_empty();
  LanePool* pool_;
  std::unique_ptr<Lanes> lanes_;
  bool peer_ = false;
};

/// Lanes nothing is queued in, kept for the next session that needs some: a session that is sent
/// one message a turn would allocate them each time. At most kMost, the rest is freed.
class LanePool {
 public:
  /// What the lanes' tables take is charged to `meter`, which must outlive them (may be null).
  explicit LanePool(SlabMeter* meter = nullptr);
  ~LanePool();
  LanePool(const LanePool&) = delete;
  LanePool& operator=(const LanePool&) = delete;

 private:
  friend class Egress;
  static constexpr std::size_t kMost = 128;
  std::unique_ptr<Egress::Lanes> take();
  void give(std::unique_ptr<Egress::Lanes> lanes);

  SlabMeter* meter_;
  std::vector<std::unique_ptr<Egress::Lanes>> spare_;
};

}  // namespace ron::gossip
