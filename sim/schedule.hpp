// Virtual time: a clock and what is to happen at which instant.
//
// Events run in the order of (time, sequence), so a run depends on nothing but the choices made.
// With `ties`, events of the same instant run in an order that Choice picks: that is how the model
// checker interleaves.
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "base/choice.hpp"
#include "base/time.hpp"

namespace ron::sim {

class Schedule {
 public:
  /// `ties` may be null: first come, first served.
  explicit Schedule(Choice* ties = nullptr) : ties_(ties) {}

  Instant now() const { return now_; }
  bool empty() const { return events_.empty(); }
  /// When the next event runs, or never().
  Instant next() const { return empty() ? Instant::never() : events_.begin()->first.at; }

  void at(Instant when, std::function<void()> what) {
    if (when.is_never()) return;
    events_.emplace(Key{std::max(when, now_), sequence_++}, std::move(what));
  }
  void after(Duration wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }

  /// Runs one event; false when there is none.
  bool run_next() {
    if (events_.empty()) return false;
    auto chosen = events_.begin();
    now_ = chosen->first.at;
    if (ties_ != nullptr) std::advance(chosen, static_cast<std::ptrdiff_t>(pick_tie()));
    const auto what = std::move(chosen->second);
    events_.erase(chosen);
    what();
    return true;
  }

  /// Runs everything up to `end`, and moves the clock there.
  template <typename Stop>
  void run_until(Instant end, Stop stop) {
    while (!stop() && next() <= end) run_next();
    if (!stop()) now_ = std::max(now_, end);
  }

 private:
  static constexpr std::uint64_t kTiesMost = 4;
  struct Key {
    Instant at;
    std::uint64_t sequence;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  std::uint64_t pick_tie() {
    std::uint64_t equal = 0;
    for (auto it = events_.begin(); it != events_.end() && equal < kTiesMost; ++it, ++equal) {
      if (it->first.at != now_) break;
    }
    return ties_->index(equal);
  }

  Choice* ties_;
  Instant now_;
  std::uint64_t sequence_ = 0;
  std::map<Key, std::function<void()>> events_;
};

}  // namespace ron::sim
