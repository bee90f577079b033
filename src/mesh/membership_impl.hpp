// The inside of Membership. One file a concern:
//   membership.cpp           the calls, and time
//   membership_sessions.cpp  sessions that come and go; which of two to one node stays
//   membership_links.cpp     link, unlink, ping and their answers
//   membership_search.cpp    candidates: told, dialed, probed
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/dialing.hpp"
#include "mesh/membership.hpp"
#include "mesh/sessions.hpp"
#include "mesh/views.hpp"
#include "policy/backoff.hpp"

namespace ron::mesh {

class Membership::Impl {
 public:
  Impl(const MeshConfig& config, Choice& choice);

  void start(Instant now, Orders& out);
  void session_up(const PeerSession& peer, Instant now, Orders& out);
  void session_down(SessionId id, Instant now, Orders& out);
  void dial_failed(DialId dial, Instant now, Orders& out);
  void heard(SessionId id, Instant now);
  std::optional<oap::Fault> received(SessionId id, const oap::Header& header,
                                     const oap::Message& message, Instant now, Orders& out);
  void dial(ConfiguredPeer peer, Instant now, Orders& out);
  bool hangup(const NodeId& node, Instant now, Orders& out);
  bool withdraw(std::string_view addr, Instant now, Orders& out);
  void expel(const NodeId& node, Instant now, Orders& out);
  bool part_from(const NodeId& node, Instant now, Orders& out);
  void tick(Instant now, Orders& out);
  std::vector<PeerView> peers(Instant now) const;
  std::vector<NamedView> named() const;
  const MembershipStats& stats();

  Instant next() const { return next_; }
  std::vector<LinkChange>& changes() { return changes_; }
  const Sessions& sessions() const { return sessions_; }

 private:
  using Answer = std::optional<oap::Fault>;

  // Time.
  /// What every call does first: a node that did not run itself blames nobody for silence.
  void woke(Instant now);
  void forgive(Instant now);
  void check_session(Session& session, Instant now, Orders& out);
  Instant due_ping(const Session& session) const;
  /// The ping that is due on a link, or the answer to one, and what can go along.
  void ping_together(const Session& with, Instant now, Orders& out);
  /// What every call does last: searches what is missing, and arms the timer.
  void settle(Instant now, Orders& out);
  void schedule(Instant now);
  Duration jitter(Duration most);

  // Sessions.
  bool admit(const Session& session, const std::optional<Attempt>& attempt, Instant now,
             Orders& out, std::optional<oap::WireError>& error);
  bool outlives_rivals(Session& session, Instant now, Orders& out);
  bool settle_rivals(Session& session, Session& old, Instant now, Orders& out);
  bool make_room(Instant now, Orders& out);
  void begin(Session& session, const Attempt& attempt, Instant now, Orders& out);
  /// Closes it, and takes its link down.
  void end(Session& session, Instant now, Orders& out,
           std::optional<oap::WireError> error = std::nullopt);
  void failed(const Attempt& attempt);
  void named_answered(const Attempt& attempt, const NodeId& node);

  // Links.
  Answer on_link(Session& session, const oap::Header& header, const oap::Message& message,
                 Instant now, Orders& out);
  Answer on_answer(Session& session, CorrId corr, const oap::Message& message, Instant now,
                   Orders& out);
  Answer on_link_answer(Session& session, const oap::Message& message, Instant now, Orders& out);
  Answer on_refusal(Session& session, const oap::Message& message, Instant now, Orders& out);
  void on_unlink(Session& session, Instant now);
  void on_pong(Session& session, const oap::Ack& ack, Instant now, Orders& out);
  void ask(Session& session, Instant now, Orders& out);
  void accept(Session& session, CorrId corr, Role role, Instant now, Orders& out);
  void refuse(Session& session, CorrId corr, Instant now, Orders& out);
  /// A neighbour that makes room for `newcomer`; nullptr when none may be asked to.
  Session* to_let_go(const Session& newcomer, Instant now);
  void let_go(Session& session, Instant now, Orders& out);
  void introduce(const Session& reader, const Session& to, Orders& out);
  bool has_room(const Session& session, const oap::LinkRequest& request, Instant now, Orders& out,
                Session*& freed);
  bool moves(const Session& session, Role role, Instant now, Orders& out);
  void link_up(Session& session, Role role, Instant now, Orders& out);
  void link_down(Session& session, Instant now);
  void ping(Session& session, Instant now, Orders& out);
  void send_ack(const Session& session, CorrId corr, Orders& out);
  void send(const Session& session, std::uint16_t flags, CorrId corr, ByteView payload,
            Orders& out);

  // Candidates.
  Answer on_peers(Session& session, const oap::Message& message, Instant now, Orders& out);
  void learn(const oap::PeerAddr& peer, Source source, bool fresh);
  void met(const Session& session);
  void expect(const NodeId& node, Instant now);
  std::vector<oap::PeerAddr> sample(const NodeId& reader);
  void tell(Session& session, Orders& out);
  void shuffle(Instant now, Orders& out);
  void long_probe(Instant now, Orders& out);
  void search(Instant now, Orders& out);
  void use_spares(Instant now, Orders& out);
  void probe(Instant now, Orders& out);
  void redial(Instant now, Orders& out);
  bool due(const NamedPeer& peer) const;
  void rest(Instant now, bool exhausted);

  bool is_leaf() const { return config_.role == Role::kLeaf; }
  unsigned target() const { return is_leaf() ? config_.views.leaf_links : config_.views.active; }
  unsigned most() const { return is_leaf() ? config_.views.leaf_links : config_.views.active_max; }
  /// Links that count towards the target.
  unsigned links() const;
  /// The same with those that were asked for or are expected.
  unsigned have() const;
  bool urgent() const { return links() * 2 < target(); }

  MeshConfig config_;
  Choice& choice_;
  Sessions sessions_;
  Dials dials_;
  DialBudget budget_;
  NamedPeers named_;
  Views views_;
  std::vector<LinkChange> changes_;
  MembershipStats stats_;

  CorrId corr_ = 0;
  bool started_ = false;
  Instant started_at_, trimmed_;
  Instant returns_at_;  // no link is made before to a node that was lost, unless one is missing
  Instant next_ = Instant::never();
  Instant shuffle_at_ = Instant::never(), long_at_ = Instant::never();
  Instant search_at_ = Instant::never(), named_at_ = Instant::never();

  Duration usual_gap_{0};  // the longest silence of late of all links

  // Links that are coming because another node let somebody go in our favour.
  unsigned expected_ = 0;
  Instant expected_until_;

  // The search for links.
  policy::Backoff backoff_;
  Instant calm_until_;      // nobody is probed before
  bool exhausted_ = false;  // calm because every candidate was tried
  bool news_ = false;       // since then a new one was told
  unsigned silent_ = 0;     // neighbours and probed ones that fell silent lately
  unsigned refused_ = 0;    // in a row
};

}  // namespace ron::mesh
