// One machine and a world that says whatever it likes: bounds hold, orders make sense.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "mesh/membership.hpp"
#include "mesh/membership_rig.hpp"

namespace ron::mesh {
namespace {

using testing::address;
using testing::node_id;

/// A machine, and a book of what it may still be told and speak about.
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
  std::uint32_t next_session_ = 0;
  std::set<SessionId> open_, links_;
  std::map<DialId, std::string> dials_;
};

template <typename Set>
auto any_of(const Set& set, Choice& choice) {
  return *std::next(set.begin(), static_cast<std::ptrdiff_t>(choice.index(set.size())));
}

void talk(Solo& solo, Choice& choice) {
  if (solo.open().empty()) return;
  const SessionId id = any_of(solo.open(), choice);
  switch (choice.index(7)) {
    case 0:
    case 1: return solo.ask(id, choice.chance(1, 2), choice.chance(1, 3));
    case 2: return solo.say(id, oap::kEvent, 0, oap::write_unlink());
    case 3: return solo.say(id, oap::kReq, 9, oap::write_ping());
    case 4: {
      std::vector<std::string> addrs;
      std::vector<oap::PeerAddr> peers;
      const std::uint64_t count = choice.index(oap::kPeersMax + 1);
      std::vector<std::size_t> nodes;
      for (std::uint64_t i = 0; i < count; ++i) nodes.push_back(choice.index(1000));
      for (const std::size_t node : nodes) addrs.push_back(address(node));
      for (std::size_t i = 0; i < nodes.size(); ++i)
        peers.push_back({addrs[i], node_id(1, nodes[i])});
      if (choice.chance(1, 2)) return solo.say(id, oap::kEvent, 0, oap::write_peers(peers));
      if (solo.requests.empty()) return;
      const auto [session, corr] = any_of(solo.requests, choice);
      if (!solo.open().contains(session)) return;
      return solo.say(session, oap::kResp, corr, oap::write_busy("full", peers));
    }
    default: {
      if (solo.requests.empty()) return;
      const auto [session, corr] = any_of(solo.requests, choice);
      if (!solo.open().contains(session)) return;
      oap::Ack ack;
      ack.for_corr = corr;
      if (choice.chance(1, 2)) ack.links = choice.bits();
      return solo.say(session, oap::kResp, corr, oap::write_ack(ack));
    }
  }
}

void act(Solo& solo, Choice& choice) {
  switch (choice.index(12)) {
    case 0:
    case 1:
    case 2: solo.up(choice.index(300), std::nullopt, 1 + choice.index(3)); return;
    case 3:
    case 4:
      if (solo.dials().empty()) return;
      {
        const DialId dial = any_of(solo.dials(), choice).first;
        if (choice.chance(1, 4)) return solo.fail(dial);
        solo.answer(dial);
      }
      return;
    case 5:
      if (!solo.open().empty() && choice.chance(1, 3)) solo.down(any_of(solo.open(), choice));
      return;
    case 6:
      if (choice.chance(1, 8)) solo.command(choice.index(400), choice.chance(1, 2));
      return;
    case 7:
      return solo.advance(Duration(static_cast<std::int64_t>(
          choice.index(choice.chance(1, 10) ? 3'000'000'000 : 50'000'000))));
    default: return talk(solo, choice);
  }
}

TEST(MembershipBounds, HoldWhateverTheWorldSays) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SeedChoice choice(seed * 1000);
    Solo solo(seed, seed % 4 == 0 ? Role::kLeaf : Role::kRelay);
    for (int step = 0; step < 3000 && !::testing::Test::HasFailure(); ++step) act(solo, choice);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

TEST(MembershipBounds, TablesFillUpAndStayThere) {
  Solo solo(7);
  for (std::size_t node = 1; node <= 200; ++node) solo.ask(solo.up(node), true);
  for (std::size_t node = 201; node <= 400; ++node) solo.ask(solo.up(node), true, true);
  for (std::size_t node = 401; node <= 600; ++node) solo.up(node);
  const MembershipStats& stats = solo.machine().stats();
  const ViewLimits limits;
  EXPECT_EQ(stats.active, limits.active_max);
  EXPECT_EQ(stats.leaves, limits.leaves_max);
  EXPECT_EQ(stats.passive, limits.passive);
  EXPECT_EQ(stats.sessions, limits.active_max + limits.leaves_max + limits.sessions_max);
}

TEST(MembershipBounds, ACrowdCannotHaveTheLinksThatThisNodeChose) {
  Solo solo(8);
  std::set<SessionId> chosen;
  for (std::size_t node = 1; node <= 4; ++node) solo.command(node, false);
  const auto dials = solo.dials();
  for (const auto& [dial, addr] : dials) chosen.insert(solo.answer(dial));
  const auto requests = solo.requests;
  for (const auto& [session, corr] : requests) {
    oap::Ack ack;
    ack.for_corr = corr;
    solo.say(session, oap::kResp, corr, oap::write_ack(ack));
  }
  for (std::size_t node = 100; node < 400; ++node) {
    solo.ask(solo.up(node), true);
    for (const SessionId id : solo.open()) solo.machine().heard(id, solo.now());
    solo.advance(100ms);
  }
  std::size_t kept = 0;
  for (const Link* link : solo.machine().relays()) kept += chosen.contains(link->session) ? 1 : 0;
  EXPECT_EQ(kept, 4U);
  EXPECT_GE(solo.machine().stats().links_dropped, 20U) << "the others changed all the time";
}

}  // namespace
}  // namespace ron::mesh
