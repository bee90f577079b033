// What operators are told, as JSON: /sessionz and /topicz of the admin listener, and the control
// operations of the same content. Pure. Schemas: docs/control.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/memory.hpp"
#include "config/settings.hpp"
#include "host/host.hpp"
#include "ops/admin_answers.hpp"
#include "ops/process_facts.hpp"
#include "setup/configuration.hpp"
#include "svc/overlay/dial_failures.hpp"

namespace ron::svc {

enum class SessionOrder : std::uint8_t { kQueued, kDropped, kPublished, kDelivered, kAge, kId };

/// `order` is one of queued, dropped, published, delivered, age, id; anything else is nothing.
bool parse_order(std::string_view order, SessionOrder& into);

/// The first `limit` sessions in `order` (the largest first; kId: the lowest), and how many there
/// are.
std::string sessions_json(host::Inspection inspection, SessionOrder order, std::size_t limit);

/// The first `limit` patterns by sessions, and topics by publications.
std::string topics_json(host::Inspection inspection, std::size_t limit);

/// The node's queues, with the `limit` sessions that hold most.
std::string queues_json(const host::Snapshot& snapshot, const config::Settings& settings,
                        host::Inspection inspection, std::size_t limit);

/// The first `limit` nodes the mesh knows, neighbours first, and the named peers without a link.
std::string peers_json(host::Inspection inspection, const DialFailures& failures,
                       std::size_t limit);
/// Who had a probe of `node`.
std::string trace_json(const mesh::Trace& trace, const std::string& node);

/// The mesh as this node sees it.
struct MeshView {
  bool enabled = false;
  std::string node, name, role;
  host::Snapshot snapshot;
  host::Inspection inspection;
  double redundancy = 0;
};
std::string mesh_json(MeshView view);

/// Who reads the configuration: anybody on the admin listener, or whom the kernel names on the Unix
/// socket. An operator sees whole paths, so that `ronctl doctor` can look at the files; secrets and
/// identities are withheld from both.
enum class Audience : std::uint8_t { kAnybody, kOperator };

/// Every key with its value, where that came from, and whether a reload applies it.
std::string configuration_json(const setup::Configuration& configuration, Audience audience);

/// The node at a glance.
struct Status {
  ops::VersionInfo version;
  ops::Readiness readiness;
  ops::ProcessFacts process;
  host::Snapshot snapshot;
  std::string admin, uds, tls, pq_mode, profile, log_level, config_file;
  std::uint64_t now_unix = 0;
  std::uint64_t reloads = 0, reload_failures = 0;
  config::MemoryPlan memory;
  std::uint64_t memory_budget = 0;
  bool draining = false;
};
std::string status_json(const Status& status);

}  // namespace ron::svc
