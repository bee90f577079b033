#include "format.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

}  // namespace
}  // namespace ron::cli
