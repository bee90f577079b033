#include "report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Findings found() {
  Findings f;
  f.node = "ron://here";
  f.seconds = 10;
  f.scheduled = 4;
  f.classes[2].sent = 4;
  f.classes[2].delivered = 4;
  f.classes[2].latency.add(5ms);
  f.flow = {.sent = 64, .bytes = 64 * 65536};
  f.accounts.push_back({.reader = "reader 0", .expected = 64, .received = 60, .lagged = 4});
  return f;
}

TEST(Report, APersonSeesWhatWasFoundAndWhatItMeans) {
  const Findings f = found();
  const std::string text = report_text(f, {{"a gate", "< 1", "2", false, false}}, false);
  EXPECT_THAT(text, HasSubstr("L      16x64 KiB          4          4   5.00 ms"));
  EXPECT_THAT(text, HasSubstr("64 publications expected = 60 received + 4 told lost\n"));
  EXPECT_THAT(text, HasSubstr("not observed"));
  EXPECT_THAT(text, HasSubstr("FAIL  a gate "));
  EXPECT_THAT(text, HasSubstr("FAILED: 1 of 1 gates"));
  EXPECT_THAT(text, Not(HasSubstr("M      64 KiB")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(report_text(f, {}, true), HasSubstr("\x1b[32mPASSED"));
}

TEST(Report, AMismatchNamesTheReader) {
  Findings f = found();
  f.accounts[0].lagged = 3;
  const std::string text = report_text(f, judge(f), false);
  EXPECT_THAT(text, HasSubstr("NOT EQUAL"));
  EXPECT_THAT(text, HasSubstr("reader 0: expected 64, received 60, told lost 3, out of order 0"));
}

TEST(Report, FlipsHaveTheirCause) {
  Findings f = found();
  f.observed = Observed{.polls = 10, .seconds = 1, .red_seconds = 0.1};
  f.observed->flips = {{3661, false, "queues_ok", true}, {3662, true, "", false}};
  const std::string text = report_text(f, {}, false);
  EXPECT_THAT(text, HasSubstr("1:01:01  NOT READY: queues_ok (false alarm"));
  EXPECT_THAT(text, HasSubstr("1:01:02  ready\n"));
}

TEST(Report, ABrokenOffRunHasNotPassed) {
  Findings f = found();
  EXPECT_TRUE(passed(f, {}));
  f.interrupted = true;
  EXPECT_FALSE(passed(f, {}));
  EXPECT_THAT(report_text(f, {}, false), HasSubstr("INTERRUPTED"));
  EXPECT_EQ(report_json(f, {})["passed"], false);
}

TEST(Report, AProgramGetsTheSame) {
  Findings f = found();
  f.own = OwnNode{};
  f.intervals.push_back({.at = 1, .sent = 2, .observed = true});
  const auto json = report_json(f, {{"a gate", "< 1", "2", false, true}});
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["verdicts"][0]["gate"], "a gate");
  EXPECT_EQ(json["classes"]["L"]["latency"]["p50_us"], 5000);
  EXPECT_FALSE(json["classes"].contains("S"));
  EXPECT_EQ(json["accounts"][0]["received"], 60);
  EXPECT_EQ(json["intervals"][0]["ready"], false);
  EXPECT_EQ(json["own_node"]["end_code"], 0);
  EXPECT_FALSE(json.contains("churn"));
}

TEST(Report, IntervalsAlignWithTheirHead) {
  const std::string head = interval_head();
  const std::string row = interval_text({.at = 65,
                                         .sent = 100,
                                         .delivered = 300,
                                         .p50 = 1ms,
                                         .memory = 20 * 1048576.0,
                                         .files = 39,
                                         .observed = true,
                                         .ready = true});
  EXPECT_EQ(head.find("ready"), row.find("yes"));
  EXPECT_THAT(row, HasSubstr("0:01:05"));
  EXPECT_THAT(interval_text({.at = 1}), Not(HasSubstr("MiB")));
}

}  // namespace
}  // namespace ron::smoke
