// Telling systemd how the service stands (sd_notify(3)), without its library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace ron::ops {

/// Sends one datagram ("READY=1\nSTATUS=...") to $NOTIFY_SOCKET; false when there is none or it
/// cannot be reached. Never blocks.
bool notify_service_manager(std::string_view message);

/// "READY=1", with the text for `systemctl status`.
inline std::string ready_message(std::string_view status) {
  return "READY=1\nSTATUS=" + std::string(status);
}

/// How often the service manager wants to hear WATCHDOG=1 ($WATCHDOG_USEC); nothing when it does
/// not, or means another process.
std::optional<Duration> watchdog_interval();

/// "RELOADING=1" with the monotonic time that newer managers want.
std::string reloading_message();

/// "STOPPING=1", and how long the end may take: more than TimeoutStopSec= is granted for the
/// asking.
std::string stopping_message(Duration within);

}  // namespace ron::ops
