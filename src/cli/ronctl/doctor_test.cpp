#include "doctor.hpp"

#include <gtest/gtest.h>

#include "doctor_settings.hpp"

namespace ron::cli {
namespace {

constexpr std::uint64_t kDay = 86'400;

Findings judged(std::uint64_t now) {
  Findings out;
  judge_certificate("c.pem", 10 * kDay, 100 * kDay, now, out);
  return out;
}

TEST(Doctor, CertificatesHoldOrEndSoonOrNot) {
  EXPECT_EQ(judged(9 * kDay).all().front().level, Level::kFail);
  EXPECT_EQ(judged(10 * kDay).all().front().level, Level::kOk);
  EXPECT_EQ(judged(86 * kDay).all().front().level, Level::kOk);
  EXPECT_EQ(judged(86 * kDay + 1).all().front().level, Level::kWarn);
  EXPECT_EQ(judged(100 * kDay).all().front().level, Level::kFail);
}

TEST(Doctor, ExitCodesSayHowBadItIs) {
  Findings findings;
  EXPECT_EQ(exit_code(findings), kOk);
  findings.ok("a", "well");
  EXPECT_EQ(exit_code(findings), kOk);
  findings.warn("b", "hm", "do");
  EXPECT_EQ(exit_code(findings), kWarnings);
  findings.fail("c", "no", "do");
  EXPECT_EQ(exit_code(findings), kBroken);
}

TEST(Doctor, EveryFindingThatIsNotOkHasARemedy) {
  Findings findings;
  findings.ok("a", "well");
  findings.warn("bb", "hm\x1b", "do this");
  EXPECT_EQ(text_of(findings, false),
            "ok    a   well\n"
            "warn  bb  hm\\x1b\n"
            "          to mend it: do this\n"
            "1 ok, 1 warnings, 0 failures\n");
  EXPECT_EQ(json_of(findings).dump(),
            R"({"ok":1,"warnings":1,"failures":0,"findings":[)"
            R"({"check":"a","level":"ok","what":"well"},)"
            R"({"check":"bb","level":"warn","what":"hm\u001b","remedy":"do this"}]})");
}

TEST(Doctor, AFileWithFaultsIsTold) {
  Patient patient;
  Findings out;
  check_configuration({.config = "/does/not/exist", .admin = {}}, patient, out);
  ASSERT_EQ(out.count(Level::kFail), 1U);
  EXPECT_FALSE(patient.settings);
}

TEST(Doctor, TooFewFilesAreAFailure) {
  Patient patient;
  patient.settings = settings_of(Json{{"keys", {{"transport.max_conns", {{"value", "1000"}}}}}});
  ASSERT_TRUE(patient.settings);
  patient.status = {{"process", {{"open_fds", 10}, {"max_fds", 1063}}}};
  Findings few;
  check_descriptors(patient, few);
  EXPECT_EQ(exit_code(few), kBroken);
  patient.status["process"]["max_fds"] = 1064;
  Findings enough;
  check_descriptors(patient, enough);
  EXPECT_EQ(exit_code(enough), kOk);
  patient.status["process"]["open_fds"] = 900;
  Findings busy;
  check_descriptors(patient, busy);
  EXPECT_EQ(exit_code(busy), kWarnings);
}

TEST(Doctor, ANewerNodesKeysAreSkipped) {
  const auto settings = settings_of(
      {{"keys",
        {{"of.tomorrow", {{"value", "1"}}}, {"overlay.listen", {{"value", "127.0.0.1:1"}}}}}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->overlay.listen, "127.0.0.1:1");
}

TEST(Doctor, PathsAreTakenAndWhatANodeWithholdsIsNot) {
  const auto settings = settings_of({{"keys",
                                      {{"tls.enabled", {{"value", "true"}}},
                                       {"tls.cert_path", {{"value", "/etc/ron/node.pem"}}},
                                       {"tls.key_path", {{"value", "/etc/ron/node.key"}}},
                                       {"uds.path", {{"value", "/run/ron/o.sock"}}},
                                       {"uds.allow_uids", {{"value", "(entries: 2)"}}}}}});
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->tls.enabled);
  EXPECT_EQ(settings->tls.cert_path, "/etc/ron/node.pem");
  EXPECT_EQ(settings->tls.key_path, "/etc/ron/node.key");
  EXPECT_EQ(settings->uds.path, "/run/ron/o.sock");
  EXPECT_TRUE(settings->uds.allow_uids.empty());
}

}  // namespace
}  // namespace ron::cli
