// Mail between shards: never dropped, bounded by congestion with a hysteresis.
#include "node/mail_links.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

namespace ron::node {
namespace {

NodeConfig config_of(std::size_t bytes, std::uint32_t messages) {
  NodeConfig config;
  config.mail_bytes = bytes;
  config.mail_messages = messages;
  return config;
}

bool publish(MailLinks& links, ShardIndex to, std::size_t bytes) {
  return links.publish(to, {}, Slice::allocate(bytes, nullptr));
}

TEST(MailLinks, TellsWhenAnOutboxWasEmptyAndKeepsOrder) {
  const NodeConfig config = config_of(1000, 100);
  MailLinks links(config, 0, 3);
  EXPECT_EQ(links.others(), 2U);
  EXPECT_TRUE(links.send(1, BarrierMail{1}));
  EXPECT_FALSE(links.send(1, BarrierMail{2}));
  EXPECT_TRUE(links.send(2, BarrierMail{3}));
  EXPECT_EQ(links.load().messages, 3U);
  const auto first = links.take(1);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->from, 0);
  EXPECT_EQ(std::get<BarrierMail>(first->body).ticket, 1U);
  EXPECT_EQ(std::get<BarrierMail>(links.take(1)->body).ticket, 2U);
  EXPECT_FALSE(links.take(1).has_value());
  EXPECT_FALSE(links.has(1));
  EXPECT_TRUE(links.has(2));
  EXPECT_TRUE(links.send(1, BarrierMail{4}));
}

TEST(MailLinks, CongestedByBytesUntilHalfIsWorkedOff) {
  const NodeConfig config = config_of(1000, 100);
  MailLinks links(config, 0, 2);
  publish(links, 1, 400);
  publish(links, 1, 599);
  EXPECT_FALSE(links.congested());
  publish(links, 1, 1);
  EXPECT_TRUE(links.congested());
  while (links.take(1)) {
  }
  EXPECT_TRUE(links.congested()) << "taken is not yet worked off";
  EXPECT_EQ(links.load().messages, 3U);
  EXPECT_EQ(links.load().bytes, 1000U);
  links.consumed(1, {1});
  EXPECT_TRUE(links.congested()) << "600, more than half";
  links.consumed(1, {1});
  EXPECT_FALSE(links.congested());
  publish(links, 1, 998);
  EXPECT_FALSE(links.congested()) << "999 of 1000";
}

TEST(MailLinks, CongestedByMessagesOfAnyKind) {
  const NodeConfig config = config_of(1000, 4);
  MailLinks links(config, 0, 2);
  for (int i = 0; i < 3; ++i) links.send(1, BarrierMail{});
  EXPECT_FALSE(links.congested());
  links.send(1, InterestMail{});
  EXPECT_TRUE(links.congested());
  links.take(1);
  EXPECT_TRUE(links.congested());
  links.take(1);
  EXPECT_FALSE(links.congested());
}

TEST(MailLinks, OneCongestedLinkIsEnough) {
  const NodeConfig config = config_of(100, 10);
  MailLinks links(config, 1, 3);
  publish(links, 0, 100);
  publish(links, 2, 100);
  links.consumed(0, {1});
  EXPECT_TRUE(links.congested());
  links.consumed(2, {1});
  while (links.take(0) || links.take(2)) {
  }
  EXPECT_FALSE(links.congested());
}

TEST(MailLinks, ReportsWhatWasWorkedOffOnce) {
  const NodeConfig config = config_of(1000, 10);
  MailLinks links(config, 0, 3);
  links.note_done(2);
  links.note_done(2);
  std::vector<ShardIndex> woken;
  links.report([&](ShardIndex to) { woken.push_back(to); });
  EXPECT_EQ(woken, std::vector<ShardIndex>{2});
  const auto mail = links.take(2);
  EXPECT_EQ(std::get<ConsumedMail>(mail->body).messages, 2U);
  links.report([&](ShardIndex) { ADD_FAILURE() << "told twice"; });
}

const PublishMail& publication(const std::optional<ShardMail>& mail) {
  return std::get<PublishMail>(mail->body);
}

TEST(MailLinks, LendsABlockOnceForNeighboursAndKeepsItUntilTheLastIsConsumed) {
  NodeConfig config = config_of(10'000, 100);
  config.lend_from = 100;
  SlabMeter meter;
  MailLinks links(config, 0, 2);
  {
    const Slice read = Slice::allocate(2000, &meter);
    links.publish(1, {}, read.sub(0, 500));
    links.publish(1, {}, read.sub(500, 300));
    links.publish(1, {}, read.sub(800, 99));
    EXPECT_EQ(links.load().bytes, 2099U) << "two loans of one block, and a copy";
    const auto lent = links.take(1);
    EXPECT_EQ(publication(lent).lent.data(), read.data());
    EXPECT_EQ(publication(lent).bytes(), 500U);
    EXPECT_TRUE(publication(lent).frames.empty());
    EXPECT_EQ(publication(links.take(1)).lent.data(), read.data() + 500);
    EXPECT_TRUE(publication(links.take(1)).frames.unique());
  }
  EXPECT_GT(meter.live_bytes, 2000U) << "nobody but the link keeps it";
  links.consumed(1, {1});
  EXPECT_EQ(links.load().bytes, 2099U);
  EXPECT_GT(meter.live_bytes, 2000U);
  links.consumed(1, {1});
  EXPECT_EQ(links.load().bytes, 99U);
  EXPECT_EQ(meter.live_bytes, 0U);
  links.consumed(1, {1});
  EXPECT_EQ(links.load().bytes, 0U);
}

TEST(MailLinks, LoansNeverCongestALink) {
  NodeConfig config = config_of(10'000, 100);
  config.lend_from = 100;
  MailLinks links(config, 0, 2);
  for (int i = 0; i < 20; ++i) links.publish(1, {}, Slice::allocate(2000, nullptr).sub(0, 100));
  EXPECT_EQ(links.load().bytes, 2 * 2000U + 18 * 100U) << "half of the budget, then copies";
  EXPECT_FALSE(links.congested());
}

// Two shards over a slow ring: nothing is lost, and once all is quiet nothing is congested.
RC_GTEST_PROP(MailLinksProperty, TwoEndsSettle, ()) {
  NodeConfig config = config_of(500, 8);
  config.lend_from = *rc::gen::element<std::size_t>(0, 50, 1000);
  MailLinks a(config, 0, 2);
  MailLinks b(config, 1, 2);
  std::size_t sent = 0;
  std::size_t got = 0;
  std::size_t in_flight = 0;  // bytes of publications b has not worked off
  const auto deliver = [&] {
    if (auto mail = a.take(1)) {
      if (const auto* publish = std::get_if<PublishMail>(&mail->body)) {
        b.note_done(0);
        in_flight -= publish->bytes();
        ++got;
      }
    }
  };
  const auto report = [&] {
    b.report([](ShardIndex) {});
    while (auto mail = b.take(0)) a.consumed(1, std::get<ConsumedMail>(mail->body));
  };
  const auto step_count = *rc::gen::inRange(0, 100);
  for (int i = 0; i < step_count; ++i) {
    const auto what = *rc::gen::inRange(0, 4);
    if (what < 2 && !a.congested()) {
      const auto size = *rc::gen::inRange<std::size_t>(1, 200);
      publish(a, 1, size);
      in_flight += size;
      ++sent;
    } else if (what == 2) {
      deliver();
    } else {
      report();
    }
    RC_ASSERT(in_flight < 500U + 200U);
    RC_ASSERT(a.load().messages <= 8U);
  }
  while (a.has(1)) deliver();
  report();
  RC_ASSERT(sent == got);
  RC_ASSERT(!a.congested());
}

}  // namespace
}  // namespace ron::node
