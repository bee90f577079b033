// Lines: escaping, redaction, sizes, sampling; and the writer over a real pipe.
#include "ops/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "ops/log_sampler.hpp"

namespace ron::ops {
namespace {

using Json = nlohmann::json;

std::string json_of(std::initializer_list<LogField> fields) {
  return json_line({.event = Event::kSessionClosed,
                    .level = LogLevel::kInfo,
                    .wall_ms = 1'767'225'600'123,
                    .service = "svc-overlay",
                    .fields = {fields.begin(), fields.size()}});
}

std::string text_of(std::initializer_list<LogField> fields, bool colour = false) {
  return text_line({.event = Event::kSessionClosed,
                    .level = LogLevel::kInfo,
                    .wall_ms = 1'767'225'600'123,
                    .service = "svc-overlay",
                    .fields = {fields.begin(), fields.size()}},
                   colour);
}

TEST(LogLine, json_has_the_contract_fields_in_order) {
  EXPECT_EQ(json_of({{Field::kReason, "timeout"},
                     {Field::kCorrId, "00000000000000ff"},
                     {Field::kLatencyMs, 1.5},
                     {Field::kBytes, 42},
                     {Field::kDegraded, true}}),
            R"({"ts":"2026-01-01T00:00:00.123Z","level":"info","service":"svc-overlay",)"
            R"("event":"session_closed","reason":"timeout","corr_id":"00000000000000ff",)"
            R"("latency_ms":1.500,"bytes":42,"degraded":true})");
}

TEST(LogLine, empty_texts_are_left_out) {
  EXPECT_EQ(json_of({{Field::kPeerAddr, ""}}).find("peer_addr"), std::string::npos);
  EXPECT_EQ(text_of({{Field::kPeerAddr, ""}}).find("peer_addr"), std::string::npos);
}

TEST(LogLine, text_is_for_people) {
  EXPECT_EQ(text_of({{Field::kReason, "peer"}, {Field::kMessage, "two words"}}),
            "00:00:00.123 INFO  session_closed     reason=peer message=\"two words\"");
  EXPECT_NE(text_of({{Field::kReason, "peer"}}, true).find("\x1b[32mINFO"), std::string::npos);
}

TEST(LogLine, dates) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(951'782'400'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(rfc3339(4'102'444'799'999), "2099-12-31T23:59:59.999Z");
}

TEST(LogLine, nothing_forges_a_line_or_drives_a_terminal) {
  const std::string evil =
      "x\n{\"level\":\"error\"}\r\x1b[2J\x7f\xc2\x85\xe2\x80\xae\xe2\x80\xa8\xff\xc0\xaf\"\\";
  const std::string line = json_of({{Field::kMessage, evil}});
  EXPECT_EQ(Json::parse(line)["event"], "session_closed");
  for (const std::string& out : {line, text_of({{Field::kMessage, evil}})}) {
    for (const char c : out) EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
    EXPECT_EQ(out.find("\xe2\x80\xae"), std::string::npos) << "direction override";
    EXPECT_EQ(out.find("\xc2\x85"), std::string::npos) << "C1 control";
    EXPECT_EQ(out.find('\x7f'), std::string::npos);
  }
  EXPECT_NE(text_of({{Field::kMessage, "a=b"}}).find("message=\"a=b\""), std::string::npos);
}

RC_GTEST_PROP(LogLine, any_bytes_give_one_line_of_json, (const std::string& bytes)) {
  const std::string line = json_of({{Field::kMessage, bytes}, {Field::kPeerAddr, bytes}});
  const Json parsed = Json::parse(line, nullptr, false);
  RC_ASSERT(!parsed.is_discarded());
  RC_ASSERT(line.size() <= kMaxLineBytes);
  RC_ASSERT(std::none_of(line.begin(), line.end(),
                         [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
}

TEST(LogLine, credentials_are_masked_wherever_they_turn_up) {
  for (const char* secret : {"macaroon:AgEDcm9uAi52MTo", "-----BEGIN PRIVATE KEY-----\nMC4C",
                             "Bearer abcdef", "got macaroon:AgEDcm9u from a peer"}) {
    const std::string line = json_of({{Field::kMessage, secret}});
    EXPECT_NE(line.find("[redacted]"), std::string::npos) << line;
    for (const char* part : {"AgED", "MC4C", "abcdef"})
      EXPECT_EQ(line.find(part), std::string::npos) << line;
  }
}

TEST(LogLine, values_and_lines_are_cut) {
  const std::string big(10'000, 'x');
  EXPECT_LT(json_of({{Field::kMessage, big}}).size(), 700U);
  std::string wide;  // every byte needs six characters
  for (int i = 0; i < 600; ++i) wide += '\x01';
  const std::string line =
      json_of({{Field::kMessage, wide}, {Field::kReason, wide}, {Field::kPath, wide}});
  EXPECT_LE(line.size(), kMaxLineBytes);
  EXPECT_FALSE(Json::parse(line, nullptr, false).is_discarded());
  const std::string umlauts = std::string(511, 'a') + "\xc3\xbc\xc3\xbc";
  EXPECT_EQ(redacted(umlauts), std::string(511, 'a') + "...") << "never half a character";
}

TEST(LogTables, names_are_unique) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < events().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(events()[i].event), i);
    EXPECT_TRUE(names.insert(events()[i].name).second) << events()[i].name;
  }
  names.clear();
  for (std::size_t i = 0; i < fields().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(fields()[i].field), i);
    EXPECT_TRUE(names.insert(fields()[i].name).second) << fields()[i].name;
  }
  for (const char* never : {"token", "key_pem", "payload", "password", "secret"})
    EXPECT_FALSE(names.contains(never));
}

TEST(LogSampler, thins_out_repeats_and_counts_them) {
  LogSampler sampler;
  const Instant now(std::chrono::hours(1));
  std::uint64_t written = 0, told = 0;
  for (int i = 0; i < 1010; ++i)
    if (const auto suppressed = sampler.admit(Event::kHandshakeFailed, "tls", now)) {
      ++written;
      told += *suppressed;
    }
  EXPECT_EQ(written, 20U);
  EXPECT_EQ(told, 990U) << "every one left out is told";
  EXPECT_TRUE(sampler.admit(Event::kHandshakeFailed, "timeout", now)) << "another reason";
  EXPECT_EQ(sampler.admit(Event::kHandshakeFailed, "tls", now + LogSampler::kWindow), 0U)
      << "a new window writes again";
}

// ---- the writer ----

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    close_write();
  }
  int write_end() const { return ends_[1]; }
  int read_end() const { return ends_[0]; }
  void close_write() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  std::vector<std::string> lines() {
    close_write();
    std::string all;
    char buffer[4096];
    ssize_t n = 0;
    while ((n = ::read(ends_[0], buffer, sizeof buffer)) > 0)
      all.append(buffer, static_cast<std::size_t>(n));
    std::istringstream in(all);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }

 private:
  int ends_[2] = {-1, -1};
};

TEST(Log, a_pipe_gets_json_and_the_end_writes_all) {
  Pipe pipe;
  {
    Log log({.service = "svc-overlay",
             .format = config::LogFormat::kAuto,
             .level = LogLevel::kInfo,
             .fd = pipe.write_end()});
    EXPECT_FALSE(log.for_people());
    log.write(Event::kSessionOpened);  // debug: not written
    for (int i = 0; i < 500; ++i) log.write(Event::kReady, {{Field::kPid, i}});
  }
  const auto lines = pipe.lines();
  ASSERT_EQ(lines.size(), 500U);
  EXPECT_EQ(Json::parse(lines[499])["pid"], 499);
}

TEST(Log, the_level_changes_while_it_runs) {
  Pipe pipe;
  {
    Log log({.service = "x",
             .format = config::LogFormat::kText,
             .level = LogLevel::kError,
             .fd = pipe.write_end()});
    EXPECT_EQ(log.level(), LogLevel::kError);
    log.write(Event::kReady);
    log.set_level(LogLevel::kDebug);
    EXPECT_EQ(log.level(), LogLevel::kDebug);
    log.write(Event::kSessionOpened);
  }
  const auto lines = pipe.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("session_opened"), std::string::npos);
}

TEST(Log, repeats_tell_how_many_were_left_out) {
  Pipe pipe;
  {
    Log log({.service = "x",
             .format = config::LogFormat::kJson,
             .level = LogLevel::kInfo,
             .fd = pipe.write_end()});
    for (int i = 0; i < 110; ++i) log.write(Event::kHandshakeFailed, {{Field::kReason, "tls"}});
  }
  const auto lines = pipe.lines();
  ASSERT_EQ(lines.size(), 11U);
  EXPECT_EQ(Json::parse(lines[10])["suppressed"], 99);
}

TEST(Log, words_for_a_person_never_reach_a_machine) {
  Pipe pipe;
  {
    Log log({.service = "x",
             .format = config::LogFormat::kJson,
             .level = LogLevel::kInfo,
             .fd = pipe.write_end()});
    log.tell_person("try this");
    log.drain();
    log.write(Event::kReady);  // after the end: lost, not a crash
    EXPECT_EQ(log.lines_dropped(), 0U);
  }
  EXPECT_TRUE(pipe.lines().empty());
}

// A reader that has stopped must cost lines, not time: writing stays quick with a full pipe.
TEST(Log, a_stuck_reader_does_not_stop_the_writer) {
  Pipe pipe;
  auto log = std::make_unique<Log>(LogOptions{.service = "x",
                                              .format = config::LogFormat::kJson,
                                              .level = LogLevel::kInfo,
                                              .fd = pipe.write_end()});
  const std::string padding(400, 'x');
  for (int i = 0; i < 20'000; ++i) log->write(Event::kReady, {{Field::kMessage, padding}});
  EXPECT_GT(log->lines_dropped(), 0U);
  std::thread drain([&] {
    char buffer[65536];
    while (::read(pipe.read_end(), buffer, sizeof buffer) > 0) {
    }
  });
  log.reset();
  pipe.close_write();
  drain.join();
}

}  // namespace
}  // namespace ron::ops
