// Random users, nodes and networks against the client machine; the rules are checked from outside.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "session/client_rig.hpp"

namespace ron::session {
namespace {

// Plays one world. The node's view is kept by hand: credit given, requests open, numbers received.
class World {
 public:
  explicit World(std::uint64_t seed) : choice_(seed), rig_(options(), seed) {
    ack_ = Rig::hello_ack();
    ack_.limits.window = 2000;
    ack_.limits.inflight = 3;
    ack_.limits.fps = 2000;
    ack_.limits.rps = 1000;
  }

  void run() {
    rig_.in(Connect{});
    for (int i = 0; i < 250; ++i) step();
    // The network heals: everything that waits must come through, without another loss.
    for (int i = 0; i < 400 && (rig_.client.queued() > 0 || !open_.empty() || !connected()); ++i) {
      if (!connected()) reconnect();
      exchange();
      answer_all();
      give_credit();
      rig_.pass(50ms);
      collect();
    }
    EXPECT_EQ(rig_.client.queued(), 0U);
    rig_.in(Close{});
    exchange();
    rig_.in(PeerFinished{rig_.attempt});
    rig_.pass(2s);
    collect();
    EXPECT_EQ(rig_.client.state(), ClientState::kEnded);
    EXPECT_EQ(answers_.size(), asked_.size()) << "each ticket is answered";
    for (const auto& [ticket, times] : answers_) EXPECT_EQ(times, 1) << ticket;
    EXPECT_TRUE(rig_.client.next_deadline().is_never());
  }

 private:
  static ClientOptions options() {
    ClientOptions options;
    options.queue_frames = 40;
    return options;
  }
  bool connected() const { return rig_.client.state() == ClientState::kActive; }

  void step() {
    switch (choice_.index(12)) {
      case 0:
      case 1:
      case 2: publish(Mode::kPlain); break;
      case 3: publish(choice_.chance(1, 2) ? Mode::kAcked : Mode::kRequest); break;
      case 4: subscribe(); break;
      case 5: exchange(); break;
      case 6:
        if (!connected()) reconnect();
        break;
      case 7: give_credit(); break;
      case 8: answer_all(); break;
      case 9: rig_.pass(std::chrono::milliseconds(choice_.index(400))); break;
      case 10:
        if (!asked_.empty()) rig_.in(Cancel{1 + choice_.index(next_ticket_)});
        break;
      case 11:
        if (choice_.chance(1, 6)) lose();
        break;
    }
    collect();
  }

  void publish(Mode mode) {
    const std::string number = std::to_string(++published_);
    const Ticket ticket = mode == Mode::kPlain ? 0 : next_ticket_++;
    if (ticket != 0) asked_.insert(ticket);
    const Instant deadline = choice_.chance(1, 2)
                                 ? rig_.now + std::chrono::milliseconds(choice_.index(500))
                                 : Instant::never();
    rig_.in(Send{ticket, Rig::publication("n", number), mode, true, deadline});
  }

  void subscribe() {
    const Ticket ticket = next_ticket_++;
    asked_.insert(ticket);
    rig_.subscribe(ticket, {"p/" + std::to_string(choice_.index(3))}, choice_.chance(2, 3));
  }

  void reconnect() {
    if (rig_.client.state() == ClientState::kBackoff) rig_.pass(10s);
    if (rig_.client.state() != ClientState::kDialing) return;
    rig_.connect(ack_);
    credit_ = static_cast<std::int64_t>(ack_.limits.window);
    taken_ = 0;
    open_.clear();
    corrs_.clear();
  }

  // What the client sends, in pieces of any size; the stream may break inside a frame.
  void exchange() {
    for (const Seen& seen : rig_.flush(1 + choice_.index(300))) {
      if (seen.kind == "gossip") {
        EXPECT_GT(credit_, 0) << "credit is spent, never overdrawn by more than a frame";
        credit_ -= static_cast<std::int64_t>(seen.bytes.size());
        taken_ += seen.bytes.size();
        const oap::Message message = seen.message();
        const auto number =
            std::stoull(std::string(as_text(oap::read_gossip(message).value().data)));
        EXPECT_GT(number, sent_numbers_) << "in order, and never twice";
        sent_numbers_ = number;
      }
      if (seen.header.has(oap::kReq) || seen.header.has(oap::kAckReq)) {
        EXPECT_TRUE(corrs_.insert(seen.header.corr).second) << "a correlation id is used once";
        open_.push_back(seen.header.corr);
        EXPECT_LE(open_.size(), ack_.limits.inflight);
      }
    }
  }

  void answer_all() {
    if (!connected()) return;
    for (const CorrId corr : std::exchange(open_, {})) {
      if (choice_.chance(1, 5)) {
        rig_.refuse(corr, oap::Code::kQuotaExceeded, 10);
      } else {
        rig_.ack(corr);
      }
    }
  }

  void give_credit() {
    if (!connected() || taken_ == 0) return;
    rig_.event(oap::write_credit(taken_));
    credit_ += static_cast<std::int64_t>(std::exchange(taken_, 0));
  }

  void lose() {
    if (rig_.client.state() == ClientState::kDialing) {
      rig_.in(DialFailed{rig_.attempt, "refused", true});
    } else {
      IoPiece pieces[4];
      // Some bytes leave and never arrive.
      const std::size_t count = rig_.client.gather(pieces, 4096, rig_.now);
      if (count > 0) rig_.client.wrote(choice_.index(pieces[0].size), rig_.now, rig_.out);
      rig_.in(StreamLost{rig_.attempt, "reset"});
    }
  }

  void collect() {
    for (const Answer& answer : rig_.take<Answer>()) {
      EXPECT_TRUE(asked_.contains(answer.ticket));
      ++answers_[answer.ticket];
    }
    rig_.out.events.clear();
  }

  SeedChoice choice_;
  Rig rig_;
  oap::HelloAck ack_;
  std::uint64_t published_ = 0;
  std::uint64_t sent_numbers_ = 0;
  Ticket next_ticket_ = 1;
  std::set<Ticket> asked_;
  std::map<Ticket, int> answers_;
  std::vector<CorrId> open_;
  std::set<CorrId> corrs_;
  std::int64_t credit_ = 0;
  std::uint64_t taken_ = 0;
};

TEST(ClientProperty, HoldsItsRulesInAnyWorld) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World(seed).run();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace ron::session
