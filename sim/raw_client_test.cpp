// The scripted client complains about what a node must never send.
#include "sim/raw_client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ron::sim {
namespace {

using namespace std::chrono_literals;
using Bytes = std::vector<std::uint8_t>;

class Suspicious : public ::testing::Test {
 protected:
  explicit Suspicious(CreditManner credit = CreditManner::kHonest)
      : choice_(1), world_(profile(), choice_, {}) {
    auto client = std::make_unique<RawClient>(world_, 0);
    client_ = client.get();
    client_->set_manners({.window = 100, .credit = credit});
    world_.actors.push_back(std::move(client));
    client_->connect();
    world_.pass(10ms);
    EXPECT_TRUE(client_->active());
    world_.history.publications.resize(1);
  }

  static Profile profile() {
    Profile plain;
    plain.vary_channels = false;
    return plain;
  }

  // As if the node had sent it.
  std::string after(std::uint16_t flags, CorrId corr, const Bytes& payload) {
    world_.conn(0).down.write(oap::make_frame(flags, {}, corr, payload).bytes());
    world_.pass(1ms);
    return world_.failure;
  }
  std::string after_event(const Bytes& payload) { return after(oap::kEvent, 0, payload); }

  static Bytes gossip(std::size_t size) {
    const Bytes data(size, 0);
    oap::GossipOut out;
    out.topic = "t";
    out.data = data;
    return oap::write_gossip(out);
  }

  SeedChoice choice_;
  World world_;
  RawClient* client_ = nullptr;
};

bool says(const std::string& failure, const char* what) {
  return failure.find(what) != std::string::npos;
}

TEST_F(Suspicious, PassesWhatIsRight) {
  EXPECT_EQ(after_event(oap::write_keep()), "");
  EXPECT_EQ(after_event(oap::write_lagged(2)), "");
  EXPECT_EQ(after_event(oap::write_refused("Busy", 1)), "");
  EXPECT_EQ(after_event(gossip(80)), "");
  EXPECT_EQ(after_event(gossip(80)), "") << "credit went back";
}

TEST_F(Suspicious, SeesAnAnswerToNothing) {
  EXPECT_TRUE(says(after(oap::kResp, 77, oap::write_ack({})), "nothing asked"));
}

TEST_F(Suspicious, SeesARequest) {
  EXPECT_TRUE(says(after(oap::kReq, 1, oap::write_keep()), "a request"));
}

TEST_F(Suspicious, SeesAnUnexpectedEvent) {
  EXPECT_TRUE(says(after_event(oap::write_sub({{"a"}, false, ""})), "unexpected kind"));
}

TEST_F(Suspicious, SeesAPayloadThatIsNotLegal) {
  EXPECT_TRUE(says(after_event({0xff}), "not legal"));
}

TEST_F(Suspicious, SeesBytesThatAreNoFrame) {
  world_.conn(0).down.write(Bytes(40, 0xff));
  world_.pass(1ms);
  EXPECT_TRUE(says(world_.failure, "does not parse"));
}

TEST_F(Suspicious, SeesCompThatWasNotAgreed) {
  EXPECT_TRUE(says(after(oap::kEvent | oap::kComp, 0, gossip(8)), "COMP"));
}

TEST_F(Suspicious, SeesLossesOfNothing) {
  EXPECT_TRUE(says(after_event(oap::write_lagged(0)), "nothing"));
}

TEST_F(Suspicious, SeesRefusalsOfNothing) {
  EXPECT_TRUE(says(after_event(oap::write_refused("Busy", 0)), "nothing"));
}

TEST_F(Suspicious, SeesMoreCreditThanWasSpent) {
  EXPECT_TRUE(says(after_event(oap::write_credit(1)), "more credit back"));
}

class Stingy : public Suspicious {
 protected:
  Stingy() : Suspicious(CreditManner::kNone) {}
};

TEST_F(Stingy, SeesACountedFrameWithoutCredit) {
  EXPECT_EQ(after_event(gossip(100)), "") << "overdraws";
  for (int i = 0; i < 5 && !world_.failed(); ++i) after_event(gossip(100));
  EXPECT_TRUE(says(world_.failure, "without credit")) << world_.failure;
}

TEST_F(Suspicious, SeesFinInsideAFrame) {
  const Slice whole = oap::make_frame(oap::kEvent, {}, 0, oap::write_keep());
  world_.conn(0).down.write(whole.bytes().first(10));
  world_.conn(0).down.finish();
  world_.pass(1ms);
  EXPECT_TRUE(says(world_.failure, "FIN inside a frame"));
}

}  // namespace
}  // namespace ron::sim
