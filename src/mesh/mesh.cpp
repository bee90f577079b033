#include "mesh/mesh.hpp"

#include <algorithm>
#include <map>

#include "mesh/relay.hpp"
#include "oap/topic.hpp"

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
      : membership(config, choice),
        relay(config, crypto, choice, meter, *this),
        scores(config.score),
        best_effort(config.best_effort) {}

  /// What the publication asks for goes before what its topic does.
  bool is_best_effort(const LocalPublication& publication) const {
    if (publication.mode == oap::kModeBestEffort) return true;
    if (publication.mode == oap::kModeRepair) return false;
    return std::ranges::any_of(best_effort, [&](const std::string& pattern) {
      return oap::matches(pattern, publication.topic);
    });
  }

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

  /// Who a session leads to, if it has a link.
  const NodeId* node_of(SessionId session) const {
    const Link* const link = membership.link(session);
    return link == nullptr ? nullptr : &link->node;
  }

  void note_conduct(Instant now) {
    for (const Conduct& each : relay.conduct()) {
      const NodeId* const node = node_of(each.session);
      if (node == nullptr) continue;
      if (each.misdeed) {
        scores.note(*node, *each.misdeed, now);
      } else {
        scores.kept_promise(*node, now);
      }
    }
    relay.conduct().clear();
  }

  /// Looks at the neighbours now and then; those that are not to be borne are let go.
  void judge(Instant now, Orders& out) {
    if (scores.size() == 0 || now < judged + kJudgeEvery) return;
    judged = now;
    std::vector<NodeId> neighbours;
    for (const PeerView& peer : membership.peers(now)) {
      if (peer.active) neighbours.push_back(peer.node);
    }
    for (const Scores::Verdict& verdict : scores.judge(neighbours, now)) {
      if (verdict.standing == Standing::kDisconnect && verdict.acts) {
        out.expelled.push_back(scores.explain(verdict.node, now));
        membership.expel(verdict.node, now, out);
      }
    }
  }

  static constexpr Duration kJudgeEvery = 1s;
  Membership membership;
  RelayMachine relay;
  Scores scores;
  std::vector<std::string> best_effort;
  Instant judged;
};

Mesh::Mesh(const MeshConfig& config, const CryptoFns& crypto, Choice& choice, SlabMeter* meter)
    : impl_(std::make_unique<Impl>(config, crypto, choice, meter)) {}
Mesh::~Mesh() = default;

void Mesh::start(Instant now, Orders& out) {
  impl_->membership.start(now, out);
  impl_->settle(now, out);
}

void Mesh::session_up(const PeerSession& peer, Instant now, Orders& out) {
  if (!impl_->scores.admits(peer.node, impl_->membership.stats().active, now)) {
    out.closes.push_back({peer.session, std::nullopt});
    if (peer.dial) impl_->membership.dial_failed(*peer.dial, now, out);
    return;
  }
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
  const NodeId* const node = impl_->node_of(session);
  std::optional<oap::Fault> fault;
  if (of_membership(frame.message.kind, frame.header)) {
    fault = impl_->membership.received(session, frame.header, frame.message, now, out);
  } else if (frame.message.kind != "ihave" || node == nullptr || !impl_->scores.refuses(*node)) {
    fault = impl_->relay.received(session, frame.header, frame.message, frame.frame, now, out);
  }
  if (fault && node != nullptr) impl_->scores.note(*node, Misdeed::kMalformed, now);
  impl_->note_conduct(now);
  impl_->settle(now, out);
  return fault;
}

unsigned Mesh::publish(const LocalPublication& publication, Instant now, Orders& out) {
  return impl_->relay.publish(publication.tenant, publication.corr, publication.message,
                              {.fanout = publication.fanout,
                               .best_effort = impl_->is_best_effort(publication),
                               .trace = publication.trace},
                              now, out);
}

void Mesh::interest(TenantId tenant, std::string_view pattern, bool add, Instant now,
                    Orders& /*out*/) {
  impl_->relay.interest(tenant, pattern, add, now);
}

void Mesh::shed(SessionId session, const Shed& shed, Instant now) {
  impl_->relay.shed(session, shed, now);
  impl_->note_conduct(now);
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

bool Mesh::withdraw(std::string_view addr, Instant now, Orders& out) {
  const bool known = impl_->membership.withdraw(addr, now, out);
  impl_->settle(now, out);
  return known;
}

void Mesh::tick(Instant now, Orders& out) {
  impl_->membership.tick(now, out);
  impl_->judge(now, out);
  impl_->settle(now, out);
  impl_->relay.tick(now, out);
  impl_->note_conduct(now);
}

Instant Mesh::next_deadline() const {
  return std::min(impl_->membership.next_deadline(), impl_->relay.next_deadline());
}

std::vector<PeerView> Mesh::peers(Instant now) const {
  std::vector<PeerView> peers = impl_->membership.peers(now);
  const std::map<SessionId, LinkTrees> trees = impl_->relay.trees();
  for (PeerView& peer : peers) {
    const auto found = peer.active ? trees.find(peer.session) : trees.end();
    if (found != trees.end()) peer.trees = found->second;
  }
  return peers;
}
std::vector<NamedView> Mesh::named() const { return impl_->membership.named(); }
Scores::Explanation Mesh::explain(const NodeId& node, Instant now) const {
  return impl_->scores.explain(node, now);
}
const MembershipStats& Mesh::membership() const { return impl_->membership.stats(); }
const RelayStats& Mesh::relay() const { return impl_->relay.stats(); }
const InterestKeys* Mesh::leaf_interest(const NodeId& leaf) const {
  return impl_->relay.leaves().interest(leaf);
}
const std::deque<Trace>& Mesh::traces() const { return impl_->relay.traces(); }

}  // namespace ron::mesh
