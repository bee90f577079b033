// A node that runs: k shard machines on k threads, with their listeners and streams.
//
// All of Host's calls may come from any thread, and none of them waits for a shard's work beyond
// the bound it names. Order of a life: start -> (set_ready, reload_tls, snapshot)* -> drain ->
// stop.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "host/inspection.hpp"
#include "host/settings.hpp"
#include "host/snapshot.hpp"

namespace ron::host {

struct DrainReport {
  bool finished = false;      // every shard reported within the deadline
  std::uint32_t cut_off = 0;  // sessions that were ended by the deadline
};

class Host {
 public:
  /// Checks the settings, binds every address and starts the threads. Nothing runs after an error,
  /// which says what to do about it.
  static std::expected<std::unique_ptr<Host>, std::string> start(const Settings& settings);
  ~Host();  // stop()
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Real addresses, in the order of Settings::listen (":0" resolved), then the Unix path.
  const std::vector<std::string>& bound() const;
  unsigned shards() const;

  /// Whether new sessions are welcome (Unix sockets: always).
  void set_ready(bool ready);

  /// Checks a new certificate and swaps it in; sessions keep what they began with. After an error
  /// the old one stays.
  std::expected<void, std::string> reload_tls(const crypto::ServerTls& settings);

  /// The same for dialing peers; ServerTls::peers says who is let in here.
  std::expected<void, std::string> reload_peers(const crypto::PeerTls& settings);

  /// Names a peer to the mesh: it is dialed now, and again whenever it does not answer. Does
  /// nothing without a mesh, as the next one.
  void dial_peer(std::string addr, std::optional<NodeId> node);
  /// Forgets a peer that was named so, and drops the link to the node there.
  void withdraw_peer(std::string addr);
  /// Drops the link to a node and forgets it.
  void hang_up(const NodeId& node);
  /// Publishes a probe (a valid topic); inspect(Inspect::kTraces) tells who had it.
  void probe(std::string topic, CorrId corr);

  /// The latest counters; waits at most 50 ms for busy shards, whose numbers may then be a turn
  /// old. A shard whose numbers are at most `age` old is not woken for newer ones.
  Snapshot snapshot(Duration age = Duration::zero());
  /// The most bytes of messages and subscriptions held at a time since the last call; by shards
  /// that reach it at different times, a little more.
  std::size_t take_held_most();

  /// Takes new limits over; open sessions keep what they were told (node::LiveConfig).
  void reconfigure(const LiveSettings& live);

  /// What an operator may see. Waits at most 250 ms for busy shards.
  Inspection inspect(Inspect what);

  /// Answers a request that Settings::on_control was told of. A session that is gone is no error.
  void answer(ControlAnswer answer);

  /// Stops accepting, says bye, delivers what is queued; returns when all is gone or `within` is
  /// over. Call once.
  DrainReport drain(Duration within, const char* reason = "shutdown");

  /// Ends the threads and closes what is left.
  void stop();

 private:
  class Impl;
  explicit Host(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ron::host
