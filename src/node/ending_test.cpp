// A session whose own echo is the publication too many, under policy `disconnect`: with its error
// frame the last word is said, and what it had sent behind counts for nothing. OAP-1.33
#include "node/shard_rig.hpp"

namespace ron::node::testing {
namespace {

constexpr unsigned kLane = 8;  // frames that the lanes of a session hold

class EndedByItsOwnRun : public ::testing::Test {
 protected:
  EndedByItsOwnRun() : rig_(config()) {
    Channel channel;
    channel.authenticated = true;
    id_ = rig_.active(0, Rig::hello_of(), channel);
    other_ = rig_.active(0, Rig::hello_of(), channel);
    rig_.subscribe(id_, "t", {}, true);
    rig_.subscribe(other_, "u");
    for (unsigned i = 0; i <= kLane; ++i) append(oap::kEvent, 0, "t");
  }

  static NodeConfig config() {
    NodeConfig config = Rig::quiet_config();
    config.auth_off = false;
    config.session.lanes.gossip_frames = kLane;
    config.session.lanes.policy = gossip::DropPolicy::kDisconnect;
    return config;
  }

  void append(std::uint16_t flags, CorrId corr, std::string_view topic, TenantId tenant = {}) {
    const Slice frame = oap::make_frame(flags, tenant, corr, Rig::gossip(topic, "x"));
    batch_.insert(batch_.end(), frame.bytes().begin(), frame.bytes().end());
  }

  // Sends it all as one read; the session must end with one Busy and nothing behind.
  void expect_only_busy() {
    rig_.raw(id_, batch_);
    const auto got = rig_.receive(id_);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].code(), "Busy");
    EXPECT_EQ(got[0].header.corr, 0U);
    EXPECT_TRUE(rig_.finished(id_));
    EXPECT_EQ(rig_.stats().published, kLane + 1U);
  }

  Rig rig_;
  SessionId id_;
  SessionId other_;
  Bytes batch_;
};

constexpr TenantId kForeign{0, 5};
constexpr auto kForbidden = static_cast<std::size_t>(oap::Code::kForbidden);

TEST_F(EndedByItsOwnRun, ARefusedRequestBehindItIsNotAnswered) {
  append(oap::kEvent | oap::kAckReq, 77, "u", kForeign);
  expect_only_busy();
  EXPECT_EQ(rig_.stats().errors_sent[kForbidden], 0U);
}

TEST_F(EndedByItsOwnRun, ARefusedEventBehindItIsNotCounted) {
  append(oap::kEvent, 0, "u", kForeign);
  expect_only_busy();
  EXPECT_EQ(rig_.stats().events_refused[kForbidden], 0U) << "nobody is left to be told";
}

TEST_F(EndedByItsOwnRun, APublicationBehindItIsNotDelivered) {
  append(oap::kEvent, 0, "u");
  append(oap::kEvent, 0, "u");
  expect_only_busy();
  EXPECT_TRUE(rig_.receive(other_).empty());
}

}  // namespace
}  // namespace ron::node::testing
