// Kinds that steer a session: credit, keep, bye, lagged, refused (docs/OAP-1.md sections 3, 5, 6).
#include "node/core.hpp"

namespace ron::node {
namespace {

void bad(ShardCore& core, Session& session, const Incoming& in, std::string_view fault) {
  core.refuse(session, in.header, {oap::Code::kBadFrame, fault, false, 0});
}

}  // namespace

void handle_credit(ShardCore& core, Session& session, const Incoming& in) {
  const auto bytes = oap::read_credit(in.message);
  if (!bytes) {
    bad(core, session, in, bytes.error());
    return;
  }
  core.counters().credit_clamped_bytes += session.send.give_back(*bytes);  // OAP-5.11
  if (session.egress.sendable(session.send.may_send())) core.mark_flush(session);
}

// That it came is all there is to it: the idle timer has been wound.
void handle_keep(ShardCore&, Session&, const Incoming&) {}

// The other side leaves; what is queued for it still goes out.
void handle_bye(ShardCore& core, Session& session, const Incoming& in) {
  if (const auto bye = oap::read_bye(in.message); !bye) bad(core, session, in, bye.error());
}

// A client has no lanes that this node could lag in, nor refuses it publications: legal, no effect.
void handle_lagged(ShardCore& core, Session& session, const Incoming& in) {
  if (const auto lost = oap::read_lagged(in.message); !lost) bad(core, session, in, lost.error());
}
void handle_refused(ShardCore& core, Session& session, const Incoming& in) {
  if (const auto told = oap::read_refused(in.message); !told) bad(core, session, in, told.error());
}

}  // namespace ron::node
