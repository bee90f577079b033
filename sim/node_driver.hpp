// Drives one node::Shard by the contract of node/shard.hpp, as runtime and transport would, but on
// virtual time and with every freedom of theirs left to Choice: how much is read, in which order
// streams come, how much a stream takes, when actions are obeyed.
//
// It checks the shard's manners on the way: no order for a session that is closed, gather
// idempotent until wrote, queues within their bounds.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "node/shard.hpp"
#include "sim/conn.hpp"
#include "sim/profile.hpp"
#include "sim/trace.hpp"

namespace ron::sim {

class World;

/// Mail on its way between two shards: bounded, in order, each message with a delay of its own.
struct MailRing {
  std::deque<node::ShardMail> messages;
  std::size_t arrived = 0;
  Instant last_arrival;
};

class NodeDriver {
 public:
  /// Shard `self` of node `node` of the world.
  NodeDriver(World& world, unsigned node, unsigned self);

  void accept(Conn& conn);
  void drain(Duration within);
  void readiness(bool ready);
  /// Something may be there to do: a turn follows.
  void wake();
  void mail_arrived() { wake(); }
  void conn_readable(Conn& conn);
  void conn_writable(Conn& conn);

  const node::ShardStats& stats() const { return shard_->stats(); }
  bool pending(const Conn& conn) const { return conn.session && shard_->pending(*conn.session); }
  bool has_mail() const;
  bool resting() const { return !turn_scheduled_ && readable_.empty() && flushable_.empty(); }
  bool drained() const { return drained_ > 0; }
  std::uint32_t cut_off() const { return cut_off_; }
  Instant next_deadline() const { return shard_->next_deadline(); }

 private:
  /// Where a shard of this node stands among all of the world.
  unsigned at(unsigned shard) const { return first_ + shard; }
  unsigned underway_count() const { return static_cast<unsigned>(underway_.size()); }
  void shake_hands(Conn& conn);
  void dial(const mesh::Dial& dial);
  void connect(const mesh::Dial& dial);
  void turn();
  void take_mail_in();
  void read(Conn& conn);
  void note_processed(Conn& conn);
  void flush(Conn& conn);
  bool flush_once(Conn& conn);
  void obey();
  void obey(const node::Action& action);
  void close(Conn& conn, const node::Action& action);
  void send_mail(unsigned to);
  void arm();
  void check_bounds();

  World& world_;
  unsigned node_;
  unsigned self_;
  unsigned first_;  // shard of this node, among all of the world
  std::unique_ptr<node::Shard> shard_;
  node::Actions actions_;
  std::map<SessionId, Conn*> sessions_;
  std::set<unsigned> readable_;  // conn ids
  std::set<unsigned> flushable_;
  bool turn_scheduled_ = false;
  Instant armed_ = Instant::never();
  // Publications taken by the ring to each shard that it has not reported as consumed.
  struct Underway {
    std::deque<std::size_t> sizes;
    std::uint64_t bytes = 0;
    void add(std::size_t size) {
      sizes.push_back(size);
      bytes += size;
    }
    void worked_off(std::uint32_t messages) {
      for (; messages > 0; --messages) {
        bytes -= sizes.front();
        sizes.pop_front();
      }
    }
  };
  std::vector<Underway> underway_;
  std::set<mesh::DialId> connecting_;
  unsigned drained_ = 0;
  std::uint32_t cut_off_ = 0;
};

}  // namespace ron::sim
