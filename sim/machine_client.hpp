// A well-behaved user: session::Client as the SDK drives it, with a driver on virtual time.
//
// It paces itself and keeps every rule, so the node has no reason to refuse it anything. One
// machine lives for one connection; afterwards a new one begins, so that every session is known
// exactly.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "oap/parser.hpp"
#include "session/client.hpp"
#include "sim/world.hpp"

namespace ron::sim {

class MachineClient final : public Actor {
 public:
  MachineClient(World& world, std::uint32_t number) : world_(world), number_(number) {}

  void act() override;
  void calm() override;
  bool resting() const override;
  void conclude() override;

 private:
  SessionRecord& record() { return world_.history.sessions[session_]; }
  bool active() const { return client_ && client_->state() == session::ClientState::kActive; }
  void begin();
  void publish();
  void subscribe(bool add);
  void handle(const session::ClientInput& input);
  void obey();
  void obey(const session::ClientOrder& order);
  void on(const session::Connected& event);
  void on(const session::Disconnected& event);
  void on(const session::MessageIn& event);
  void on(const session::Answer& event);
  void on(const session::Lagged& event);
  void on(const session::RefusedEvents& event);
  void on(const session::Ended& event);
  template <typename Other>
  void on(const Other&) {}
  void dial(std::uint32_t attempt);
  void read();
  void push();
  void watch_written(ByteView bytes);
  void arm();
  void close_conn();

  struct Asked {
    std::vector<std::uint32_t> ops;
    std::optional<std::uint32_t> publication;
  };

  World& world_;
  std::uint32_t number_;
  std::unique_ptr<session::Client> client_;
  std::uint32_t life_ = 0;  // counts machines
  session::ClientActions actions_;
  Conn* conn_ = nullptr;
  std::uint32_t attempt_ = 0;
  std::uint32_t session_ = 0;
  bool finish_write_ = false;
  bool calm_ = false;
  bool busy_ = false;                   // obeying: no re-entry
  std::optional<oap::Parser> written_;  // follows our own stream, to know where frames end
  std::uint64_t written_end_ = 0;
  std::set<std::pair<TenantId, std::string>> patterns_;
  std::string group_;
  std::map<session::Ticket, Asked> asked_;
  session::Ticket next_ticket_ = 1;
  std::size_t unconsumed_ = 0;
  Instant armed_ = Instant::never();
};

}  // namespace ron::sim
