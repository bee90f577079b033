// The client machine between a user, a network and a node that all do as they like.
//
// Input: any bytes; they are every choice of the run. The node's side speaks valid messages, broken
// ones and noise. Checked: what the client sends is legal, a correlation id is used once, a ticket
// is answered once, queues keep their bounds, one stream at a time, and the end is an end.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/choice.hpp"
#include "session/client_rig.hpp"

namespace {

using namespace ron;
using namespace ron::session;
using namespace std::chrono_literals;

constexpr std::uint32_t kQueue = 12;
constexpr int kSteps = 300;

class World {
 public:
  explicit World(BytesChoice& choice) : choice_(choice), rig_(options(choice)) {}

  void run() {
    for (int i = 0; i < kSteps && !choice_.exhausted(); ++i) {
      step();
      look();
    }
    rig_.in(Close{});
    exchange(1U << 20U);
    rig_.in(PeerFinished{rig_.attempt});
    rig_.pass(2s);
    look();
    RON_CHECK(rig_.client.state() == ClientState::kEnded);
    RON_CHECK(asked_.empty());
    RON_CHECK(rig_.client.next_deadline().is_never());
    ask(Mode::kRequest);  // too late, and answered all the same
    look();
    RON_CHECK(asked_.empty());
  }

 private:
  static ClientOptions options(Choice& choice) {
    ClientOptions options;
    options.queue_frames = kQueue;
    options.patterns = 8;
    options.window = choice.chance(1, 4) ? 0 : 64U * 1024;
    options.require_hybrid = choice.chance(1, 8);
    options.comp = choice.chance(1, 2);
    options.compress = choice.chance(1, 2);
    options.reconnect = !choice.chance(1, 8);
    options.tap = choice.chance(1, 8);
    return options;
  }

  void step() {
    switch (choice_.index(16)) {
      case 0: return connect();
      case 1: return shake_hands();
      case 2: return lose();
      case 3: return rig_.pass(std::chrono::milliseconds(choice_.index(20'000)));
      case 4: return ask(Mode::kPlain);
      case 5: return ask(choice_.chance(1, 2) ? Mode::kAcked : Mode::kRequest);
      case 6:
      case 7: return subscribe();
      case 8: return rig_.in(Cancel{choice_.index(next_ticket_ + 2)});
      case 9: return rig_.in(Consumed{attempt(), std::size_t{choice_.index(1U << 18U)}});
      case 10: return exchange(1 + choice_.index(200));
      case 11: return leave_in_part();
      case 12: return choice_.chance(1, 16) ? rig_.in(Close{}) : exchange(1U << 20U);
      case 13: return noise();
      default: return speak();
    }
  }

  // Facts of attempts that are over, or never were, change nothing.
  std::uint32_t attempt() {
    return choice_.chance(1, 8) ? static_cast<std::uint32_t>(choice_.index(8)) : rig_.attempt;
  }

  void connect() {
    rig_.in(Connect{});
    if (choice_.chance(1, 4)) return rig_.in(DialFailed{attempt(), "no", choice_.chance(3, 4)});
    const bool dials = rig_.client.state() == ClientState::kDialing;
    rig_.in(Opened{attempt(), choice_.chance(3, 4), choice_.chance(1, 4)});
    if (!dials || rig_.client.state() == ClientState::kDialing) return;
    rig_.parser = oap::Parser(oap::kMaxFrame, nullptr);
    corrs_.clear();
    open_.clear();
  }

  void shake_hands() {
    oap::HelloAck ack = Rig::hello_ack();
    ack.comp_zstd = choice_.chance(1, 2);
    if (choice_.chance(1, 8)) ack.pq = oap::Pq::kOff;
    if (choice_.chance(1, 2)) ack.limits.window = choice_.index(4096);
    if (choice_.chance(1, 2)) ack.limits.inflight = static_cast<std::uint32_t>(choice_.index(4));
    if (choice_.chance(1, 2)) ack.limits.rps = static_cast<std::uint32_t>(choice_.index(10));
    if (choice_.chance(1, 4))
      ack.limits.max_frame = static_cast<std::uint32_t>(choice_.index(4096));
    exchange(1U << 20U);
    rig_.respond(1, oap::write_hello_ack(ack));
  }

  void lose() {
    if (choice_.chance(1, 2)) return rig_.in(StreamLost{attempt(), "reset"});
    rig_.in(PeerFinished{attempt()});
  }

  void ask(Mode mode) {
    const Ticket ticket = mode == Mode::kPlain ? 0 : next_ticket_++;
    if (ticket != 0) asked_.insert(ticket);
    const std::string data(choice_.index(2) == 0 ? choice_.index(8) : choice_.index(3000), 'd');
    rig_.in(Send{ticket, Rig::publication("t/" + std::to_string(choice_.index(3)), data), mode,
                 choice_.chance(7, 8), deadline()});
  }

  void subscribe() {
    const Ticket ticket = next_ticket_++;
    asked_.insert(ticket);
    static constexpr const char* kPatterns[] = {"a", "b", "a/*", "**", "c", "a/**/b", ""};
    Subscribe command;
    command.ticket = ticket;
    command.add = choice_.chance(2, 3);
    for (std::size_t i = choice_.index(4); i > 0; --i) {
      command.patterns.emplace_back(kPatterns[choice_.index(std::size(kPatterns))]);
    }
    if (choice_.chance(1, 8)) command.group = "g";
    command.echo = choice_.chance(1, 4);
    command.deadline = deadline();
    rig_.in(command);
  }

  Instant deadline() {
    if (choice_.chance(1, 2)) return Instant::never();
    return rig_.now + std::chrono::milliseconds(choice_.index(5000));
  }

  // What the client sends, in pieces; the rig aborts on anything that is no legal frame.
  void exchange(std::size_t piece) {
    for (const Seen& seen : rig_.flush(piece)) {
      const oap::Header& header = seen.header;
      if (!header.has(oap::kReq) && !header.has(oap::kAckReq)) continue;
      RON_CHECK(header.corr != 0 && corrs_.insert(header.corr).second);
      open_.push_back(header.corr);
    }
  }

  // Some bytes leave, and nobody reads them: the stream is of no use from then on.
  void leave_in_part() {
    IoPiece pieces[4];
    const std::size_t count = rig_.client.gather(pieces, 4096, rig_.now);
    if (count == 0) return;
    rig_.client.wrote(choice_.index(pieces[0].size + 1), rig_.now, rig_.out);
    rig_.in(StreamLost{rig_.attempt, "reset"});
  }

  CorrId corr() {
    if (open_.empty() || choice_.chance(1, 8)) return choice_.index(16);
    const std::size_t at = choice_.index(open_.size());
    const CorrId found = open_[at];
    if (choice_.chance(7, 8)) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
    return found;
  }

  oap::Code code() {
    return static_cast<oap::Code>(
        choice_.index(static_cast<std::size_t>(oap::Code::kInternal) + 1));
  }

  void speak() {
    oap::ByeOut bye;
    oap::Ack ack;
    switch (choice_.index(11)) {
      case 0:
      case 1:
      case 2: ack.for_corr = corr(); return rig_.respond(ack.for_corr, oap::write_ack(ack));
      case 3:
        return rig_.refuse(corr(), code(), static_cast<std::uint32_t>(choice_.index(100'000)));
      case 4: return rig_.event(oap::write_credit(1 + choice_.index(1U << 16U)));
      case 5: return rig_.event(oap::write_lagged(1 + choice_.index(9)));
      case 6: return rig_.event(oap::write_refused("QuotaExceeded", 1 + choice_.index(9)));
      case 7: bye.reason = "shutdown"; return rig_.event(oap::write_bye(bye));
      case 8: return rig_.event(oap::write_keep());
      case 9:
        return rig_.event(oap::write_gap({.first = 1, .last = 9, .count = choice_.index(11)}));
      default: return rig_.deliver(Rig::publication("a", std::string(choice_.index(500), 'x')));
    }
  }

  // A legal frame with bytes changed, a part of it, or bytes of no meaning.
  void noise() {
    const Slice frame = Rig::publication("a/b", "data");
    std::vector<std::uint8_t> bytes(frame.bytes().begin(), frame.bytes().end());
    for (std::size_t i = choice_.index(4); i > 0; --i) {
      bytes[choice_.index(bytes.size())] = static_cast<std::uint8_t>(choice_.index(256));
    }
    bytes.resize(choice_.index(bytes.size() + 1));
    rig_.deliver(Slice::copy_of(bytes, nullptr));
  }

  void look() {
    RON_CHECK(rig_.client.queued() <= kQueue);
    for (const ClientOrder& order : std::exchange(rig_.orders, {})) {
      RON_CHECK(!ended_);
      if (order.kind != ClientOrder::Kind::kDial) continue;
      RON_CHECK(order.attempt == ++dials_);
    }
    for (const Answer& answer : rig_.take<Answer>()) RON_CHECK(asked_.erase(answer.ticket) == 1);
    for (const SubscriptionRefused& told : rig_.take<SubscriptionRefused>()) {
      RON_CHECK(!told.patterns.empty() && told.retry_in > 0s && told.retry_in <= 60s);
    }
    RON_CHECK(!ended_ || rig_.out.events.empty());
    ended_ = ended_ || !rig_.take<Ended>().empty();
    RON_CHECK(ended_ == (rig_.client.state() == ClientState::kEnded));
    rig_.out.events.clear();
  }

  BytesChoice& choice_;
  Rig rig_;
  Ticket next_ticket_ = 1;
  std::set<Ticket> asked_;  // and not answered
  std::set<CorrId> corrs_;  // of this connection
  std::vector<CorrId> open_;
  std::uint32_t dials_ = 0;
  bool ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  BytesChoice choice({data, size});
  World(choice).run();
  return 0;
}
