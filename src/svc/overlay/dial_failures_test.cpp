#include "svc/overlay/dial_failures.hpp"

#include <gtest/gtest.h>

namespace ron::svc {
namespace {

using enum host::EventKind;

TEST(DialFailures, KeepTheLastReasonUntilTheAddressAnswers) {
  DialFailures failures;
  EXPECT_EQ(failures.of("a:1"), "");
  failures.note({.kind = kDialFailed, .peer = "a:1", .text = "Connection refused", .dialed = true});
  EXPECT_EQ(failures.of("a:1"), "io: Connection refused");
  failures.note({.kind = kTlsFailed,
                 .peer = "a:1",
                 .failure = transport::FailureClass::kCert,
                 .dialed = true});
  EXPECT_EQ(failures.of("a:1"), "mtls");
  EXPECT_EQ(failures.of("a:2"), "");
  failures.note({.kind = kSessionOpened, .peer = "a:1", .dialed = true});
  EXPECT_EQ(failures.of("a:1"), "");
}

TEST(DialFailures, LeaveSessionsOfOthersAlone) {
  DialFailures failures;
  failures.note({.kind = kTlsFailed, .peer = "a:1"});
  failures.note({.kind = kSessionClosed, .peer = "a:1", .was_open = false});
  failures.note({.kind = kSessionClosed, .peer = "a:1", .was_open = true, .dialed = true});
  EXPECT_EQ(failures.of("a:1"), "");
}

TEST(DialFailures, TheOldestGivesWay) {
  DialFailures failures;
  for (std::size_t i = 0; i < DialFailures::kMost; ++i)
    failures.note({.kind = kDialFailed, .peer = "a:" + std::to_string(i), .dialed = true});
  failures.note({.kind = kDialFailed, .peer = "a:0", .dialed = true});  // anew
  failures.note({.kind = kDialFailed, .peer = "b:1", .dialed = true});
  EXPECT_EQ(failures.of("a:0"), "io");
  EXPECT_EQ(failures.of("a:1"), "");
  EXPECT_EQ(failures.of("a:2"), "io");
  EXPECT_EQ(failures.of("b:1"), "io");
}

}  // namespace
}  // namespace ron::svc
