// Byte credits and open requests: OAP-5.2 to 5.11, OAP-1.29.
#include "session/credit.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "session/credit_model.hpp"
#include "session/open_requests.hpp"

namespace ron::session::testing {
namespace {

TEST(SendCredit, WithoutAWindowThereIsNoLimit) {  // OAP-5.5
  SendCredit credit(0);
  EXPECT_FALSE(credit.limited());
  EXPECT_EQ(credit.counter(), nullptr);
  credit.spend(UINT64_MAX / 2);
  EXPECT_TRUE(credit.may_send());
  EXPECT_EQ(credit.give_back(7), 7U) << "credit nobody asked for is clamped off";
}

TEST(SendCredit, TheLastFrameMayOverdrawIt) {  // OAP-5.8
  SendCredit credit(100);
  credit.spend(99);
  EXPECT_TRUE(credit.may_send());
  credit.spend(500);
  EXPECT_EQ(credit.left(), -499);
  EXPECT_FALSE(credit.may_send());
  EXPECT_EQ(credit.give_back(499), 0U);
  EXPECT_FALSE(credit.may_send()) << "0 is not more than 0";
  EXPECT_EQ(credit.give_back(1), 0U);
  EXPECT_TRUE(credit.may_send());
}

TEST(SendCredit, NeverExceedsTheWindow) {  // OAP-5.11
  SendCredit credit(100);
  EXPECT_EQ(credit.give_back(10), 10U);
  credit.spend(30);
  EXPECT_EQ(credit.give_back(UINT64_MAX), UINT64_MAX - 30);
  EXPECT_EQ(credit.left(), 100);
}

TEST(SendCredit, AHugeWindowIsCutToWhatCanBeCounted) {
  SendCredit credit(UINT64_MAX);
  EXPECT_TRUE(credit.may_send());
  EXPECT_GT(credit.left(), 1LL << 61);
  EXPECT_EQ(credit.give_back(1), 1U);
}

TEST(RecvCredit, IsGivenBackAtHalfTheWindow) {  // OAP-5.9 OAP-5.10
  RecvCredit credit(1000);
  EXPECT_FALSE(credit.arrived(499));
  credit.consumed(499);
  EXPECT_EQ(credit.due(), 0U);
  credit.consumed(1);
  EXPECT_EQ(credit.due(), 500U);
  EXPECT_EQ(credit.due(), 0U);
}

TEST(RecvCredit, AFrameWithoutCreditIsAnOverrun) {  // OAP-5.2 OAP-5.8
  RecvCredit credit(100);
  EXPECT_FALSE(credit.arrived(99));
  EXPECT_FALSE(credit.arrived(500)) << "one frame may overdraw";
  EXPECT_TRUE(credit.arrived(1));
  credit.consumed(600);
  EXPECT_EQ(credit.due(), 600U);
  EXPECT_FALSE(credit.arrived(1));
}

TEST(RecvCredit, OffWithoutAWindow) {  // OAP-3.13
  RecvCredit credit(0);
  EXPECT_FALSE(credit.arrived(1ULL << 40U));
  credit.consumed(1ULL << 40U);
  EXPECT_EQ(credit.due(), 0U);
}

RC_GTEST_PROP(CreditProperty, SenderEqualsTheNaiveTwin, ()) {
  const auto window = *rc::gen::element<std::uint64_t>(0, 1, 2, 100, 5000);
  SendCredit credit(window);
  SendCreditModel twin{.window = window};
  std::uint64_t clamped = 0;
  const auto step_count = *rc::gen::inRange(0, 100);
  for (int i = 0; i < step_count; ++i) {
    RC_ASSERT(credit.may_send() == twin.may_send());
    const auto bytes = *rc::gen::inRange<std::uint64_t>(0, 1000);
    if (*rc::gen::arbitrary<bool>() && credit.may_send()) {
      credit.spend(bytes);
      twin.sent += bytes;
    } else {
      clamped += credit.give_back(bytes);
      twin.give_back(bytes);
    }
    RC_ASSERT(clamped == twin.clamped);
    if (window > 0) RC_ASSERT(credit.left() <= static_cast<std::int64_t>(window));
  }
}

// Two ends joined: who obeys is never in overrun, and can always go on. // OAP-5.10 OAP-5.25
RC_GTEST_PROP(CreditProperty, TwoEndsNeverStandStill, ()) {
  const auto window = *rc::gen::element<std::uint64_t>(1, 2, 3, 100, 999);
  SendCredit sender(window);
  RecvCredit receiver(window);
  RecvCreditModel twin{.window = window};
  std::uint64_t in_flight = 0;
  const auto step_count = *rc::gen::inRange(0, 200);
  for (int i = 0; i < step_count; ++i) {
    RC_ASSERT(sender.may_send());
    const auto bytes = *rc::gen::inRange<std::uint64_t>(1, 400);
    sender.spend(bytes);
    RC_ASSERT(!receiver.arrived(bytes));
    in_flight += bytes;
    RC_ASSERT(in_flight < window + 400);  // bounded by the window and one frame // OAP-5.1
    receiver.consumed(bytes);
    twin.arrived += bytes;
    twin.consumed += bytes;
    const std::uint64_t grant = receiver.due();
    RC_ASSERT(grant == twin.due());
    RC_ASSERT(sender.give_back(grant) == 0U);
    in_flight -= grant;
  }
}

TEST(OpenRequests, KnowsWhatIsOpen) {  // OAP-1.29
  OpenRequests open;
  EXPECT_FALSE(open.contains(1));
  EXPECT_FALSE(open.close(1));
  open.open(1);
  open.open(2);
  EXPECT_TRUE(open.contains(2));
  EXPECT_EQ(open.size(), 2U);
  EXPECT_TRUE(open.close(1));
  EXPECT_FALSE(open.close(1));
  EXPECT_TRUE(open.contains(2));
}

RC_GTEST_PROP(OpenRequestsProperty, EqualsASet, ()) {
  OpenRequests open;
  std::set<CorrId> twin;
  const auto step_count = *rc::gen::inRange(0, 100);
  for (int i = 0; i < step_count; ++i) {
    const auto corr = *rc::gen::inRange<CorrId>(1, 12);
    RC_ASSERT(open.contains(corr) == twin.contains(corr));
    if (*rc::gen::arbitrary<bool>()) {
      if (twin.insert(corr).second) open.open(corr);
    } else {
      RC_ASSERT(open.close(corr) == (twin.erase(corr) == 1));
    }
    RC_ASSERT(open.size() == twin.size());
  }
}

}  // namespace
}  // namespace ron::session::testing
