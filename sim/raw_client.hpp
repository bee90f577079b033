// A scripted client: builds frames with oap/ and knows nothing of session/, so that it can also do
// what a proper client never would. It writes down what it did and what it got.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oap/kinds.hpp"
#include "oap/parser.hpp"
#include "sim/world.hpp"

namespace ron::sim {

/// How a session gives credit back.
enum class CreditManner : std::uint8_t { kHonest, kNone, kTooMuch };

class RawClient final : public Actor {
 public:
  RawClient(World& world, std::uint32_t number) : world_(world), number_(number) {}

  void act() override;
  void calm() override;
  bool resting() const override;
  void conclude() override;

  // Single deeds, for scripts.
  void connect();
  void hello();
  void subscribe(std::vector<std::string> patterns, TenantId tenant, bool echo, bool grouped);
  void unsubscribe(std::vector<std::string> patterns, TenantId tenant, bool grouped);
  enum class How : std::uint8_t { kPlain, kAcked, kRequest };
  void publish(const std::string& topic, TenantId tenant, std::size_t data_size, How how);
  void half_close();
  void reset();
  bool active() const { return state_ == State::kActive; }
  bool gone() const { return state_ == State::kGone || state_ == State::kIdle; }
  /// Fixed manners instead of drawn ones.
  struct Manners {
    std::optional<std::uint64_t> window;
    bool comp = false;
    std::uint32_t max_frame = oap::kMaxFrame;
    CreditManner credit = CreditManner::kHonest;
    std::string group;
    std::size_t read_most = 64U * 1024;
    Duration read_gap{0};
  };
  void set_manners(Manners manners) { fixed_ = std::move(manners); }

 private:
  enum class State : std::uint8_t { kIdle, kHello, kActive, kLeaving, kGone };
  struct Waiting {
    enum class What : std::uint8_t { kHello, kSub, kPublication, kOther };
    What what = What::kOther;
    std::vector<std::uint32_t> ops;  // kSub
    std::uint32_t publication = 0;
    unsigned answers = 1;
  };

  SessionRecord& record() { return world_.history.sessions[session_]; }
  void draw_manners();
  void act_active();
  void wrong_hello();
  void publish_something(How how);
  void sub_something(bool add);
  void send_sub(const oap::SubOut& sub, TenantId tenant, bool add);
  void misbehave();
  void garbage();
  void odd_frame();
  void repeat_corr();
  void send(std::uint16_t flags, TenantId tenant, CorrId corr, ByteView payload);
  void send_raw(ByteView bytes);
  void push();
  void keep_alive();
  void grant(std::uint64_t bytes);
  void give_credit();
  void wake_reader();
  void read();
  void on_frame(const oap::Frame& frame);
  void on_response(const oap::Frame& frame, const oap::Message& message);
  void note_not_ready(std::string_view code);
  void on_hello_ack(const oap::Message& message);
  void settle(Waiting& waiting, const oap::Message& message);
  void on_event(const oap::Frame& frame, const oap::Message& message, ByteView payload);
  void on_gossip(const oap::Frame& frame, const oap::Message& message, ByteView payload);
  void over();

  World& world_;
  std::uint32_t number_;
  std::optional<Manners> fixed_;
  Manners manners_;
  State state_ = State::kIdle;
  bool calm_ = false;
  bool honest_sender_ = false;
  Conn* conn_ = nullptr;
  std::uint32_t session_ = 0;
  bool comp_ = false;
  std::uint32_t max_frame_ = oap::kMaxHello;
  std::optional<oap::Parser> parser_;
  std::map<CorrId, Waiting> waiting_;
  CorrId next_corr_ = 1;
  std::vector<std::uint8_t> out_;  // not yet taken by the stream
  std::uint64_t out_end_ = 0;      // stream offset behind out_
  bool fin_wanted_ = false;
  bool read_scheduled_ = false;
  Instant paused_until_;
  std::uint64_t received_ = 0;  // counted bytes from the node
  std::uint64_t granted_ = 0;   // credit given to it
  std::uint64_t owed_ = 0;
};

}  // namespace ron::sim
