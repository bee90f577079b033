#include "oap/wire_error.hpp"

#include <array>

namespace ron::oap {
namespace {

// Names and HTTP twins. `retryable` is advice for clients: the fault lies in
// a state that passes, not in the request.
constexpr std::array<CodeInfo, kCodeCount> kTable{{
    {Code::kBadVersion, "BadVersion", 400, false},        // OAP-4.49
    {Code::kBadFrame, "BadFrame", 400, false},            // OAP-4.50
    {Code::kFrameTooLarge, "FrameTooLarge", 413, false},  // OAP-4.51
    {Code::kRatioCap, "RatioCap", 400, false},            // OAP-4.52
    {Code::kQuotaExceeded, "QuotaExceeded", 429, true},   // OAP-4.53
    {Code::kBusy, "Busy", 503, true},                     // OAP-4.54
    {Code::kNotReady, "NotReady", 503, true},             // OAP-4.55
    {Code::kUnauth, "Unauth", 401, false},                // OAP-4.56
    {Code::kForbidden, "Forbidden", 403, false},          // OAP-4.57
    {Code::kNotFound, "NotFound", 404, false},            // OAP-4.58
    {Code::kTimeout, "Timeout", 504, true},               // OAP-4.59
    {Code::kInternal, "Internal", 500, false},            // OAP-4.60
}};

constexpr bool table_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  }
  return true;
}
static_assert(table_in_order(), "a code is the index of its row");

}  // namespace

const CodeInfo& info(Code code) { return kTable[static_cast<std::size_t>(code)]; }

std::string_view name(Code code) { return info(code).name; }

std::optional<Code> code_of(std::string_view name) {
  for (const CodeInfo& row : kTable) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

}  // namespace ron::oap
