// The words of overlay_handshake_failures_total{reason}: one list, for the metric and for the log's
// `handshake_failed`, so that a line and a counter can be laid side by side.
#pragma once

#include <string_view>

#include "host/event.hpp"
#include "node/stats.hpp"
#include "transport/stream.hpp"

namespace ron::svc {

/// Of a handshake that the machine counted.
std::string_view handshake_reason(node::HandshakeFailure why);

/// Of a TLS handshake that the driver counted.
std::string_view handshake_reason(transport::FailureClass kind);

/// What the machine counted a session under that ended before it was open: kSessionClosed without
/// `was_open`.
node::HandshakeFailure handshake_failure(const host::Event& event);

}  // namespace ron::svc
