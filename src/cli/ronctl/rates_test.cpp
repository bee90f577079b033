#include "rates.hpp"

#include <gtest/gtest.h>

#include "line_gate.hpp"
#include "top_view.hpp"

namespace ron::cli {
namespace {

Json status(unsigned published, double cpu = 0) {
  return {{"ready", true},
          {"totals", {{"published", published}, {"bytes_rx", published * 100}, {"sessions", 2}}},
          {"process", {{"cpu_seconds", cpu}}}};
}

Json session(unsigned id, double age, unsigned frames, unsigned bytes) {
  return {{"id", id},
          {"channel", "tcp"},
          {"peer", "10.0.0." + std::to_string(id)},
          {"state", "active"},
          {"age_s", age},
          {"published", {{"frames", frames}, {"bytes", bytes}}}};
}

Json sessions(std::vector<Json> list) { return {{"sessions", std::move(list)}}; }

TEST(Rates, ACounterThatBeganAnewHasNoRate) {
  EXPECT_DOUBLE_EQ(rate(10, 30, 2), 10);
  EXPECT_DOUBLE_EQ(rate(30, 10, 2), 0);
  EXPECT_DOUBLE_EQ(rate(0, 10, 0), 0);
}

TEST(Rates, OfANodeAreDifferencesASecond) {
  RateMeter meter;
  EXPECT_DOUBLE_EQ(meter.read(status(1000), {}, 50, TopOrder::kTraffic).flow.published, 0);
  const Interval interval = meter.read(status(1300, 1), {}, 52, TopOrder::kTraffic);
  EXPECT_DOUBLE_EQ(interval.seconds, 2);
  EXPECT_DOUBLE_EQ(interval.flow.published, 150);
  EXPECT_DOUBLE_EQ(interval.flow.bytes_in, 15'000);
  EXPECT_DOUBLE_EQ(interval.cpu, 0.5);
  EXPECT_EQ(interval.sessions, 2U);
  EXPECT_TRUE(interval.ready);
}

TEST(Rates, OfSessionsBeginWhereTheSessionDoes) {
  RateMeter meter;
  meter.read(status(0), sessions({session(1, 90, 500, 5000)}), 10, TopOrder::kTraffic);
  const Interval interval =
      meter.read(status(0),
                 sessions({session(1, 91, 510, 6000), session(2, 0.5, 40, 4000),
                           session(3, 99, 1'000, 9'999)}),
                 11, TopOrder::kTraffic);
  ASSERT_EQ(interval.busiest.size(), 3U);
  EXPECT_EQ(interval.busiest[0].id, 2U) << "most traffic first";
  EXPECT_DOUBLE_EQ(interval.busiest[0].flow.published, 40) << "a new session counts from 0";
  EXPECT_DOUBLE_EQ(interval.busiest[1].flow.published, 10);
  EXPECT_DOUBLE_EQ(interval.busiest[2].flow.published, 0) << "old, but not seen before";
}

TEST(Rates, OrdersAreTheirNames) {
  RateMeter meter;
  const Json both = sessions({session(1, 5, 0, 0), session(2, 9, 0, 0)});
  EXPECT_EQ(meter.read(status(0), both, 1, TopOrder::kAge).busiest.front().id, 2U);
  EXPECT_EQ(meter.read(status(0), both, 2, TopOrder::kId).busiest.front().id, 1U);
}

TEST(Rates, AnOlderNodeIsNoReasonToFail) {
  RateMeter meter;
  const Interval interval = meter.read(Json("text"), Json(nullptr), 1, TopOrder::kTraffic);
  EXPECT_EQ(interval.sessions, 0U);
  EXPECT_TRUE(interval.busiest.empty());
}

TEST(TopView, AScreenHasNoMoreLinesAndColumnsThanTheTerminal) {
  RateMeter meter;
  std::vector<Json> many;
  for (unsigned i = 0; i < 50; ++i) many.push_back(session(i, 1, i, i));
  const std::string screen =
      top_screen(meter.read(status(1), sessions(many), 1, TopOrder::kId), "12:00:00", 10, 40);
  EXPECT_EQ(std::ranges::count(screen, '\n'), 10);
  for (std::size_t at = 0; at < screen.size();) {
    const std::size_t end = screen.find('\n', at);
    EXPECT_LE(std::ranges::count_if(
                  screen.substr(at, end - at),
                  [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }),
              40);
    at = end + 1;
  }
}

TEST(TopView, JsonHasAtMostTheSessionsAskedFor) {
  RateMeter meter;
  const Json both = sessions({session(1, 5, 0, 0), session(2, 9, 0, 0)});
  const auto out = top_json(meter.read(status(0), both, 1, TopOrder::kId), "t", 1);
  EXPECT_EQ(out["busiest"].size(), 1U);
  EXPECT_EQ(out["busiest"][0]["who"], "10.0.0.1");
}

TEST(LineGate, ShowsTheFirstOfEachSecondAndCountsTheOthers) {
  LineGate gate(2);
  const LineGate::Instant start{std::chrono::seconds(100)};
  EXPECT_EQ(gate.hidden(start), 0U);
  EXPECT_TRUE(gate.pass());
  EXPECT_TRUE(gate.pass());
  EXPECT_FALSE(gate.pass());
  EXPECT_FALSE(gate.pass());
  EXPECT_EQ(gate.hidden(start + std::chrono::milliseconds(999)), 0U) << "the second is not over";
  EXPECT_EQ(gate.hidden(start + std::chrono::seconds(1)), 2U);
  EXPECT_TRUE(gate.pass());
  EXPECT_EQ(gate.rest(), 0U) << "told once";
}

TEST(LineGate, NoRateIsNoLimit) {
  LineGate gate(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(gate.pass());
}

}  // namespace
}  // namespace ron::cli
