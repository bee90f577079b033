// What was published, who should get it, who got it, when and how often.
//
// Judges every delivery as it happens (nothing twice, nothing of another tenant, nothing nobody
// published, nothing a leaf did not ask for) and the rest at the end (everything to everyone who
// was there). Figures are those of the measured messages, except where a name says otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/mesh/scenario.hpp"
#include "sim/mesh/sim_node.hpp"

namespace ron::meshsim {

/// Figures by name, in the order of their names.
using Figures = std::map<std::string, double>;

struct Message {
  HostIndex origin = 0;
  Instant at;
  TenantId tenant;
  std::uint32_t topic = 0;
  std::vector<std::uint8_t> bytes;  // the gossip payload
  bool measured = false, after_fault = false;
  bool best_effort = false;     // may be lost
  std::optional<MessageId> id;  // once a copy has told it
  std::uint32_t copies = 0, got_count = 0;
  std::vector<std::uint64_t> got, in_time, prompt;  // a bit a host: ever, and within the bounds
};

/// From when to when a host's node was there.
struct Life {
  Instant up, down = Instant::never();
};

class Ledger {
 public:
  /// `altered`: hostile nodes make up messages, so one that nobody published is none of our faults.
  Ledger(const Scenario& scenario, HostIndex hosts, bool altered);

  void born(HostIndex host, Instant at) { lives_[host].push_back({at}); }
  void died(HostIndex host, Instant at) { lives_[host].back().down = at; }
  /// A leaf that wants only these topics, from the beginning; excused hosts are owed nothing.
  void leaf(HostIndex host, const std::vector<std::uint32_t>& topics);
  /// It begins or ceases to want one. Until `interest_grace` has passed it may get what it no
  /// longer wants, and miss what it wants since.
  void changed(HostIndex host, std::uint32_t topic, bool add, Instant at);
  /// What the ids of its messages begin with.
  void named(HostIndex host, const oap::OriginId& origin) { origins_[origin] = host; }
  void excuse(HostIndex host) { excused_[host] = true; }

  /// From `at` to `heal`, hosts of different groups did not hear each other.
  void split(std::vector<std::uint8_t> groups, Instant at, Instant heal);

  std::uint32_t add(Message message);
  const Message& message(std::uint32_t number) const { return messages_[number]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(messages_.size()); }

  void delivered(HostIndex host, const Delivery& delivery, Instant at);
  void copied(HostIndex host, const Copy& copy, Instant at);

  /// Must this host have the message at the end?
  bool owed(const Message& message, HostIndex host) const;

  /// The first rule that was broken, or nothing.
  const std::string& failure() const { return failure_; }
  void fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  /// Adds the figures of all messages; `fault` is when it struck, if one did.
  void figures(Figures& out, std::optional<Instant> fault) const;
  /// Of the measured messages that a host is owed, how many it has, in percent.
  double delivered_pct(HostIndex host) const;
  /// Who still lacks what it is owed; empty = nobody.
  std::string lacking() const;
  /// Who lacks a message of which it holds a forgery, other bytes under the same id; empty =
  /// nobody.
  std::string suppressed() const;
  /// Measured messages by latency, a bin a tenth of a millisecond.
  const std::vector<std::uint32_t>& latencies() const { return latencies_; }

 private:
  /// All the time between two instants; within the grace before one.
  bool wants(HostIndex host, std::uint32_t topic, Instant from, Instant to) const;
  bool wanted_once(HostIndex host, std::uint32_t topic) const;
  bool wanted_lately(HostIndex host, std::uint32_t topic, Instant at) const;
  void note_forgery(HostIndex host, const MessageId& id);
  double forged_held() const;
  bool first_of_life(HostIndex host, std::uint32_t number);
  bool cut_off(HostIndex host, const Message& message) const;
  double percentile(double part) const;
  using Bits = std::vector<std::uint64_t> Message::*;
  /// How many hosts of those that are owed the message are among `bits`, and how many are owed.
  std::pair<std::uint64_t, std::uint64_t> delivered_of(const Message& message, Bits bits) const;
  std::size_t covered_from(const std::vector<const Message*>& after, Bits bits) const;
  void coverage(Figures& out, Instant fault) const;

  const Scenario& scenario_;
  HostIndex hosts_;
  bool altered_;
  std::vector<Message> messages_;
  std::vector<std::vector<Life>> lives_;
  std::map<std::pair<std::uint32_t, HostIndex>, std::size_t> last_life_;  // of hosts that came back
  struct Want {
    std::uint32_t topic = 0;
    Instant from, until = Instant::never();
  };
  std::vector<bool> leaf_;  // the others want everything
  std::vector<std::vector<Want>> wants_;
  std::vector<bool> excused_;
  std::vector<std::uint8_t> groups_;  // of a partition
  Instant split_at_, healed_at_;
  std::vector<std::uint32_t> latencies_;
  std::uint64_t latency_count_ = 0, made_up_ = 0, uninterested_copies_ = 0, stale_copies_ = 0;
  std::set<std::pair<std::uint32_t, HostIndex>> stale_;  // what a leaf got on a new link
  std::map<oap::OriginId, HostIndex> origins_;
  std::map<MessageId, std::vector<std::uint64_t>> forged_;  // who holds other bytes, a bit a host
  std::string failure_;
};

/// What a relay believes of a leaf beside what that leaf wants, in words; empty = the same.
std::string out_of_sync(const Interest& wants, const Interest& believed);

}  // namespace ron::meshsim
