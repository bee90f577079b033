#include "format.hpp"

#include <gtest/gtest.h>

#include "common.hpp"
#include "histogram.hpp"

namespace ron::cli {
namespace {

sdk::Message message(std::string data) {
  sdk::Message made;
  made.topic = "a/b";
  made.data = std::move(data);
  made.seconds = 7;
  return made;
}

TEST(Format, TextCannotDriveATerminal) {
  const std::string text = format_message(message("x\x1b[31m\n\xc2\x9b\xff\t\xc3\xa4"), {});
  EXPECT_EQ(text, "a/b: x\\x1b[31m\\n\\xc2\\x9b\\xff\t\xc3\xa4\n");
}

TEST(Format, RawIsByteForByte) {
  const std::string data("\0\xff\n", 3);
  EXPECT_EQ(format_message(message(data), {.format = Format::kRaw}), data);
  EXPECT_EQ(format_message(message(data), {.format = Format::kRaw, .newline = true}), data + "\n");
}

TEST(Format, JsonKeepsWhatIsNotText) {
  const auto text = nlohmann::json::parse(format_message(message("hi"), {.format = Format::kJson}));
  EXPECT_EQ(text["data"], "hi");
  EXPECT_EQ(text["topic"], "a/b");
  EXPECT_EQ(text["ts"], 7);
  const auto binary =
      nlohmann::json::parse(format_message(message("\xff\x01"), {.format = Format::kJson}));
  EXPECT_EQ(binary["data_hex"], "ff01");
  EXPECT_FALSE(binary.contains("data"));
}

TEST(Format, HexAndNames) {
  EXPECT_EQ(format_message(message("hi"), {.format = Format::kHex}), "a/b: 68 69\n");
  EXPECT_TRUE(parse_format("raw").has_value());
  EXPECT_FALSE(parse_format("xml").has_value());
}

TEST(Text, CountsAndTimes) {
  EXPECT_EQ(count_text(7), "7");
  EXPECT_EQ(count_text(1234567), "1 234 567");
  EXPECT_EQ(time_text(std::chrono::nanoseconds(1500)), "1.5 us");
  EXPECT_EQ(rate_text(2.5e6), "2.5 MB/s");
}

TEST(ExitCodes, FollowTheHelp) {
  EXPECT_EQ(exit_code({sdk::ErrorCode::kTimeout, "", true, {}}), kTimeout);
  EXPECT_EQ(exit_code({sdk::ErrorCode::kNoResponder, "", true, {}}), kNoResponder);
  EXPECT_EQ(exit_code({sdk::ErrorCode::kForbidden, "", true, {}}), kRefused);
  EXPECT_EQ(connect_exit_code({sdk::ErrorCode::kConnect, "", true, {}}), kNoConnection);
  EXPECT_EQ(connect_exit_code({sdk::ErrorCode::kUnauth, "", true, {}}), kRefused);
}

TEST(Histogram, QuantilesAreRightToBucketAccuracy) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5).count(), 0);
  for (int i = 1; i <= 100'000; ++i) histogram.add(std::chrono::nanoseconds(i));
  EXPECT_EQ(histogram.count(), 100'000U);
  for (const double share : {0.5, 0.9, 0.99, 0.999}) {
    const auto got = static_cast<double>(histogram.quantile(share).count());
    EXPECT_NEAR(got, share * 1e5, share * 1e5 * 0.04);
  }
  EXPECT_EQ(histogram.quantile(1.0).count(), 100'000);
  Histogram other;
  other.add(std::chrono::hours(100));
  histogram.merge(other);
  EXPECT_EQ(histogram.most(), std::chrono::hours(100));
}

}  // namespace
}  // namespace ron::cli
