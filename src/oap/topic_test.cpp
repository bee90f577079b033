#include "oap/topic.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "oap/topic_model.hpp"

namespace ron::oap {
namespace {

// Names over few letters, so that they often meet; some of them invalid.
rc::Gen<std::string> name_like() {
  return rc::gen::container<std::string>(
      rc::gen::element('a', 'b', '/', '/', '*', '*', '\x1f', '\xc2', '\x9f', '\xa0'));
}

rc::Gen<std::string> joined(std::vector<std::string> alphabet) {
  return rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
                          rc::gen::elementOf(std::move(alphabet)))),
                      [](const std::vector<std::string>& parts) {
                        std::string text;
                        for (const std::string& part : parts)
                          text += (text.empty() ? "" : "/") + part;
                        return text;
                      });
}

TEST(topic, length_is_1_to_255_bytes) {  // OAP-4.1 OAP-4.4
  EXPECT_FALSE(is_topic(""));
  EXPECT_TRUE(is_topic("a"));
  EXPECT_TRUE(is_topic(std::string(255, 'a')));
  EXPECT_FALSE(is_topic(std::string(256, 'a')));
  EXPECT_FALSE(is_pattern(""));
  EXPECT_TRUE(is_pattern(std::string(255, 'a')));
  EXPECT_FALSE(is_pattern(std::string(256, 'a')));
}

TEST(topic, no_empty_segment) {  // OAP-4.1
  for (const char* text : {"/", "/a", "a/", "a//b", "abcdefg//h", "abcdefgh//", "1234567//"}) {
    EXPECT_FALSE(is_topic(text)) << text;
    EXPECT_FALSE(is_pattern(text)) << text;
  }
  EXPECT_FALSE(
      is_topic("1234567/"
               "/2345678"));
  EXPECT_TRUE(
      is_topic("1234567/"
               "2345678/9"));
}

TEST(topic, no_control_character) {  // OAP-4.2
  for (int c = 0; c < 0x100; ++c) {
    const bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
    std::string one;
    if (c < 0x80) {
      one.push_back(static_cast<char>(c));
    } else {
      one.push_back(static_cast<char>(0xc0 | (c >> 6)));
      one.push_back(static_cast<char>(0x80 | (c & 0x3f)));
    }
    if (one == "*" || one == "/") continue;
    for (const std::string& text : {one, "12345678" + one, "1234" + one + "12345678"}) {
      EXPECT_EQ(is_topic(text), !control) << c;
      EXPECT_EQ(is_pattern(text), !control) << c;
    }
  }
}

TEST(topic, stars) {  // OAP-4.3 OAP-4.4 OAP-4.5 OAP-4.6
  for (const char* wild : {"*", "**", "a/*", "a/**", "*/a"}) {
    EXPECT_FALSE(is_topic(wild)) << wild;
    EXPECT_TRUE(is_pattern(wild)) << wild;
    EXPECT_TRUE(has_wildcard(wild)) << wild;
  }
  for (const char* literal : {"a*", "***", "*a", "a/***", "a**/b"}) {
    EXPECT_TRUE(is_topic(literal)) << literal;
    EXPECT_TRUE(is_pattern(literal)) << literal;
    EXPECT_FALSE(has_wildcard(literal)) << literal;
  }
  EXPECT_FALSE(is_pattern("**/a"));
  EXPECT_FALSE(is_pattern("a/**/b"));
  EXPECT_FALSE(is_pattern("**/**"));
  EXPECT_TRUE(is_pattern("*/*/**"));
}

TEST(topic, matching) {  // OAP-4.4 OAP-4.5 OAP-4.6 OAP-4.8
  EXPECT_TRUE(matches("a/b", "a/b"));
  EXPECT_FALSE(matches("a/b", "A/b"));
  EXPECT_FALSE(matches("a/b", "a"));
  EXPECT_FALSE(matches("a", "a/b"));
  EXPECT_TRUE(matches("*", "a"));
  EXPECT_FALSE(matches("*", "a/b"));
  EXPECT_TRUE(matches("a/*/c", "a/b/c"));
  EXPECT_TRUE(matches("**", "a"));
  EXPECT_TRUE(matches("**", "a/b/c"));
  EXPECT_TRUE(matches("a/**", "a/b/c"));
  EXPECT_FALSE(matches("a/**", "a"));
  EXPECT_TRUE(matches("a/*/**", "a/b/c"));
  EXPECT_FALSE(matches("a/*/**", "a/b"));
  EXPECT_TRUE(matches("a*", "a*"));
  EXPECT_FALSE(matches("a*", "ab"));
  EXPECT_FALSE(matches("***", "a"));
}

RC_GTEST_PROP(topic, grammar_equals_twin, ()) {
  const std::string text = *name_like();
  RC_ASSERT(is_topic(text) == model::is_name(text, false));
  RC_ASSERT(is_pattern(text) == model::is_name(text, true));
}

RC_GTEST_PROP(topic, long_names_equal_twin, ()) {
  std::string text = *joined({"alpha", "b", "longer-than-a-word", "c", "\xc3\xa9", "a*"});
  if (*rc::gen::inRange(0, 2) == 1 && !text.empty()) {
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  }
  RC_ASSERT(is_topic(text) == model::is_name(text, false));
  RC_ASSERT(is_pattern(text) == model::is_name(text, true));
}

RC_GTEST_PROP(topic, matches_equals_twin, ()) {
  std::string pattern = *joined({"a", "b", "*", "ab", "a*"});
  if (*rc::gen::inRange(0, 3) == 0) pattern += "/**";
  const std::string topic = *joined({"a", "b", "ab", "a*", "***"});
  RC_PRE(is_pattern(pattern) && is_topic(topic));
  RC_ASSERT(matches(pattern, topic) == model::matches(pattern, topic));
}

}  // namespace
}  // namespace ron::oap
