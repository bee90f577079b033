// Client-side correlation: which ticket waits for which answer, and until when.
//
// A ticket is the user's name of something that will be answered once; a correlation id is the
// wire's name of it, given when the frame is put on its way. A ticket that was given up (timed out,
// cancelled) leaves its correlation id open, because the other side still counts it as unanswered;
// its late answer is then swallowed.
//
//   waiting --sent--> open --answered--> gone
//      \--- given_up ---\--- given_up --> (corr stays open) --answered--> gone
//
// Bounded by its owner: the queue bounds what waits, limits.inflight what is open.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace ron::session {

using Ticket = std::uint64_t;  // 0 names nothing

class Pending {
 public:
  /// A ticket begins to wait. False when that ticket is waiting already.
  bool add(Ticket ticket, Instant deadline);

  bool waits(Ticket ticket) const { return tickets_.contains(ticket); }

  /// The frame of a waiting ticket is on its way under `corr` (never used before on this session).
  void sent(Ticket ticket, CorrId corr);

  /// The frame did not reach the stream after all: the ticket waits as before `sent`.
  void unsent(Ticket ticket);

  struct Answered {
    bool known = false;  // false: a stray answer (OAP-1.25)
    Ticket ticket = 0;   // 0: the ticket was given up
  };
  /// An answer with `corr` came; its ticket is gone.
  Answered answered(CorrId corr);

  /// Forgets a ticket (timeout, cancellation). False when it does not wait. `open` tells whether
  /// its frame was on its way.
  struct GivenUp {
    bool known = false;
    bool open = false;
  };
  GivenUp give_up(Ticket ticket);

  /// The earliest deadline of a waiting ticket, or never().
  Instant next() const { return order_.empty() ? Instant::never() : order_.begin()->first; }

  /// A ticket whose deadline has come; it still waits until given up.
  std::optional<Ticket> due(Instant now) const;

  /// The session is gone: takes out and returns the tickets whose frames were on their way, in the
  /// order they were sent, and closes every correlation id.
  std::vector<Ticket> session_lost();

  /// Takes out and returns every ticket, lowest first.
  std::vector<Ticket> clear();

  /// Correlation ids the other side has not answered.
  std::size_t open() const { return corrs_.size(); }
  std::size_t size() const { return tickets_.size(); }

 private:
  struct Entry {
    Instant deadline;
    CorrId corr = 0;
  };
  void erase(std::map<Ticket, Entry>::iterator at);

  std::map<Ticket, Entry> tickets_;
  std::map<CorrId, Ticket> corrs_;
  std::set<std::pair<Instant, Ticket>> order_;  // only tickets that have a deadline
};

}  // namespace ron::session
