#include "contexts.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/test_certificates.hpp"

namespace ron::cli {
namespace {

using crypto::test::Directory;

Contexts two() {
  return {.current = "edge",
          .nodes = {
              {"edge", {.url = "rons://edge:9500", .ca = "/a \"b\"\\c", .cert = "/c", .key = "/k"}},
              {"here", {.url = "unix:/run/ron/a.sock", .ca = {}, .cert = {}, .key = {}}}}};
}

TEST(Contexts, ComeBackAsTheyWere) {
  const auto again = parse_contexts(contexts_text(two()), "f");
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(*again, two());
}

TEST(Contexts, FaultsNameTheirPlace) {
  const auto error = [](std::string_view text) {
    const auto parsed = parse_contexts(text, "f");
    return parsed ? std::string() : parsed.error();
  };
  EXPECT_NE(error("current = \"x\"\n").find("current names no context"), std::string::npos);
  EXPECT_NE(error("[context.a]\nurl = \"ron://a\"\ntoken = \"s\"\n").find("f:3"),
            std::string::npos);
  EXPECT_NE(error("[context.a]\nurl = 5\n"), "");
  EXPECT_NE(error("[context.a]\nca = \"/ca\"\n"), "") << "a context without a url";
  EXPECT_NE(error("[context.a\n"), "");
}

TEST(Contexts, UrlsCarryNoPassword) {
  EXPECT_TRUE(check_context_url("unix:/run/a@b.sock"));
  EXPECT_TRUE(check_context_url("rons://h:1"));
  EXPECT_FALSE(check_context_url("ron://me:secret@h:1"));
  EXPECT_FALSE(check_context_url("http://h"));
  EXPECT_FALSE(check_context_url("ron://h\n"));
}

TEST(Contexts, NamesAreWords) {
  EXPECT_TRUE(legal_context_name("Edge_1-b"));
  EXPECT_FALSE(legal_context_name(""));
  EXPECT_FALSE(legal_context_name("a.b"));
  EXPECT_FALSE(legal_context_name("../x"));
  EXPECT_FALSE(legal_context_name(std::string(65, 'a')));
}

TEST(Contexts, AreKeptPrivate) {
  const Directory directory;
  const std::string path = directory.at("config/ron/contexts.toml");
  ASSERT_TRUE(save_contexts(path, two()));
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(directory.at("config/ron").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_EQ(load_contexts(path).value(), two());
  ::chmod(path.c_str(), 0622);
  EXPECT_FALSE(load_contexts(path)) << "others could name a node to trust";
}

TEST(Contexts, NoFileIsNoContext) {
  const Directory directory;
  EXPECT_EQ(load_contexts(directory.at("none")).value(), Contexts{});
  EXPECT_EQ(load_contexts("").value(), Contexts{});
}

TEST(Contexts, FillOnlyWhatWasNotGiven) {
  const NamedNode node{.url = "rons://n", .ca = "/ca", .cert = "/cert", .key = "/key"};
  const Given all = with_context({}, node);
  EXPECT_EQ(all.url, "rons://n");
  EXPECT_EQ(all.key, "/key");
  const Given some =
      with_context({.url = "rons://other", .ca = {}, .cert = "/mine", .key = {}}, node);
  EXPECT_EQ(some.url, "rons://other");
  EXPECT_EQ(some.ca, "/ca");
  EXPECT_EQ(some.cert, "/mine");
  EXPECT_FALSE(some.key) << "a certificate given elsewhere never meets this key";
}

}  // namespace
}  // namespace ron::cli
