// The run being built while one session's input is pumped: consecutive publications to one topic.
#include <algorithm>

#include "base/check.hpp"
#include "node/core.hpp"

namespace ron::node {

void ShardCore::count_published(Session& session, std::size_t wire_bytes) {
  ++stats_.published;
  ++session.counters.published;
  session.counters.published_bytes += wire_bytes;
}

void ShardCore::add_to_run(Session& session, const Incoming& in, const oap::Gossip& gossip) {
  const auto size = static_cast<std::uint32_t>(in.payload.size());
  oap::rewrite_flags(in.frame.mutable_bytes().data(), oap::kEvent);
  const bool same = building_.session == &session && building_.tenant == in.header.tenant &&
                    building_.topic == gossip.topic;
  if (same && building_.bytes.join(in.frame)) {
    count_published(session, in.frame.size());
    ++building_.frames;
    building_.largest = std::max(building_.largest, size);
    building_.alike = oap::Alike::to(in.frame, gossip.data);  // there may be more like this one
    return;
  }
  flush_run();
  if (session.phase != Phase::kActive) return;  // its own copy was the one too many
  count_published(session, in.frame.size());
  building_ = {&session, in.frame, in.header.tenant, gossip.topic, 1, size, {}};
}

namespace {

// What a sweep over alike frames found.
struct Sweep {
  std::size_t bytes = 0;
  std::uint32_t frames = 0;
  std::size_t largest = 0;  // wire size
};

}  // namespace

// Takes the input's next frames as far as they repeat the run's last one. Every check of that one
// holds for them too (it was this session's, in this pump), so what is left is their count: rate,
// credit, statistics. A frame that is not alike, or over a limit, goes the long way.
void ShardCore::extend_run(Session& session) {
  const Slice& input = session.input;
  if (!building_.bytes.borders(input)) return;                // something else stood between them
  const std::uint64_t granted = session.fps.available(now_);  // OAP-5.22
  const std::uint32_t max_payload = session.parser.max_payload();
  Sweep sweep;
  std::uint64_t same_size = 0;  // frames of `size` bytes that are not in the histogram yet
  std::size_t size = 0;
  while (sweep.frames < granted) {
    const std::size_t next =
        building_.alike.match(input.data() + sweep.bytes, input.size() - sweep.bytes, max_payload);
    if (next == 0) break;
    if (next != size) {
      stats_.size_rx.add(size, same_size);
      size = next;
      same_size = 0;
      sweep.largest = std::max(sweep.largest, size);
    }
    if (session.recv.arrived(size)) ++stats_.window_overruns;
    ++same_size;
    ++sweep.frames;
    sweep.bytes += size;
  }
  if (sweep.frames == 0) return;
  stats_.size_rx.add(size, same_size);
  stats_.frames_rx[static_cast<std::size_t>(FrameClass::kGossip)] += sweep.frames;
  stats_.published += sweep.frames;
  session.counters.published += sweep.frames;
  session.counters.published_bytes += sweep.bytes;
  session.recv.consumed(sweep.bytes);
  session.fps.take(sweep.frames, now_);
  RON_CHECK(building_.bytes.join(input.sub(0, sweep.bytes)));
  building_.frames += sweep.frames;
  building_.largest =
      std::max(building_.largest, static_cast<std::uint32_t>(sweep.largest - oap::kHeaderSize));
  session.input.drop_front(sweep.bytes);
}

void ShardCore::flush_run() {
  if (building_.session == nullptr) return;
  const Building run = std::exchange(building_, {});
  Publication publication;
  publication.publisher = run.session;
  publication.tenant = run.tenant;
  publication.topic = run.topic;
  publication.run = gossip::RunRef::make(run.bytes, run.frames, run.largest);
  deliver(publication, 0);
}

}  // namespace ron::node
