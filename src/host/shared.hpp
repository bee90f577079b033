// What the shards of one node share: rings between them, the accept limits, the certificate.
#pragma once

#include <memory>
#include <vector>

#include "host/inspection.hpp"
#include "host/settings.hpp"
#include "host/snapshot.hpp"
#include "node/mail.hpp"
#include "runtime/config_cell.hpp"
#include "runtime/gate.hpp"
#include "runtime/guarded.hpp"
#include "runtime/spsc_ring.hpp"
#include "transport/accept_limiter.hpp"

namespace ron::host {

using MailRing = runtime::SpscRing<node::ShardMail>;

class ShardHost;

struct Shared {
  explicit Shared(const Settings& with);

  MailRing& ring(ShardIndex from, ShardIndex to) { return *rings[from * shards.size() + to]; }
  void tell(const Event& event) const {
    if (settings.on_event) settings.on_event(event);
  }

  Settings settings;
  runtime::Guarded<transport::AcceptLimiter> limiter;
  runtime::ConfigCell<crypto::TlsContext> tls;
  runtime::ConfigCell<crypto::TlsContext> peer_tls;  // for dialing; null without a mesh
  std::vector<std::unique_ptr<MailRing>> rings;      // [from][to]
  std::vector<std::unique_ptr<ShardHost>> shards;    // all there before any thread starts
};

/// Limits of one shard, of a whole node's.
node::LiveConfig shard_share(const LiveSettings& live, std::size_t shards);

/// One inspection of the shards' parts.
Inspection merge(std::vector<Inspection>& parts);

}  // namespace ron::host
