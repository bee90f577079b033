// The error codes of the wire, in one table (docs/OAP-1.md section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ron::oap {

enum class Code : std::uint8_t {
  kBadVersion,
  kBadFrame,
  kFrameTooLarge,
  kRatioCap,
  kQuotaExceeded,
  kBusy,
  kNotReady,
  kUnauth,
  kForbidden,
  kNotFound,
  kTimeout,
  kInternal,
};
inline constexpr std::size_t kCodeCount = 12;

struct CodeInfo {
  Code code;
  std::string_view name;  // as on the wire
  std::uint16_t http;     // the HTTP twin
  bool retryable;         // may the same request succeed later, unchanged?
};

/// The row of a code.
const CodeInfo& info(Code code);
std::string_view name(Code code);

/// The code of a wire name; nothing for a name this version does not know.
std::optional<Code> code_of(std::string_view name);

/// A refusal: what goes into an `error` frame. `text` has static storage and names the rule that
/// was broken, never the offending bytes.
struct WireError {
  Code code = Code::kInternal;
  std::string_view text;
  bool closes = false;               // session-fatal?
  std::uint32_t retry_after_ms = 0;  // 0 = not given
};

}  // namespace ron::oap
