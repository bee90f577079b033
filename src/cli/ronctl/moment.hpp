// The machine's clock as text, UTC.
#pragma once

#include <chrono>
#include <string>

namespace ron::cli {

using Moment = std::chrono::system_clock::time_point;

inline Moment now() { return std::chrono::system_clock::now(); }

/// "2026-01-31T12:34:56.789Z", as in the node's log.
std::string timestamp_text(Moment moment);
/// "12:34:56.789Z".
std::string clock_text(Moment moment);

}  // namespace ron::cli
