// A node of k shards on a hand-wound clock, for tests: scripted streams in, decoded frames out.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/shard.hpp"
#include "oap/kinds.hpp"
#include "oap/parser.hpp"

namespace ron::node::testing {

using namespace std::chrono_literals;
using Bytes = std::vector<std::uint8_t>;

/// A frame the node sent.
struct Out {
  oap::Header header;
  std::string kind;
  Bytes payload;

  std::string code() const { return std::string(message<oap::ErrorMessage>(oap::read_error).code); }
  std::string data() const {
    return std::string(as_text(message<oap::Gossip>(oap::read_gossip).data));
  }
  std::uint64_t lagged() const { return message<std::uint64_t>(oap::read_lagged); }
  std::uint64_t credit() const { return message<std::uint64_t>(oap::read_credit); }
  oap::Ack ack() const { return message<oap::Ack>(oap::read_ack); }
  oap::HelloAck hello_ack() const { return message<oap::HelloAck>(oap::read_hello_ack); }
  oap::Refused refused() const { return message<oap::Refused>(oap::read_refused); }

 private:
  template <typename T>
  T message(oap::Decoded<T> (*read)(const oap::Message&)) const {
    const auto parsed = oap::read_message(payload);
    if (!parsed) {
      ADD_FAILURE() << "not a message";
      return T{};
    }
    const auto decoded = read(*parsed);
    EXPECT_TRUE(decoded.has_value()) << kind << ": " << (decoded ? "" : decoded.error());
    return decoded ? *decoded : T{};
  }
};

class Rig {
 public:
  explicit Rig(const NodeConfig& config = quiet_config(), unsigned shards = 1) : choice_(11) {
    for (unsigned i = 0; i < shards; ++i) {
      shards_.push_back(
          std::make_unique<Shard>(config, static_cast<ShardIndex>(i), shards, choice_));
    }
  }

  /// Limits out of the way of tests that are about something else.
  static NodeConfig quiet_config() {
    NodeConfig config;
    config.session.rps = 0;
    config.session.fps = 0;
    config.session.inflight = 0;
    return config;
  }

  SessionId open(ShardIndex shard = 0, Channel channel = {}) {
    const auto id = shards_[shard]->open(now_);
    EXPECT_TRUE(id.has_value());
    shards_[shard]->handle(ChannelReady{*id, channel}, now_, actions_);
    return *id;
  }

  static oap::Hello hello_of(std::optional<std::uint64_t> window = {}) {
    oap::Hello hello;
    hello.pq = oap::Pq::kOff;
    hello.version_1 = true;
    hello.max_frame = oap::kMaxFrame;
    hello.window = window;
    return hello;
  }

  /// Opens a session and greets; the answer is taken.
  SessionId active(ShardIndex shard = 0, const oap::Hello& hello = hello_of(),
                   Channel channel = {}) {
    const SessionId id = open(shard, channel);
    send(id, oap::kReq, 1, oap::write_hello(hello));
    const auto got = receive(id);
    EXPECT_EQ(got.size(), 1U);
    EXPECT_TRUE(!got.empty() && got[0].kind == "hello_ack");
    return id;
  }

  void send(SessionId id, std::uint16_t flags, CorrId corr, const Bytes& payload,
            TenantId tenant = {}) {
    raw(id, oap::make_frame(flags, tenant, corr, payload).bytes());
  }

  void raw(SessionId id, ByteView bytes) {
    Shard& shard = of(id);
    shard.received(id, Slice::copy_of(bytes, &shard.meter()), now_, actions_);
    if (auto_turn_) turn();
  }

  static Bytes gossip(std::string_view topic, std::string_view data) {
    oap::GossipOut out;
    out.topic = topic;
    out.data = as_bytes(data);
    out.ts = 1'780'000'000;  // as clients do: frames of one topic are then alike
    return oap::write_gossip(out);
  }

  void publish(SessionId id, std::string_view topic, std::string_view data, CorrId corr = 0,
               TenantId tenant = {}) {
    send(id, oap::kEvent, corr, gossip(topic, data), tenant);
  }

  void subscribe(SessionId id, std::string pattern, std::string group = {}, bool echo = false,
                 TenantId tenant = {}) {
    oap::SubOut sub;
    sub.topics = {std::move(pattern)};
    sub.group = std::move(group);
    sub.echo = echo;
    send(id, oap::kReq, ++corr_, oap::write_sub(sub), tenant);
    const auto got = receive(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].kind, "ack");
  }

  /// Everything the node has for a session now.
  std::vector<Out> receive(SessionId id) { return decode(take(id)); }

  /// The same, as bytes.
  Bytes take(SessionId id) {
    Bytes wire;
    Shard& shard = of(id);
    std::array<IoPiece, 16> pieces;
    for (;;) {
      const std::size_t count = shard.gather(id, pieces, 64U * 1024, now_);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto* at = static_cast<const std::uint8_t*>(pieces[i].data);
        wire.insert(wire.end(), at, at + pieces[i].size);
        size += pieces[i].size;
      }
      if (size == 0) break;
      shard.wrote(id, size, now_, actions_);
    }
    turn();
    return wire;
  }

  static std::vector<Out> decode(const Bytes& wire) {
    std::vector<Out> frames;
    oap::Parser parser(oap::kMaxPeerFrame, nullptr);
    Slice input = Slice::copy_of(wire, nullptr);
    for (;;) {
      auto next = parser.next(input);
      if (!next || !*next) break;
      const ByteView payload = (*next)->payload();
      const auto message = oap::read_message(payload);
      frames.push_back({(*next)->header, message ? std::string(message->kind) : "?",
                        Bytes(payload.begin(), payload.end())});
    }
    EXPECT_FALSE(parser.mid_frame());
    return frames;
  }

  void wait(Duration time) {
    now_ = now_ + time;
    for (auto& shard : shards_) shard->handle(Tick{}, now_, actions_);
    turn();
  }

  void handle(SessionId id, const Input& in) {
    of(id).handle(in, now_, actions_);
    turn();
  }
  void handle_all(const Input& in) {
    for (auto& shard : shards_) shard->handle(in, now_, actions_);
    turn();
  }

  void mail_to(unsigned shard, ShardMail message) {
    shards_[shard]->mail(std::move(message), now_, actions_);
  }

  std::uint32_t control_orders() const { return control_orders_; }
  const std::vector<SessionId>& downgraded() const { return downgraded_; }

  /// Ends the loop turn of every shard, and moves mail until none is left.
  void turn() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& shard : shards_) shard->handle(TurnEnded{}, now_, actions_);
      for (unsigned from = 0; from < shards_.size(); ++from) {
        for (unsigned to = 0; to < shards_.size(); ++to) {
          if (to == from) continue;
          while (auto mail = shards_[from]->take_mail(static_cast<ShardIndex>(to))) {
            shards_[to]->mail(std::move(*mail), now_, actions_);
            moved = true;
          }
        }
      }
    }
    for (const Action& action : actions_) note(action);
    actions_.clear();
  }

  bool finished(SessionId id) const { return finished_.contains(id); }
  const Action* closed(SessionId id) const {
    const auto at = closed_.find(id);
    return at == closed_.end() ? nullptr : &at->second;
  }
  const Action* drained() const { return drained_ ? &*drained_ : nullptr; }
  std::uint32_t resumes(SessionId id) { return resumes_[id]; }

  Shard& of(SessionId id) { return *shards_[id.shard()]; }
  Shard& shard(unsigned index) { return *shards_[index]; }
  const ShardStats& stats(unsigned index = 0) { return shards_[index]->stats(); }
  Instant now() const { return now_; }
  unsigned shards() const { return static_cast<unsigned>(shards_.size()); }

  /// A stream to a dialed peer begins.
  std::optional<SessionId> open_dialed(mesh::DialId dial) {
    return shards_[0]->open_dialed(dial, now_);
  }

  bool auto_turn_ = true;

 private:
  void note(const Action& action) {
    // Nothing may follow a close of the same session.
    using enum Action::Kind;
    const bool of_session = action.kind != kMail && action.kind != kDrained &&
                            action.kind != kControl && action.kind != kDial &&
                            action.kind != kCancelDial;
    if (of_session) {
      EXPECT_FALSE(closed_.contains(action.session));
    }
    if (action.kind == Action::Kind::kFinishWrite) finished_[action.session] = true;
    if (action.kind == Action::Kind::kClose) closed_.emplace(action.session, action);
    if (action.kind == Action::Kind::kDrained) drained_ = action;
    if (action.kind == Action::Kind::kResume) ++resumes_[action.session];
    if (action.kind == Action::Kind::kControl) ++control_orders_;
    if (action.downgraded) downgraded_.push_back(action.session);
  }

  SeedChoice choice_;
  Instant now_{1s};
  Actions actions_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::map<SessionId, bool> finished_;
  std::map<SessionId, Action> closed_;
  std::map<SessionId, std::uint32_t> resumes_;
  std::uint32_t control_orders_ = 0;
  std::vector<SessionId> downgraded_;
  std::optional<Action> drained_;
  CorrId corr_ = 1000;
};

}  // namespace ron::node::testing
