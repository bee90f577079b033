// What is to happen when: a calendar of small values, for millions of events a second.
//
// Near events lie in buckets of a quarter of a millisecond, a list each in one pool; only the bucket
// that is due is kept as a heap. Far ones (timers of minutes) wait in a heap of their own. Events
// run in the order of (time, sequence), so a run depends on nothing but the choices made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/time.hpp"

namespace ron::meshsim {

struct Event {
  std::int64_t at = 0;      // ns
  std::uint64_t order = 0;  // among equals
  std::uint32_t what = 0;
  std::uint32_t who = 0;
  std::uint64_t detail = 0;
};

class EventQueue {
 public:
  EventQueue() : heads_(kBuckets, kNone) {}

  Instant now() const { return Instant(Duration(now_)); }
  std::uint64_t run() const { return run_; }
  bool empty() const { return count_ == 0; }

  /// Never before now: an event of the past runs next.
  void push(Instant when, std::uint32_t what, std::uint32_t who, std::uint64_t detail = 0) {
    if (when.is_never()) return;
    const Event event{std::max(when.since_origin().count(), now_), order_++, what, who, detail};
    ++count_;
    const std::int64_t bucket = event.at >> kWidthBits;
    if (bucket <= cursor_) {
      into_heap(due_, event);
    } else if (bucket < cursor_ + kBuckets) {
      into_bucket(event);
    } else {
      into_heap(far_, event);
    }
  }

  /// Takes the next event and moves the clock there; false when there is none.
  bool pop(Event& event) {
    if (count_ == 0) return false;
    while (due_.empty()) advance();
    std::pop_heap(due_.begin(), due_.end(), later);
    event = due_.back();
    due_.pop_back();
    --count_;
    ++run_;
    now_ = event.at;
    return true;
  }

 private:
  static constexpr unsigned kWidthBits = 18;        // 262 us
  static constexpr std::int64_t kBuckets = 1 << 14;  // 4.3 s ahead
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Node {
    Event event;
    std::uint32_t next = kNone;
  };

  static bool later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }
  static void into_heap(std::vector<Event>& heap, const Event& event) {
    heap.push_back(event);
    std::push_heap(heap.begin(), heap.end(), later);
  }
  static std::size_t slot_of(std::int64_t bucket) {
    return static_cast<std::size_t>(bucket & (kBuckets - 1));
  }

  void into_bucket(const Event& event) {
    std::uint32_t at = free_;
    if (at == kNone) {
      at = static_cast<std::uint32_t>(pool_.size());
      pool_.emplace_back();
    } else {
      free_ = pool_[at].next;
    }
    std::uint32_t& head = heads_[slot_of(event.at >> kWidthBits)];
    pool_[at] = {event, head};
    head = at;
    ++near_;
  }

  // To the next bucket that holds anything. A jump over empty ones is only as far as `far_` allows.
  void advance() {
    if (near_ == 0) {
      RON_CHECK(!far_.empty());
      cursor_ = std::max(cursor_, (far_.front().at >> kWidthBits) - 1);
    }
    ++cursor_;
    for (std::uint32_t at = std::exchange(heads_[slot_of(cursor_)], kNone); at != kNone;) {
      due_.push_back(pool_[at].event);
      const std::uint32_t next = pool_[at].next;
      pool_[at].next = free_;
      free_ = at;
      at = next;
      --near_;
    }
    std::make_heap(due_.begin(), due_.end(), later);
    while (!far_.empty() && (far_.front().at >> kWidthBits) < cursor_ + kBuckets) {
      std::pop_heap(far_.begin(), far_.end(), later);
      const Event event = far_.back();
      far_.pop_back();
      (event.at >> kWidthBits) <= cursor_ ? into_heap(due_, event) : into_bucket(event);
    }
  }

  std::int64_t now_ = 0;
  std::int64_t cursor_ = 0;  // the bucket that is due
  std::uint64_t order_ = 0, run_ = 0;
  std::size_t count_ = 0, near_ = 0;
  std::vector<std::uint32_t> heads_;
  std::vector<Node> pool_;
  std::uint32_t free_ = kNone;
  std::vector<Event> due_, far_;
};

}  // namespace ron::meshsim
