#include "oap/wire_error.hpp"

#include <array>

namespace ron::oap {
namespace {

// OAP-4.49 .. OAP-4.60: names and HTTP twins. `retryable` is advice for clients: the fault lies in
// a state that passes, not in the request.
constexpr std::array<CodeInfo, kCodeCount> kTable{{
    {Code::kBadVersion, "BadVersion", 400, false},
    {Code::kBadFrame, "BadFrame", 400, false},
    {Code::kFrameTooLarge, "FrameTooLarge", 413, false},
    {Code::kRatioCap, "RatioCap", 400, false},
    {Code::kQuotaExceeded, "QuotaExceeded", 429, true},
    {Code::kBusy, "Busy", 503, true},
    {Code::kNotReady, "NotReady", 503, true},
    {Code::kUnauth, "Unauth", 401, false},
    {Code::kForbidden, "Forbidden", 403, false},
    {Code::kNotFound, "NotFound", 404, false},
    {Code::kTimeout, "Timeout", 504, true},
    {Code::kInternal, "Internal", 500, false},
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
