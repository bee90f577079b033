// What the host tells, as log lines. Called on the host's threads; writing never blocks them.
#pragma once

#include "host/event.hpp"
#include "ops/log.hpp"

namespace ron::svc {

void log_event(const host::Event& event, ops::Log& log);

}  // namespace ron::svc
