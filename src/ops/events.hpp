// The one table of log events, and the one of log fields.
//
// Both are closed lists: what is not in them cannot be logged. That is the first line of redaction
// (there is no field for a token, a key or a payload) and makes docs/observability.md complete,
// which a test checks. A new event is one enumerator and one row; names are a contract (B10).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "config/settings.hpp"

namespace ron::ops {

using config::LogLevel;

enum class Event : std::uint8_t {
  // process
  kStarting,
  kConfigWarning,
  kConfigError,
  kFdLimitLow,
  kBindFailed,
  kReady,
  kNotReady,
  kReadyAgain,
  kReloading,
  kReloaded,
  kReloadFailed,
  kConfigChanged,
  kRestartNeeded,
  kDraining,
  kCutOff,
  kStopped,
  kKilled,
  kFatal,
  kChildDied,
  kChildRestarted,
  kStuck,
  // security posture
  kInsecurePlaintext,
  kCertificateLoaded,
  kCertificateExpiring,
  // sessions
  kSessionOpened,
  kSessionClosed,
  kDowngradeDetected,
  kHandshakeFailed,
  kPeerFailed,
  kPeerExpelled,
  kAcceptRefused,
  // operators
  kControl,
  kAdminRefused,
};
inline constexpr std::size_t kEventCount = static_cast<std::size_t>(Event::kAdminRefused) + 1;

struct EventRow {
  Event event;
  std::string_view name;
  LogLevel level;
  bool sampled;  // repeats are thinned out (log_sampler.hpp)
  std::string_view doc;
};

std::span<const EventRow> events();
const EventRow& row_of(Event event);

enum class Field : std::uint8_t {
  kReason,
  kMessage,
  kRemedy,
  kCorrId,
  kPeerAddr,
  kPeerId,
  kPeerName,
  kSession,
  kChannel,
  kLatencyMs,
  kBytes,
  kFrames,
  kErrorCode,
  kPqMode,
  kKexAlgo,
  kPeerMode,
  kScore,
  kListen,
  kAdvertise,
  kName,
  kAdmin,
  kUds,
  kShards,
  kTls,
  kNode,
  kVersion,
  kGit,
  kOpenssl,
  kPid,
  kProfile,
  kConfigFile,
  kKey,
  kValue,
  kBefore,
  kSource,
  kPath,
  kSignal,
  kSessions,
  kMissing,
  kDegraded,
  kDeadlineMs,
  kDaysLeft,
  kLimit,
  kWanted,
  kChild,
  kOp,
  kUid,
  kSuppressed,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::kSuppressed) + 1;

struct FieldRow {
  Field field;
  std::string_view name;
  std::string_view doc;
};

std::span<const FieldRow> fields();
std::string_view name_of(Field field);
std::string_view name_of(LogLevel level);
/// The level of a name; nothing for a name that is none.
std::optional<LogLevel> level_of(std::string_view name);

}  // namespace ron::ops
