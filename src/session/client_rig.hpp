// A scripted node for tests of the client machine: drives it, reads what it sends, answers by hand.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/choice.hpp"
#include "oap/kinds.hpp"
#include "oap/parser.hpp"
#include "session/client.hpp"

namespace ron::session {

/// A frame the client sent, decoded as far as tests ask for.
struct Seen {
  oap::Header header;
  Slice bytes;
  std::string kind;
  ByteView payload() const { return bytes.bytes().subspan(oap::kHeaderSize); }
  oap::Message message() const { return oap::read_message(payload()).value(); }
  std::string topic() const { return std::string(oap::read_gossip(message()).value().topic); }
};

class Rig {
 public:
  explicit Rig(ClientOptions options = {}, std::uint64_t seed = 1)
      : choice(seed), client(std::move(options), choice) {}

  void in(const ClientInput& input) {
    client.handle(input, now, out);
    take_orders();
  }
  void pass(Duration time) {
    const Instant end = now + time;
    while (client.next_deadline() <= end) {
      now = std::max(now, client.next_deadline());
      in(Tick{});
    }
    now = end;
  }

  /// Writes everything the client wants to write now, in pieces of at most `step` bytes.
  std::vector<Seen> flush(std::size_t step = 1U << 20U) {
    std::vector<Seen> frames;
    for (;;) {
      IoPiece pieces[8];
      const std::size_t count = client.gather(pieces, 64 * 1024, now);
      if (count == 0) return frames;
      std::size_t left = step;
      std::string bytes;
      for (std::size_t i = 0; i < count && left > 0; ++i) {
        const std::size_t take = std::min(left, pieces[i].size);
        bytes.append(static_cast<const char*>(pieces[i].data), take);
        left -= take;
      }
      client.wrote(bytes.size(), now, out);
      take_orders();
      parse(bytes, frames);
    }
  }

  /// Bytes from the node.
  void deliver(const Slice& bytes) {
    client.received(bytes, now, out);
    take_orders();
  }
  void respond(CorrId corr, const std::vector<std::uint8_t>& payload) {
    deliver(oap::make_frame(oap::kResp, {}, corr, payload));
  }
  void event(const std::vector<std::uint8_t>& payload) {
    deliver(oap::make_frame(oap::kEvent, {}, 0, payload));
  }
  void ack(CorrId corr, std::uint64_t to = 0, std::uint64_t links = 0) {
    oap::Ack ack;
    ack.for_corr = corr;
    ack.to = to;
    ack.links = links;
    respond(corr, oap::write_ack(ack));
  }
  void refuse(CorrId corr, oap::Code code, std::uint32_t retry_after_ms = 0) {
    respond(corr, oap::write_error({code, "refused", false, retry_after_ms}));
  }

  static oap::HelloAck hello_ack() {
    oap::HelloAck ack;
    ack.comp_zstd = true;
    ack.limits = {100'000, 200, 64 * 1024, 1U << 20U, 32, oap::kMaxFrame};
    ack.session = 7;
    return ack;
  }

  /// Dials, opens and shakes hands.
  void connect(const oap::HelloAck& ack = hello_ack()) {
    if (client.state() == ClientState::kIdle) in(Connect{});
    parser = oap::Parser(oap::kMaxFrame, nullptr);
    in(Opened{attempt, ack.pq == oap::Pq::kHybrid, false});
    (void)flush();
    respond(1, oap::write_hello_ack(ack));
  }

  static Slice publication(std::string_view topic, std::string_view data = "x") {
    oap::GossipOut gossip;
    gossip.topic = topic;
    gossip.data = as_bytes(data);
    return oap::make_frame(oap::kEvent, {}, 0, oap::write_gossip(gossip));
  }
  void publish(std::string_view topic, Mode mode = Mode::kPlain, Ticket ticket = 0,
               Instant deadline = Instant::never()) {
    in(Send{ticket, publication(topic), mode, true, deadline});
  }
  void subscribe(Ticket ticket, std::vector<std::string> patterns, bool add = true,
                 Instant deadline = Instant::never()) {
    Subscribe command;
    command.ticket = ticket;
    command.add = add;
    command.patterns = std::move(patterns);
    command.deadline = deadline;
    in(command);
  }

  /// Takes the events of one kind out of what came so far.
  template <typename T>
  std::vector<T> take() {
    std::vector<T> found;
    std::erase_if(out.events, [&](ClientEvent& event) {
      if (!std::holds_alternative<T>(event)) return false;
      found.push_back(std::move(std::get<T>(event)));
      return true;
    });
    return found;
  }
  bool ordered(ClientOrder::Kind kind) {
    return std::erase_if(orders, [&](const ClientOrder& order) { return order.kind == kind; }) > 0;
  }

  SeedChoice choice;
  Client client;
  Instant now;
  ClientActions out;
  std::vector<ClientOrder> orders;
  std::string dialled;  // alt of the last dial
  std::uint32_t attempt = 0;
  oap::Parser parser{oap::kMaxFrame, nullptr};

 private:
  void take_orders() {
    for (ClientOrder& order : out.orders) {
      if (order.kind == ClientOrder::Kind::kDial) {
        attempt = order.attempt;
        dialled = order.alt;
      }
      orders.push_back(std::move(order));
    }
    out.orders.clear();
  }

  void parse(const std::string& bytes, std::vector<Seen>& frames) {
    Slice input = Slice::copy_of(as_bytes(bytes), nullptr);
    for (;;) {
      auto next = parser.next(input);
      RON_CHECK(next.has_value());
      if (!*next) return;
      Seen seen{(*next)->header, (*next)->bytes, {}};
      if (!seen.header.has(oap::kComp)) seen.kind = seen.message().kind;
      frames.push_back(std::move(seen));
    }
  }
};

}  // namespace ron::session
