#include "mesh/mesh.hpp"

#include <algorithm>

#include "mesh/relay.hpp"

namespace ron::mesh {
namespace {

bool of_membership(std::string_view kind, const oap::Header& header) {
  return header.has(oap::kResp) || kind == "link" || kind == "unlink" || kind == "peers" ||
         kind == "ping";
}

}  // namespace

class Mesh::Impl final : public Ways {
 public:
  Impl(const MeshConfig& config, const CryptoFns& crypto, Choice& choice, SlabMeter* meter)
      : membership(config, choice), relay(config, crypto, choice, meter, *this) {}

  RoundTrip round_trip(SessionId session) const override {
    const Link* const link = membership.link(session);
    return link == nullptr ? RoundTrip() : link->rtt;
  }

  /// Tells the relay what became of the links.
  void settle(Instant now, Orders& out) {
    std::vector<LinkChange>& changes = membership.changes();
    for (std::size_t i = 0; i < changes.size(); ++i) relay.link_changed(changes[i], now, out);
    changes.clear();
  }

  Membership membership;
  RelayMachine relay;
};

Mesh::Mesh(const MeshConfig& config, const CryptoFns& crypto, Choice& choice, SlabMeter* meter)
    : impl_(std::make_unique<Impl>(config, crypto, choice, meter)) {}
Mesh::~Mesh() = default;

void Mesh::start(Instant now, Orders& out) {
  impl_->membership.start(now, out);
  impl_->settle(now, out);
}

void Mesh::session_up(const PeerSession& peer, Instant now, Orders& out) {
  impl_->membership.session_up(peer, now, out);
  impl_->settle(now, out);
}

void Mesh::session_down(SessionId session, Instant now, Orders& out) {
  impl_->membership.session_down(session, now, out);
  impl_->settle(now, out);
}

void Mesh::dial_failed(DialId dial, Instant now, Orders& out) {
  impl_->membership.dial_failed(dial, now, out);
  impl_->settle(now, out);
}

std::optional<oap::Fault> Mesh::received(SessionId session, const PeerFrame& frame, Instant now,
                                         Orders& out) {
  impl_->membership.heard(session, now);
  if (!of_membership(frame.message.kind, frame.header)) {
    return impl_->relay.received(session, frame.header, frame.message, frame.frame, now, out);
  }
  auto fault = impl_->membership.received(session, frame.header, frame.message, now, out);
  impl_->settle(now, out);
  return fault;
}

unsigned Mesh::publish(const LocalPublication& publication, Instant now, Orders& out) {
  return impl_->relay.publish(publication.tenant, publication.corr, publication.message,
                              publication.topic, publication.fanout, now, out);
}

void Mesh::dial(ConfiguredPeer peer, Instant now, Orders& out) {
  impl_->membership.dial(std::move(peer), now, out);
  impl_->settle(now, out);
}

bool Mesh::hangup(const NodeId& node, Instant now, Orders& out) {
  const bool known = impl_->membership.hangup(node, now, out);
  impl_->settle(now, out);
  return known;
}

void Mesh::tick(Instant now, Orders& out) {
  impl_->membership.tick(now, out);
  impl_->settle(now, out);
  impl_->relay.tick(now, out);
}

Instant Mesh::next_deadline() const {
  return std::min(impl_->membership.next_deadline(), impl_->relay.next_deadline());
}

std::vector<PeerView> Mesh::peers(Instant now) const { return impl_->membership.peers(now); }
const MembershipStats& Mesh::membership() const { return impl_->membership.stats(); }
const RelayStats& Mesh::relay() const { return impl_->relay.stats(); }

}  // namespace ron::mesh
