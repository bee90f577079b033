// Typed errors of the SDK: what happened, whether trying again can help, and when.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace ron::sdk {

/// Why something did not happen. The first twelve are the codes of OAP/1, as the node sent them.
enum class ErrorCode : std::uint8_t {
  kBadVersion,     ///< the node speaks another version, or hybrid key exchange was required
  kBadFrame,       ///< the node (or this library, before sending) found a field that is not legal
  kFrameTooLarge,  ///< larger than the node's max_frame
  kRatioCap,       ///< compressed more than tenfold
  kQuotaExceeded,  ///< rate, inflight or subscription quota
  kBusy,           ///< a bounded queue is full, here or there
  kNotReady,       ///< the node is draining or not ready yet
  kUnauth,         ///< token missing, invalid or expired
  kForbidden,      ///< token valid, right missing
  kNotFound,       ///< no such thing
  kTimeout,        ///< the deadline passed; what was asked for may still have happened
  kInternal,       ///< a fault of the node
  kDisconnected,   ///< the connection ended before the answer; nobody knows whether it was done
  kCancelled,      ///< cancelled through the stop token
  kClosed,         ///< the client was closed
  kConnect,        ///< no connection could be made
  kProtocol,       ///< the other side broke the protocol or is not what it must be
  kNoResponder,    ///< a request reached no subscriber anywhere
  kUsage,          ///< options or arguments that make no sense; a blocking call in a handler
};

/// The name of a code, as on the wire where it has one: "QuotaExceeded".
std::string_view name(ErrorCode code);

/// What every call of the SDK returns instead of throwing.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;                       ///< for a person
  bool retryable = false;                    ///< may the same call succeed later, unchanged?
  std::chrono::milliseconds retry_after{0};  ///< the node's hint; 0 = none
};

/// A value or an Error.
template <typename T>
using Result = std::expected<T, Error>;

}  // namespace ron::sdk
