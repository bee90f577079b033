// One thread of a node: an event loop, one shard machine, its listeners and streams.
//
// One turn: sleep until something is ready; tell the machine what came (mail, reads, timer), obey
// its orders, write what it has queued, end the turn, hand mail to the other shards, arm the timer.
// Everything but the calls marked "any thread" belongs to the shard's own thread.
#pragma once

#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "base/slab.hpp"
#include "crypto/library.hpp"
#include "host/inspection.hpp"
#include "host/link.hpp"
#include "host/shared.hpp"
#include "node/shard.hpp"
#include "runtime/loop.hpp"
#include "transport/dialer.hpp"
#include "transport/listener.hpp"
#include "transport/tls_stream.hpp"

namespace ron::host {

class ShardHost {
 public:
  ShardHost(Shared& shared, ShardIndex self);
  ~ShardHost();
  ShardHost(const ShardHost&) = delete;
  ShardHost& operator=(const ShardHost&) = delete;

  /// Before the thread starts.
  void add_listener(transport::Listener listener);
  void start();

  // ---- any thread ----
  void set_ready(bool ready);
  /// Closes the listeners; whoever is still shaking hands is refused.
  void stop_accepting(std::shared_ptr<runtime::Gate> gate);
  void drain(Duration within, const char* reason, std::shared_ptr<runtime::Gate> gate);
  /// Publishes fresh counters, then tells the gate.
  void publish_to(std::shared_ptr<runtime::Gate> gate);
  void adopt(transport::Accepted accepted);
  void reconfigure(const LiveSettings& live);
  using Parts = std::shared_ptr<runtime::Guarded<std::vector<Inspection>>>;
  void inspect(Inspect what, Parts into, std::shared_ptr<runtime::Gate> gate);
  void answer(ControlAnswer answer);
  void dial_peer(std::string addr, std::optional<NodeId> node);
  void withdraw_peer(std::string addr);
  void hang_up(const NodeId& node);
  void probe(std::string topic, CorrId corr);
  void ring() { loop_.ring(); }
  void request_stop();
  void join();
  ShardSnapshot latest() {
    return published_.with([](const ShardSnapshot& snapshot) { return snapshot; });
  }
  Instant published_at() {
    return published_.with([](const ShardSnapshot& snapshot) { return snapshot.at; });
  }
  /// The most bytes its shard has held since the last call.
  std::size_t take_held_most() { return held_most_.exchange(0, std::memory_order_relaxed); }
  std::uint32_t cut_off() {
    return cut_off_.with([](std::uint32_t count) { return count; });
  }

  // ---- this thread ----
  void link_ready(Link& link);
  void link_writable(Link& link);

 private:
  struct Door;    // a listener and its watch
  struct Dial;    // a peer that is to be reached, before it has a session
  struct Fading;  // a socket that only discards, so that an alert is not lost to a reset

  void run();
  void turn();
  void serve_ready();
  bool reads_on(std::uint64_t queued_before) const;
  void settle();
  void obey();
  void obey(const node::Action& action);
  void flush_marked();
  void end_turn();

  // accepting
  void accept_from(Door& door);
  void refuse(Refusal why, const transport::Accepted& accepted);
  void welcome(transport::Accepted accepted);
  void open_link(transport::Accepted accepted);
  void pause(Door& door);
  void resume_doors();
  void close_doors();
  void mend_doors();

  // dialing peers
  void start_dials();
  void cancel_dials();
  void addresses_known(mesh::DialId dial, transport::Addresses addresses);
  void try_next(Dial& dial);
  void dial_progress(Dial& dial);
  void dialed(Dial& dial);
  void dial_failed(Dial& dial, std::string_view why);
  void expire_dials();

  // one link
  Link* find(SessionId id);
  void shake(Link& link);
  void shaken(Link& link);
  void tls_failed(Link& link);
  void read_some(Link& link);
  MutableBytes read_room(SessionId id, bool discard, Slice& scratch);
  bool take_in(SessionId id, Slice& scratch, std::size_t bytes);
  void write_some(Link& link);
  void finish_write(Link& link);
  void lost(Link& link);
  void drop(Link& link);
  void mark_ready(Link& link);
  void mark_flush(Link& link);
  void tell(EventKind kind, const Link& link, Event event = {});

  // operators
  void hand_out_control();
  void tell_expelled();
  SessionInfo info_of(const node::SessionView& view);

  // mail
  void take_in_mail();
  void hand_out_mail();
  bool mail_waits();

  Slice scratch_room();
  void arm_timer();
  void publish();
  void fade_out(transport::Socket socket);
  void expire_fading();

  Shared& shared_;
  ShardIndex self_;
  crypto::SystemChoice choice_;
  transport::TlsBuffers tls_buffers_;
  runtime::Loop loop_;
  node::Shard shard_;
  node::Actions actions_;
  Instant now_;

  std::vector<std::unique_ptr<Link>> links_;    // by session slot
  std::vector<std::unique_ptr<Link>> closing_;  // dropped in this turn, freed at its end
  std::vector<SessionId> ready_, ready_now_;
  std::size_t turn_read_ = 0;  // bytes read in this turn
  std::vector<SessionId> flush_, flush_now_;
  std::list<Door> doors_;
  std::list<Fading> fading_;
  std::list<Dial> dials_;
  // What the resolver's thread reaches this shard by, for as long as it lives.
  std::shared_ptr<runtime::Guarded<ShardHost*>> alive_;
  unsigned next_unix_shard_ = 0;

  Slice scratch_;  // what sockets are read into
  std::size_t scratch_at_ = 0;

  TransportStats stats_;
  std::atomic<std::size_t> held_most_ = 0;  // written by this thread, but for the exchange
  Instant publish_at_;
  Instant mended_at_;
  runtime::Guarded<ShardSnapshot> published_;
  runtime::Guarded<std::uint32_t> cut_off_;
  std::shared_ptr<runtime::Gate> drain_gate_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ron::host
