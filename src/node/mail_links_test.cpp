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

PublishMail publication(std::size_t bytes) {
  PublishMail mail;
  mail.frames = Slice::allocate(bytes, nullptr);
  return mail;
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
  links.send(1, publication(999));
  EXPECT_FALSE(links.congested());
  links.send(1, publication(1));
  EXPECT_TRUE(links.congested());
  while (links.take(1)) {
  }
  EXPECT_TRUE(links.congested()) << "taken is not yet worked off";
  EXPECT_EQ(links.load().messages, 2U);
  EXPECT_EQ(links.load().bytes, 1000U);
  links.consumed(1, {1, 499});
  EXPECT_TRUE(links.congested());
  links.consumed(1, {0, 1});
  EXPECT_FALSE(links.congested());
  links.send(1, publication(400));
  EXPECT_FALSE(links.congested()) << "900 of 1000";
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
  links.send(0, publication(100));
  links.send(2, publication(100));
  links.consumed(0, {1, 100});
  EXPECT_TRUE(links.congested());
  links.consumed(2, {1, 100});
  while (links.take(0) || links.take(2)) {
  }
  EXPECT_FALSE(links.congested());
}

TEST(MailLinks, ReportsWhatWasWorkedOffOnce) {
  const NodeConfig config = config_of(1000, 10);
  MailLinks links(config, 0, 3);
  links.note_done(2, 30);
  links.note_done(2, 12);
  std::vector<ShardIndex> woken;
  links.report([&](ShardIndex to) { woken.push_back(to); });
  EXPECT_EQ(woken, std::vector<ShardIndex>{2});
  const auto mail = links.take(2);
  EXPECT_EQ(std::get<ConsumedMail>(mail->body).messages, 2U);
  EXPECT_EQ(std::get<ConsumedMail>(mail->body).bytes, 42U);
  links.report([&](ShardIndex) { ADD_FAILURE() << "told twice"; });
}

// Two shards over a slow ring: nothing is lost, and once all is quiet nothing is congested.
RC_GTEST_PROP(MailLinksProperty, TwoEndsSettle, ()) {
  const NodeConfig config = config_of(500, 8);
  MailLinks a(config, 0, 2);
  MailLinks b(config, 1, 2);
  std::size_t sent = 0;
  std::size_t got = 0;
  std::size_t in_flight = 0;  // bytes of publications b has not worked off
  const auto deliver = [&] {
    if (auto mail = a.take(1)) {
      if (const auto* publish = std::get_if<PublishMail>(&mail->body)) {
        b.note_done(0, publish->frames.size());
        in_flight -= publish->frames.size();
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
      a.send(1, publication(size));
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
