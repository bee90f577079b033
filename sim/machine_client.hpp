// A well-behaved user: session::Client as the SDK drives it, with a driver on virtual time.
//
// It paces itself and keeps every rule, so the node has no reason to refuse it anything. Most
// machines come back after their link was cut, the others live for one connection; after the end of
// one a new one begins. Each connection is a session of its own in the history, as a SessionWatch
// saw it on the wire; what a machine tells its user must agree with that.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/client.hpp"
#include "sim/session_watch.hpp"
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
  bool in_session() const {
    return active() || (client_ && client_->state() == session::ClientState::kDraining);
  }
  bool may_starve() const;
  void begin();
  void cut();
  void publish();
  void subscribe(bool add);
  void handle(const session::ClientInput& input);
  void obey();
  void obey(const session::ClientOrder& order);
  void on(const session::Disconnected& event);
  void on(const session::MessageIn& event);
  void on(const session::Answer& event);
  void on(const session::Lagged& event);
  void on(const session::SubscriptionLost& event);
  void on(const session::RefusedEvents& event);
  void on(const session::Ended& event);
  template <typename Other>
  void on(const Other&) {}
  void dial(std::uint32_t attempt);
  void read();
  void push();
  void arm();
  void close_conn();

  using Wish = std::pair<TenantId, std::string>;
  struct Held {
    session::Ticket ticket = 0;
    bool confirmed = false;
  };
  struct Asked {
    std::optional<Wish> wish;
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
  bool busy_ = false;                  // obeying: no re-entry
  std::optional<SessionWatch> watch_;  // of the connection
  bool reconnects_ = false;
  std::uint64_t window_ = 0;
  std::map<Wish, Held> held_;  // what the user wants
  std::string group_;
  std::map<session::Ticket, Asked> asked_;
  std::vector<std::uint32_t> published_;  // by this machine, all within what it takes
  session::Ticket next_ticket_ = 1;
  std::size_t unconsumed_ = 0;
  Instant armed_ = Instant::never();
};

}  // namespace ron::sim
