// Whether frames come in one read or one by one must not show: the sweep over frames that are alike
// is a short way, not another way.
#include <rapidcheck/gtest.h>

#include "node/shard_rig.hpp"

namespace ron::node::testing {
namespace {

constexpr std::uint64_t kNow = 1'780'000'000;

Bytes frame(std::string_view topic, std::size_t size, std::uint64_t ts = kNow,
            std::uint16_t flags = oap::kEvent, CorrId corr = 0) {
  const Bytes data(size, 'd');
  oap::GossipOut out;
  out.topic = topic;
  out.data = data;
  out.ts = ts;
  const Slice whole = oap::make_frame(flags, {}, corr, oap::write_gossip(out));
  return {whole.bytes().begin(), whole.bytes().end()};
}

Bytes joined(const std::vector<Bytes>& frames) {
  Bytes all;
  for (const Bytes& one : frames) all.insert(all.end(), one.begin(), one.end());
  return all;
}

// What the subscriber got, and what was counted.
struct Seen {
  std::vector<Bytes> delivered;
  std::uint64_t acks = 0;
  std::uint64_t published = 0, copies = 0, gossip_rx = 0, bytes_rx = 0, size_sum = 0, refused = 0;
  bool operator==(const Seen&) const = default;
};

Seen run(const NodeConfig& config, const std::vector<Bytes>& reads) {
  Rig rig(config);
  const SessionId reader = rig.active();
  rig.subscribe(reader, "**");
  const SessionId writer = rig.active();
  for (const Bytes& read : reads) rig.raw(writer, read);
  Seen seen;
  for (const Out& out : rig.receive(reader)) {
    if (out.kind == "gossip") seen.delivered.push_back(out.payload);
  }
  for (const Out& out : rig.receive(writer)) seen.acks += out.kind == "ack" ? 1U : 0U;
  const ShardStats& stats = rig.stats();
  seen.published = stats.published;
  seen.copies = stats.delivered;
  seen.gossip_rx = stats.frames_rx[static_cast<std::size_t>(FrameClass::kGossip)];
  seen.bytes_rx = stats.bytes_rx;
  seen.size_sum = stats.size_rx.sum;
  for (const std::uint64_t count : stats.events_refused) seen.refused += count;
  return seen;
}

TEST(Runs, AFrameThatIsRefusedDoesNotSwallowTheNext) {
  const Bytes good = frame("a/b", 10);
  const Bytes bad = frame("", 10);
  const std::vector<Bytes> frames{good, good, good, bad, good, good, good, bad, bad, good};
  const Seen seen = run(Rig::quiet_config(), {joined(frames)});
  EXPECT_EQ(seen.delivered.size(), 7U);
  EXPECT_EQ(seen.published, 7U);
  EXPECT_EQ(seen.refused, 3U);
}

TEST(Runs, TheRateHoldsInsideARun) {  // OAP-5.22
  NodeConfig config = Rig::quiet_config();
  config.session.fps = 25;
  const std::vector<Bytes> frames(60, frame("a/b", 10));
  const Seen seen = run(config, {joined(frames)});
  EXPECT_EQ(seen.delivered.size(), 25U);
  EXPECT_EQ(seen.refused, 35U);
}

RC_GTEST_PROP(runs, one_read_or_many_is_the_same, ()) {
  NodeConfig config = Rig::quiet_config();
  config.session.fps = *rc::gen::elementOf(std::vector<std::uint32_t>{0, 0, 7, 30});
  config.session.recv_window_bytes = *rc::gen::elementOf(std::vector<std::uint32_t>{0, 2048});
  const auto count = *rc::gen::inRange(1, 60);
  std::vector<Bytes> frames;
  for (int i = 0; i < count; ++i) {
    // Mostly more of the same, so that there are runs.
    const int kind = *rc::gen::inRange(0, 12);
    const auto size = *rc::gen::elementOf(std::vector<std::size_t>{10, 10, 10, 11, 30, 300});
    switch (kind) {
      case 0: frames.push_back(frame("a/c", size)); break;
      case 1: frames.push_back(frame("", size)); break;
      case 2: frames.push_back(frame("a/b", size, 9)); break;
      case 3:
        frames.push_back(
            frame("a/b", size, kNow, oap::kEvent | oap::kAckReq, static_cast<CorrId>(i) + 100));
        break;
      default: frames.push_back(frame("a/b", size, kNow + static_cast<std::uint64_t>(i))); break;
    }
  }
  RC_ASSERT(run(config, {joined(frames)}) == run(config, frames));
}

}  // namespace
}  // namespace ron::node::testing
