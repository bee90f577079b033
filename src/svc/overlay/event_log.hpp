// What the host tells, as log lines. Called on the host's threads; writing never blocks them.
#pragma once

#include <string_view>

#include "host/event.hpp"
#include "ops/log.hpp"

namespace ron::svc {

/// Why there is no session to a peer that was dialed; empty where the event is another one.
std::string_view failed_peer_reason(const host::Event& event);

void log_event(const host::Event& event, ops::Log& log);

}  // namespace ron::svc
