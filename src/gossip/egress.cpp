#include "gossip/egress.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"

namespace ron::gossip {
namespace {

// Part of a run, whole frames; or, without a run, a gap of `lagged` lost messages.
struct Entry {
  RunRef run;
  std::uint32_t begin = 0;  // byte range within the run
  std::uint32_t end = 0;
  std::uint32_t frames : 30 = 0;
  bool answer : 1 = false;
  bool free : 1 = false;     // spends no credit, though it stands in a lane whose frames do
  std::uint32_t queued = 0;  // of a peer's lane: when, in ticks of kTick, which come round
  std::uint64_t lagged = 0;

  bool gap() const { return !run; }
  std::size_t size() const { return end - begin; }
  const std::uint8_t* data() const { return run->bytes.data() + begin; }
};

static_assert(sizeof(Entry) == 32);  // ten thousand sessions that wait hold many

constexpr Duration kTick = std::chrono::microseconds(100);

std::uint32_t ticks(Instant at) { return static_cast<std::uint32_t>(at.since_origin() / kTick); }
Duration waited(const Entry& entry, Instant now) { return (ticks(now) - entry.queued) * kTick; }

// How much of an entry's head fits into `bytes` and `frames`, in whole frames.
struct Prefix {
  std::uint32_t bytes = 0;
  std::uint32_t frames = 0;
};

template <typename Fits>
Prefix prefix_while(const Entry& entry, Fits fits) {
  Prefix prefix;
  while (prefix.frames < entry.frames) {
    const std::size_t size = frame_size(entry.data() + prefix.bytes);
    if (!fits(prefix, size)) break;
    prefix.bytes += static_cast<std::uint32_t>(size);
    ++prefix.frames;
  }
  return prefix;
}

// Cuts the first frames off an entry.
Entry take_front(Entry& entry, Prefix prefix) {
  Entry head = entry;
  head.end = head.begin + prefix.bytes;
  head.frames = prefix.frames;
  entry.begin = head.end;
  entry.frames -= prefix.frames;
  return head;
}

RunRef control_run(const std::vector<std::uint8_t>& payload) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  return RunRef::make(oap::make_frame(oap::kEvent, {}, 0, payload), 1, size);
}

constexpr unsigned kAnswers = kGossipLanes;  // index of the answers lane
constexpr unsigned kLaneCount = kGossipLanes + 1;
constexpr std::int64_t kQuantum = 16 * 1024;  // bytes a lane may send a round
constexpr std::int64_t kAnswersQuantum = 64 * 1024;
constexpr std::size_t kPacked = 16 * 1024;  // bytes of small entries in one block
// The same between peers: own publications, relayed ones, lazy announcements. The rest is unused.
constexpr std::array<std::int64_t, kLaneCount> kPeerQuanta = {64 * 1024, 32 * 1024, 8 * 1024};
constexpr std::uint32_t kReserveDivisor = 32;  // each gossip lane's guaranteed share of the bounds

std::int64_t quantum(unsigned lane, bool peer) {
  if (lane == kAnswers) return kAnswersQuantum;
  return peer ? kPeerQuanta[lane] : kQuantum;
}

}  // namespace

struct Egress::Lanes {
  using Entries = Ring<Entry, MeteredAllocator<Entry>>;
  explicit Lanes(SlabMeter* meter)
      : Lanes(MeteredAllocator<Entry>(meter), std::make_index_sequence<kLaneCount>()) {}

  struct Lane {
    explicit Lane(const MeteredAllocator<Entry>& allocator) : entries(allocator) {}
    Entries entries;
    std::uint32_t frames = 0;
    std::size_t bytes = 0;
    std::int64_t deficit = 0;
  };
  std::array<Lane, kLaneCount> lane;
  std::uint32_t gossip_frames = 0;
  std::size_t gossip_bytes = 0;
  Entries stage;
  std::size_t staged_bytes = 0;  // not yet written
  unsigned turn = kAnswers;
  bool granted = false;  // the lane whose turn it is has had its quantum

  bool stage_full(std::size_t max_bytes) const {
    return staged_bytes >= max_bytes || stage.size() >= kStageEntries;
  }

  bool empty() const {
    return stage.empty() &&
           std::ranges::all_of(lane, [](const Lane& one) { return one.entries.empty(); });
  }

  // Empty lanes, nearly as they were made: who takes them next shall not have to allocate.
  void start_anew() {
    for (Lane& one : lane) {
      one.deficit = 0;
      one.entries.shrink();
    }
    stage.shrink();
    turn = kAnswers;
    granted = false;
  }

  // What its tables take, in bytes.
  std::size_t table_bytes() const {
    std::size_t entries = stage.capacity();
    for (const Lane& one : lane) entries += one.entries.capacity();
    return entries * sizeof(Entry);
  }

  // The only lane that holds anything; kLaneCount when there are several or none.
  unsigned only_lane() const {
    unsigned only = kLaneCount;
    for (unsigned i = 0; i < kLaneCount; ++i) {
      if (lane[i].entries.empty()) continue;
      if (only != kLaneCount) return kLaneCount;
      only = i;
    }
    return only;
  }

  // Is there room beyond doubt, whatever the other lanes are promised? Spares the sum over them.
  bool ample(std::size_t bytes, std::size_t frames, const LaneLimits& limits) const {
    constexpr std::size_t kOthers = kGossipLanes - 1;
    return gossip_bytes + bytes + limits.gossip_bytes / kReserveDivisor * kOthers <=
               limits.gossip_bytes &&
           gossip_frames + frames + limits.gossip_frames / kReserveDivisor * kOthers <=
               limits.gossip_frames;
  }

  // Room left for lane `index`: the shared bound less what the other lanes hold or are promised.
  std::size_t bytes_left(unsigned index, const LaneLimits& limits) const {
    return left(index, limits.gossip_bytes, [](const Lane& one) { return one.bytes; });
  }
  std::size_t frames_left(unsigned index, const LaneLimits& limits) const {
    return left(index, limits.gossip_frames,
                [](const Lane& one) { return std::size_t{one.frames}; });
  }

  void note_gap(unsigned index, std::uint64_t lost, bool at_front) {
    Entries& entries = lane[index].entries;
    const bool merge =
        !entries.empty() && (at_front ? entries.front().gap() : entries.back().gap());
    if (merge) {
      (at_front ? entries.front() : entries.back()).lagged += lost;
      return;
    }
    Entry gap;
    gap.lagged = lost;
    if (at_front) {
      entries.push_front(std::move(gap));
    } else {
      entries.push_back(std::move(gap));
    }
  }

  void charge(unsigned index, const Entry& entry) {
    lane[index].frames += entry.frames;
    lane[index].bytes += entry.size();
    if (index == kAnswers) return;
    gossip_frames += entry.frames;
    gossip_bytes += entry.size();
  }

  void discharge(unsigned index, const Entry& entry) {
    lane[index].frames -= entry.frames;
    lane[index].bytes -= entry.size();
    if (index == kAnswers) return;
    gossip_frames -= entry.frames;
    gossip_bytes -= entry.size();
  }

  void queue(unsigned index, Entry entry) {
    charge(index, entry);
    lane[index].entries.push_back(std::move(entry));
  }

  std::uint32_t shed_oldest(unsigned index, std::size_t bytes, const LaneLimits& limits);
  void pack(unsigned index, SlabMeter* meter);
  bool stage_from(unsigned index, std::size_t max_bytes, std::int64_t* credit);
  void put_on_stage(Entry entry);
  void note_wait(unsigned index, const Entry& entry) const {
    const bool publication = index < static_cast<unsigned>(PeerLane::kLazy);
    if (waits != nullptr && publication) waits->add(waited(entry, now));
  }
  LatencyHistogram* waits = nullptr;  // while frames of a peer are staged, with `now`
  Instant now;

 private:
  template <std::size_t... kIndex>
  Lanes(const MeteredAllocator<Entry>& allocator, std::index_sequence<kIndex...> /*of lanes*/)
      : lane{(static_cast<void>(kIndex), Lane(allocator))...}, stage(allocator) {}

  template <typename Held>
  std::size_t left(unsigned index, std::size_t bound, Held held) const {
    const std::size_t reserve = bound / kReserveDivisor;
    std::size_t taken = 0;
    for (unsigned i = 0; i < kGossipLanes; ++i) {
      taken += i == index ? held(lane[i]) : std::max(held(lane[i]), reserve);
    }
    return taken >= bound ? 0 : bound - taken;
  }
};

LanePool::LanePool(SlabMeter* meter) : meter_(meter) { spare_.reserve(kMost); }
LanePool::~LanePool() {
  while (!spare_.empty()) take();
}

std::unique_ptr<Egress::Lanes> LanePool::take() {
  if (spare_.empty()) return std::make_unique<Egress::Lanes>(meter_);
  std::unique_ptr<Egress::Lanes> lanes = std::move(spare_.back());
  spare_.pop_back();
  if (meter_ != nullptr) meter_->live_bytes += lanes->table_bytes();
  return lanes;
}

// What lies here is charged to nobody: at most kMost times ten tables of four entries, 160 KiB.
void LanePool::give(std::unique_ptr<Egress::Lanes> lanes) {
  if (spare_.size() == kMost) return;
  lanes->start_anew();
  if (meter_ != nullptr) meter_->live_bytes -= lanes->table_bytes();
  spare_.push_back(std::move(lanes));
}

Egress::Egress(LanePool* pool) : pool_(pool) {}
Egress::~Egress() = default;
Egress::Egress(Egress&&) noexcept = default;
Egress& Egress::operator=(Egress&&) noexcept = default;

Egress::Lanes& Egress::lanes() {
  if (!lanes_) lanes_ = pool_ != nullptr ? pool_->take() : std::make_unique<Lanes>(nullptr);
  return *lanes_;
}

void Egress::release_if_empty() {
  if (!lanes_ || !lanes_->empty()) return;
  if (pool_ != nullptr) pool_->give(std::move(lanes_));
  lanes_.reset();
}

void Egress::push_answer(RunRef frame) {  // OAP-5.15
  Entry entry;
  entry.end = static_cast<std::uint32_t>(frame->bytes.size());
  entry.frames = frame->frames;
  entry.answer = true;
  entry.run = std::move(frame);
  lanes().queue(kAnswers, std::move(entry));
}

// Makes room by giving up the oldest frames of the same lane, which the gap in front then counts.
std::uint32_t Egress::Lanes::shed_oldest(unsigned index, std::size_t bytes,
                                         const LaneLimits& limits) {
  Entries& entries = lane[index].entries;
  std::uint32_t shed = 0;
  std::uint64_t gap = 0;
  // What would not fit into the empty lane either is not worth a single old frame.
  if (bytes_left(index, limits) + lane[index].bytes < bytes) return 0;
  while ((bytes_left(index, limits) < bytes || frames_left(index, limits) < 1) &&
         lane[index].frames > 0) {
    if (entries.front().gap()) {
      gap += entries.pop_front().lagged;
      continue;
    }
    Entry& front = entries.front();
    const Prefix one{static_cast<std::uint32_t>(frame_size(front.data())), 1};
    discharge(index, take_front(front, one));
    if (front.frames == 0) entries.pop_front();
    ++shed;
  }
  if (shed + gap > 0) note_gap(index, shed + gap, true);
  return shed;
}

// OAP-5.19
PushResult Egress::push(unsigned lane, const RunRef& run, std::uint32_t max_frame,
                        const LaneLimits& limits) {
  RON_CHECK(lane < kGossipLanes);
  Lanes& all = lanes();
  PushResult result;
  Entry rest;
  rest.run = run;
  rest.end = static_cast<std::uint32_t>(run->bytes.size());
  rest.frames = run->frames;
  // A compressed frame stands alone in its run; what counts is its size once inflated.
  const auto payload_of = [&](std::size_t wire) {
    return run->frames == 1 ? std::size_t{run->largest} : wire - oap::kHeaderSize;
  };

  const bool all_small = run->largest <= max_frame;
  if (all_small && all.ample(rest.size(), rest.frames, limits)) {
    result.queued = rest.frames;
    all.queue(lane, std::move(rest));
    return result;
  }
  while (rest.frames > 0) {
    std::size_t bytes_left = all.bytes_left(lane, limits);
    std::size_t frames_left = all.frames_left(lane, limits);
    Prefix fit{static_cast<std::uint32_t>(rest.size()), rest.frames};
    if (!all_small || rest.size() > bytes_left || rest.frames > frames_left) {
      fit = prefix_while(rest, [&](Prefix so_far, std::size_t size) {
        return payload_of(size) <= max_frame && so_far.bytes + size <= bytes_left &&
               so_far.frames < frames_left;
      });
    }
    if (fit.frames > 0) {
      result.queued += fit.frames;
      all.queue(lane, take_front(rest, fit));
      continue;
    }
    const std::size_t size = frame_size(rest.data());
    const Prefix one{static_cast<std::uint32_t>(size), 1};
    if (payload_of(size) > max_frame) {
      ++result.shed_too_large;
      all.note_gap(lane, 1, false);
      take_front(rest, one);
      continue;
    }
    if (limits.policy == DropPolicy::kDisconnect) {
      result.disconnect = true;
      result.shed_full += rest.frames;
      release_if_empty();
      break;
    }
    if (limits.policy == DropPolicy::kOldest) {
      const std::uint32_t shed = all.shed_oldest(lane, size, limits);
      result.shed_full += shed;
      if (shed > 0) continue;
    }
    // drop_newest: what is left of the run is lost, in one step however long it is.
    result.shed_full += rest.frames;
    all.note_gap(lane, rest.frames, false);
    break;
  }
  return result;
}

bool Egress::has_room(unsigned lane, std::uint32_t frames, std::size_t bytes,
                      const LaneLimits& limits) const {
  if (!lanes_) {  // all there is, less what the other lanes are promised
    constexpr std::uint32_t kOthers = kGossipLanes - 1;
    return bytes <= limits.gossip_bytes - limits.gossip_bytes / kReserveDivisor * kOthers &&
           frames <= limits.gossip_frames - limits.gossip_frames / kReserveDivisor * kOthers;
  }
  return bytes <= lanes_->bytes_left(lane, limits) && frames <= lanes_->frames_left(lane, limits);
}

bool Egress::push_peer(PeerLane lane, const PeerFrame& frame, const LaneBound& bound) {
  const auto index = static_cast<unsigned>(lane);
  Lanes& all = lanes();
  const Lanes::Lane& into = all.lane[index];
  const std::size_t size = frame.run->bytes.size();
  if (into.frames > 0 && (into.frames >= bound.frames || into.bytes + size > bound.bytes)) {
    return false;
  }
  Entry entry;
  entry.run = frame.run;
  entry.end = static_cast<std::uint32_t>(size);
  entry.frames = 1;
  entry.free = !frame.counted;
  entry.queued = ticks(frame.at);
  all.queue(index, std::move(entry));
  return true;
}

Late Egress::shed_late(PeerLane lane, Instant now, Duration deadline) {
  Late late;
  if (!lanes_) return late;
  const auto index = static_cast<unsigned>(lane);
  Lanes::Entries& entries = lanes_->lane[index].entries;
  while (!entries.empty() && waited(entries.front(), now) > deadline) {
    if (late.frames++ == 0) late.longest = waited(entries.front(), now);
    lanes_->discharge(index, entries.pop_front());
  }
  if (late.frames > 0) release_if_empty();
  return late;
}

LaneBound Egress::held(PeerLane lane) const {
  if (!lanes_) return {};
  const Lanes::Lane& one = lanes_->lane[static_cast<unsigned>(lane)];
  return {one.frames, one.bytes};
}

// An older entry joins only newer ones that are as large together, so that one is copied once for
// each doubling.
void Egress::Lanes::pack(unsigned index, SlabMeter* meter) {
  Entries& entries = lane[index].entries;
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (; count < entries.size(); ++count) {
    const Entry& next = entries[entries.size() - 1 - count];
    const bool joins = !next.gap() && next.run->refs == 1 && bytes + next.size() <= kPacked;
    if (!joins || (count > 0 && next.size() > bytes)) break;
    bytes += next.size();
  }
  if (count < 2) return;
  const Slice block = Slice::allocate(bytes, meter);
  Entry all;
  std::uint32_t largest = 0;
  for (std::size_t at = bytes; at > 0;) {
    const Entry last = entries.pop_back();
    at -= last.size();
    std::memcpy(block.mutable_bytes().data() + at, last.data(), last.size());
    all.frames += last.frames;
    largest = std::max(largest, last.run->largest);
  }
  all.end = static_cast<std::uint32_t>(bytes);
  all.run = RunRef::make(block, all.frames, largest);
  entries.push_back(std::move(all));
}

void Egress::pack(unsigned lane, SlabMeter* meter) {
  if (lanes_ && !peer_) lanes_->pack(lane, meter);
}

void Egress::note_lost(unsigned lane, std::uint64_t frames) {
  lanes().note_gap(lane, frames, false);
}

void Egress::Lanes::put_on_stage(Entry entry) {
  if (entry.gap()) {
    entry.run = control_run(oap::write_lagged(entry.lagged));  // OAP-4.45
    entry.end = static_cast<std::uint32_t>(entry.run->bytes.size());
    entry.frames = 1;
  }
  staged_bytes += entry.size();
  stage.push_back(std::move(entry));
}

// Moves what one lane may send with the deficit it has; false when that was nothing.
bool Egress::Lanes::stage_from(unsigned index, std::size_t max_bytes, std::int64_t* credit) {
  Lane& from = lane[index];
  bool moved = false;
  while (!from.entries.empty() && from.deficit > 0 && !stage_full(max_bytes)) {
    Entry& front = from.entries.front();
    if (front.gap()) {  // needs no credit // OAP-4.44
      put_on_stage(from.entries.pop_front());
      moved = true;
      continue;
    }
    const bool counted = index != kAnswers && credit != nullptr && !front.free;
    if (counted && *credit <= 0) break;
    const std::int64_t budget = counted ? std::min(from.deficit, *credit) : from.deficit;
    const std::size_t room = max_bytes - staged_bytes;
    Prefix fit{static_cast<std::uint32_t>(front.size()), front.frames};
    if (front.size() > room || static_cast<std::int64_t>(front.size()) > budget) {
      // A frame may begin while anything is left, and may overdraw it once.
      fit = prefix_while(front, [&](Prefix so_far, std::size_t) {
        return so_far.bytes < room && static_cast<std::int64_t>(so_far.bytes) < budget;
      });
    }
    Entry part = take_front(front, fit);
    if (front.frames == 0) from.entries.pop_front();
    discharge(index, part);
    from.deficit -= static_cast<std::int64_t>(part.size());
    if (counted) *credit -= static_cast<std::int64_t>(part.size());
    note_wait(index, part);
    put_on_stage(std::move(part));
    moved = true;
  }
  return moved;
}

// Goes round until the stage is full or no lane may send. A lane is granted its quantum once a
// visit, and a visit may span several calls, so that small gathers do not favour one lane.
// OAP-5.14
void Egress::stage(std::size_t max_bytes, std::int64_t* credit) {
  if (!lanes_) return;
  Lanes& all = *lanes_;
  if (const unsigned only = all.only_lane(); only != kLaneCount) {
    // Nobody waits for a turn, so nothing has to be measured out.
    all.lane[only].deficit = std::numeric_limits<std::int64_t>::max();
    all.stage_from(only, max_bytes, credit);
    all.lane[only].deficit = 0;
    all.granted = false;
    return;
  }
  if (peer_) {  // whatever waits, control passes
    all.lane[kAnswers].deficit = std::numeric_limits<std::int64_t>::max();
    all.stage_from(kAnswers, max_bytes, credit);
    all.lane[kAnswers].deficit = 0;
  }
  unsigned idle_lanes = 0;
  while (!all.stage_full(max_bytes) && idle_lanes < kLaneCount) {
    Lanes::Lane& lane = all.lane[all.turn];
    if (!all.granted) lane.deficit += quantum(all.turn, peer_);
    all.granted = true;
    const bool moved = all.stage_from(all.turn, max_bytes, credit);
    const bool waits = !lane.entries.empty();
    if (waits && lane.deficit > 0 && all.stage_full(max_bytes)) return;  // visit goes on
    const bool in_debt = waits && lane.deficit <= 0;
    if (!in_debt) lane.deficit = 0;  // an idle or credit-blocked lane saves nothing up
    idle_lanes = moved || in_debt ? 0 : idle_lanes + 1;
    all.turn = all.turn == kAnswers ? 0 : all.turn + 1;
    all.granted = false;
  }
}

void Egress::stage(std::size_t max_bytes, std::int64_t* credit, Instant now,
                   LatencyHistogram& waits) {
  if (!lanes_) return;
  lanes_->waits = &waits;
  lanes_->now = now;
  stage(max_bytes, credit);
  lanes_->waits = nullptr;
}

std::size_t Egress::pieces(std::span<IoPiece> into) const {
  if (!lanes_) return 0;
  const std::size_t count = std::min(into.size(), lanes_->stage.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = lanes_->stage[i];
    into[i] = {entry.data(), entry.size()};
  }
  return count;
}

Sent Egress::wrote(std::size_t bytes) {
  Sent sent;
  if (!lanes_) return sent;
  RON_CHECK(bytes <= lanes_->staged_bytes);
  lanes_->staged_bytes -= bytes;
  Lanes::Entries& stage = lanes_->stage;
  while (bytes > 0) {
    Entry& front = stage.front();
    const auto take = static_cast<std::uint32_t>(std::min(bytes, front.size()));
    front.begin += take;
    bytes -= take;
    if (front.size() > 0) break;
    sent.frames += front.frames;
    sent.lagged += front.lagged;
    if (front.answer) {
      sent.answers += front.frames;
    } else if (front.lagged == 0) {
      sent.gossip += front.frames;
    }
    stage.pop_front();
  }
  release_if_empty();
  return sent;
}

void Egress::drop_gossip() {
  if (!lanes_) return;
  for (unsigned i = 0; i < kGossipLanes; ++i) {
    Lanes::Lane& lane = lanes_->lane[i];
    lane.entries.clear();
    lane.frames = 0;
    lane.bytes = 0;
    lane.deficit = 0;
  }
  lanes_->gossip_bytes = 0;
  lanes_->gossip_frames = 0;
  release_if_empty();
}

bool Egress::sendable(bool has_credit) const {
  if (!lanes_) return false;
  if (!lanes_->stage.empty() || !lanes_->lane[kAnswers].entries.empty()) return true;
  for (unsigned i = 0; i < kGossipLanes; ++i) {
    const Lanes::Entries& entries = lanes_->lane[i].entries;
    if (entries.empty()) continue;
    if (has_credit || entries.front().gap() || entries.front().free) return true;
  }
  return false;
}

std::size_t Egress::staged_bytes() const { return lanes_ ? lanes_->staged_bytes : 0; }
std::uint32_t Egress::answers() const { return lanes_ ? lanes_->lane[kAnswers].frames : 0; }
std::size_t Egress::answers_bytes() const { return lanes_ ? lanes_->lane[kAnswers].bytes : 0; }
std::uint32_t Egress::gossip_frames() const { return lanes_ ? lanes_->gossip_frames : 0; }
std::size_t Egress::gossip_bytes() const { return lanes_ ? lanes_->gossip_bytes : 0; }

}  // namespace ron::gossip
