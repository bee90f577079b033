#include "oap/wire_error.hpp"

#include <gtest/gtest.h>

#include <array>

#include "oap/kinds.hpp"

namespace ron::oap {
namespace {

// OAP-4.49 OAP-4.50 OAP-4.51 OAP-4.52 OAP-4.53 OAP-4.54 OAP-4.55 OAP-4.56 OAP-4.57 OAP-4.58
// OAP-4.59 OAP-4.60
TEST(wire_error, the_table_of_the_specification) {
  struct Row {
    Code code;
    std::string_view name;
    int http;
  };
  constexpr std::array<Row, kCodeCount> kRows{{{Code::kBadVersion, "BadVersion", 400},
                                               {Code::kBadFrame, "BadFrame", 400},
                                               {Code::kFrameTooLarge, "FrameTooLarge", 413},
                                               {Code::kRatioCap, "RatioCap", 400},
                                               {Code::kQuotaExceeded, "QuotaExceeded", 429},
                                               {Code::kBusy, "Busy", 503},
                                               {Code::kNotReady, "NotReady", 503},
                                               {Code::kUnauth, "Unauth", 401},
                                               {Code::kForbidden, "Forbidden", 403},
                                               {Code::kNotFound, "NotFound", 404},
                                               {Code::kTimeout, "Timeout", 504},
                                               {Code::kInternal, "Internal", 500}}};
  for (const Row& row : kRows) {
    EXPECT_EQ(name(row.code), row.name);
    EXPECT_EQ(info(row.code).http, row.http);
    EXPECT_EQ(info(row.code).code, row.code);
    EXPECT_EQ(code_of(row.name), row.code);
  }
}

TEST(wire_error, unknown_names) {  // OAP-4.48
  EXPECT_FALSE(code_of(""));
  EXPECT_FALSE(code_of("badframe"));
  EXPECT_FALSE(code_of("BadFrame "));
}

TEST(wire_error, what_passes_may_be_tried_again) {
  for (const Code code : {Code::kQuotaExceeded, Code::kBusy, Code::kNotReady, Code::kTimeout}) {
    EXPECT_TRUE(info(code).retryable) << name(code);
  }
  for (const Code code : {Code::kBadVersion, Code::kBadFrame, Code::kForbidden, Code::kUnauth}) {
    EXPECT_FALSE(info(code).retryable) << name(code);
  }
}

}  // namespace
}  // namespace ron::oap
