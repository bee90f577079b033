// The watch writes down what passes on the wire, and complains about what must not.
#include "sim/session_watch.hpp"

#include <gtest/gtest.h>

namespace ron::sim {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Watched : public ::testing::Test {
 protected:
  Watched() : choice_(1), world_({}, choice_, {}), watch_(world_, world_.dial(0), 0) {
    world_.history.sessions.resize(1);
    world_.history.sessions[0].window = 100;
    Publication publication;
    publication.fate = Fate::kUnsent;
    publication.wants_answer = true;
    world_.history.publications.push_back(publication);
  }

  static Bytes frame(std::uint16_t flags, CorrId corr, const Bytes& payload) {
    const Slice made = oap::make_frame(flags, {}, corr, payload);
    return {made.bytes().begin(), made.bytes().end()};
  }
  static Bytes gossip() {
    const Bytes data(8, 0);  // publication 0
    oap::GossipOut out;
    out.topic = "t";
    out.data = data;
    return oap::write_gossip(out);
  }
  void write(std::uint16_t flags, CorrId corr, const Bytes& payload) {
    watch_.wrote(frame(flags, corr, payload));
  }
  void get(std::uint16_t flags, CorrId corr, const Bytes& payload) {
    watch_.got(frame(flags, corr, payload));
  }
  static Bytes ack(CorrId corr) {
    oap::Ack some;
    some.for_corr = corr;
    some.to = 3;
    some.links = 0;
    return oap::write_ack(some);
  }
  const Publication& publication() const { return world_.history.publications[0]; }

  SeedChoice choice_;
  World world_;
  SessionWatch watch_;
};

TEST_F(Watched, APublicationIsSentWithItsLastByteAndAccepted) {
  const Bytes whole = frame(oap::kEvent | oap::kAckReq, 5, gossip());
  watch_.wrote(ByteView(whole).first(whole.size() - 1));
  EXPECT_EQ(publication().fate, Fate::kUnsent);
  watch_.wrote(ByteView(whole).last(1));
  EXPECT_EQ(publication().fate, Fate::kUnknown);
  EXPECT_FALSE(watch_.settled());
  get(oap::kResp, 5, ack(5));
  EXPECT_EQ(publication().fate, Fate::kAccepted);
  EXPECT_EQ(publication().to, 3U);
  EXPECT_TRUE(watch_.settled());
  EXPECT_EQ(world_.failure, "");
}

TEST_F(Watched, ASubscriptionIsHeldOnceItIsAnswered) {
  write(oap::kReq, 2, oap::write_sub({{"a", "b"}, false, ""}));
  EXPECT_FALSE(watch_.holds({}, "a"));
  get(oap::kResp, 2, ack(2));
  EXPECT_TRUE(watch_.holds({}, "a"));
  write(oap::kReq, 3, oap::write_unsub({{"a"}, false, ""}));
  get(oap::kResp, 3, ack(3));
  EXPECT_FALSE(watch_.holds({}, "a"));
  EXPECT_TRUE(watch_.holds({}, "b"));
  write(oap::kReq, 4, oap::write_sub({{"c"}, false, ""}));
  get(oap::kResp, 4, oap::write_error({oap::Code::kQuotaExceeded, "no", false, 0}));
  EXPECT_FALSE(watch_.holds({}, "c"));
  EXPECT_EQ(world_.failure, "");
}

TEST_F(Watched, SeesAPublicationHandedOverTwice) {
  write(oap::kEvent, 0, gossip());
  EXPECT_EQ(world_.failure, "");
  write(oap::kEvent, 0, gossip());
  EXPECT_NE(world_.failure.find("twice"), std::string::npos);
}

TEST_F(Watched, SeesAnAnswerThatNothingAskedFor) {
  get(oap::kResp, 9, ack(9));
  EXPECT_NE(world_.failure, "");
}

TEST_F(Watched, SeesACountedFrameWithoutCredit) {
  const std::size_t size = frame(oap::kEvent, 0, gossip()).size();
  for (std::size_t sent = 0; sent < 100; sent += size) get(oap::kEvent, 0, gossip());
  EXPECT_EQ(world_.failure, "") << "the last may overdraw";
  get(oap::kEvent, 0, gossip());
  EXPECT_NE(world_.failure.find("without credit"), std::string::npos);
}

TEST_F(Watched, CreditGivenBackLetsMoreCome) {
  for (int i = 0; i < 20; ++i) {
    write(oap::kEvent, 0, oap::write_credit(100));
    get(oap::kEvent, 0, gossip());
  }
  EXPECT_EQ(world_.failure, "");
}

TEST_F(Watched, SeesMoreCreditThanWasSpent) {
  get(oap::kEvent, 0, oap::write_credit(1));
  EXPECT_NE(world_.failure.find("credit"), std::string::npos);
}

TEST_F(Watched, SeesARefusedOfNothing) {
  get(oap::kEvent, 0, oap::write_refused("Busy", 0));
  EXPECT_NE(world_.failure, "");
}

}  // namespace
}  // namespace ron::sim
