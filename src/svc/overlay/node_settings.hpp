// Configuration to what the host and the node are told.
#pragma once

#include "base/hex.hpp"
#include "base/ids.hpp"
#include "config/memory.hpp"
#include "config/settings.hpp"
#include "host/settings.hpp"
#include "setup/server_tls.hpp"

namespace ron::svc {

using setup::server_tls;

/// Without `on_event`, which is the caller's.
host::Settings host_settings(const config::Settings& settings, const NodeId& node);

/// What this machine's node may come to.
config::MemoryPlan memory_plan(const config::Settings& settings);

/// "off", "server" or "mutual"; "micronode" or "macronode".
std::string tls_text(const config::Settings& settings);
std::string profile_text(const config::Settings& settings);

/// What a running host takes over of new settings.
host::LiveSettings live_settings(const config::Settings& settings);

/// Of a node without a mesh: the id of its certificate; without TLS a random one for this run.
NodeId node_id(const config::Settings& settings);

}  // namespace ron::svc
