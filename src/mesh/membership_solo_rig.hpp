// One membership machine on a hand-wound clock, and a book of what it may still be told and speak
// about. After every call its bounds are checked, and that its orders make sense.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mesh/membership.hpp"
#include "mesh/membership_rig.hpp"

namespace ron::mesh::testing {

/// A frame the machine sent.
struct Sent {
  SessionId session;
  oap::Header header;
  std::string kind;
  std::vector<std::uint8_t> payload;

  oap::Message message() const { return *oap::read_message(payload); }
};

class Solo {
 public:
  explicit Solo(std::uint64_t seed, Role role = Role::kRelay)
      : config_(make_config(role)), choice_(seed), machine_(config_, choice_) {
    machine_.start(now_, out_);
    obey();
  }

  SessionId up(std::size_t node, std::optional<DialId> dial = std::nullopt,
               std::uint64_t epoch = 1) {
    const SessionId id = SessionId::make(0, 1, next_session_++);
    open_.insert(id);
    machine_.session_up({id, node_id(1, node), epoch, dial}, now_, out_);
    obey();
    return id;
  }
  /// The node at the dialed address answers.
  SessionId answer(DialId dial) {
    const std::string addr = dials_.at(dial);
    dials_.erase(dial);
    for (std::size_t node = 0; node < 2000; ++node) {
      if (address(node) == addr) return up(node, dial);
    }
    return up(0, dial);
  }
  void down(SessionId id) {
    open_.erase(id);
    machine_.session_down(id, now_, out_);
    obey();
  }
  void fail(DialId dial) {
    dials_.erase(dial);
    machine_.dial_failed(dial, now_, out_);
    obey();
  }
  void say(SessionId id, std::uint16_t flags, CorrId corr, std::vector<std::uint8_t> payload) {
    const Slice frame = oap::make_frame(flags, TenantId{}, corr, payload);
    const auto message = oap::read_message(payload);
    ASSERT_TRUE(message);
    machine_.received(id, oap::read_header(frame.data()), *message, now_, out_);
    obey();
  }
  void ask(SessionId id, bool prio, bool leaf = false) {
    const std::string addr = address(id.slot() % 1000);
    say(id, oap::kReq, 1, oap::write_link({.prio = prio, .leaf = leaf, .addr = addr}));
  }
  void advance(Duration by) {
    now_ = now_ + by;
    machine_.tick(now_, out_);
    obey();
    EXPECT_GE(machine_.next_deadline(), now_);
  }
  void command(std::size_t node, bool hang) {
    if (hang) {
      machine_.hangup(node_id(1, node), now_, out_);
    } else {
      machine_.dial({address(node), node_id(1, node)}, now_, out_);
    }
    obey();
  }
  void expel(std::size_t node) {
    machine_.expel(node_id(1, node), now_, out_);
    obey();
  }

  /// Answers an open request of the machine.
  void ack(SessionId session, CorrId corr, std::uint64_t links = 1) {
    oap::Ack ack;
    ack.for_corr = corr;
    ack.links = links;
    say(session, oap::kResp, corr, oap::write_ack(ack));
  }
  /// What was sent since the last call; of one session where it is named.
  std::vector<Sent> sent(std::optional<SessionId> only = std::nullopt) {
    std::vector<Sent> chosen;
    for (Sent& each : std::exchange(sent_, {})) {
      if (!only || each.session == *only) chosen.push_back(std::move(each));
    }
    return chosen;
  }
  void heard_everywhere() {
    for (const SessionId id : open_) machine_.heard(id, now_);
  }

  Membership& machine() { return machine_; }
  Instant now() const { return now_; }
  const std::set<SessionId>& open() const { return open_; }
  const std::map<DialId, std::string>& dials() const { return dials_; }
  /// Requests of the machine that nobody has answered: session and correlation id.
  std::vector<std::pair<SessionId, CorrId>> requests;

 private:
  static MeshConfig make_config(Role role) {
    MeshConfig config;
    config.self = node_id(1, 0);
    config.epoch = 1;
    config.role = role;
    config.advertise = address(0);
    return config;
  }

  void obey() {
    for (const Send& send : out_.sends) {
      EXPECT_TRUE(open_.contains(send.session)) << "a frame for a session that is closed";
      const oap::Header header = oap::read_header(send.frame.data());
      if (header.has(oap::kReq)) requests.emplace_back(send.session, header.corr);
      const ByteView payload = send.frame.bytes().subspan(oap::kHeaderSize);
      Sent sent{send.session, header, "", {payload.begin(), payload.end()}};
      sent.kind = sent.message().kind;
      sent_.push_back(std::move(sent));
    }
    for (const Dial& dial : out_.dials) dials_[dial.dial] = dial.addr;
    for (const CancelDial& cancel : out_.cancels) EXPECT_EQ(dials_.erase(cancel.dial), 1U);
    for (const Close& close : out_.closes) EXPECT_EQ(open_.erase(close.session), 1U);
    for (const LinkChange& change : machine_.changes()) {
      const bool known = links_.contains(change.link.session);
      EXPECT_NE(known, change.up) << "links go up and down in turns";
      if (change.up) {
        links_.insert(change.link.session);
      } else {
        links_.erase(change.link.session);
      }
    }
    machine_.changes().clear();
    out_.clear();
    check();
  }

  void check() {
    const MembershipStats& stats = machine_.stats();
    EXPECT_LE(stats.active, config_.views.active_max);
    EXPECT_LE(stats.leaves, config_.views.leaves_max);
    EXPECT_LE(stats.passive, config_.views.passive);
    EXPECT_LE(stats.dialing, config_.views.probes);
    EXPECT_LE(stats.sessions, config_.views.active_max + config_.views.leaves_max +
                                  config_.views.sessions_max + 4 * config_.views.probes);
    EXPECT_EQ(stats.sessions, open_.size());
    EXPECT_EQ(stats.active + stats.leaves, links_.size());
    LinkMask slots = 0;
    for (const Link* link : machine_.relays()) {
      EXPECT_TRUE(links_.contains(link->session));
      EXPECT_EQ(machine_.link(link->session), link);
      EXPECT_GE(bit(link->slot), slots) << "in the order of their slots";
      slots |= bit(link->slot);
    }
  }

  MeshConfig config_;
  SeedChoice choice_;
  Membership machine_;
  Instant now_ = Instant(1s);
  Orders out_;
  std::vector<Sent> sent_;
  std::uint32_t next_session_ = 0;
  std::set<SessionId> open_, links_;
  std::map<DialId, std::string> dials_;
};

}  // namespace ron::mesh::testing
