// One direction of a stream: bounded, delayed, and as unreliable in its timing as a real one.
//
// The writer gets what fits (backpressure); bytes arrive in order after a delay that Choice picks;
// the reader takes as much as it likes. A stall holds arrivals back. A reset loses everything that
// was not read. FIN stands behind the last byte.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.hpp"
#include "base/choice.hpp"
#include "sim/schedule.hpp"

namespace ron::sim {

struct PipeOptions {
  std::size_t capacity = 64U * 1024;
  Duration delay_min{0};
  Duration delay_max{0};
};

class Pipe {
 public:
  Pipe(Schedule& schedule, Choice& choice, const PipeOptions& options)
      : schedule_(schedule), choice_(choice), options_(options) {}
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  // ---- the writer's end ----
  std::size_t room() const;
  /// Takes the first bytes, as many as there is room for; returns how many.
  std::size_t write(ByteView bytes);
  /// No byte follows. Once.
  void finish();
  bool finished() const { return finished_; }

  // ---- the reader's end ----
  std::size_t readable() const { return broken_ ? 0 : arrived_ - read_; }
  std::vector<std::uint8_t> read(std::size_t most);
  /// FIN has arrived and everything before it was read.
  bool at_fin() const { return !broken_ && fin_arrived_ && read_ == written_; }

  // ---- faults ----
  void reset();
  bool broken() const { return broken_; }
  /// Nothing arrives before `until`.
  void stall(Instant until) { stalled_until_ = std::max(stalled_until_, until); }
  /// From now on fast and wide, and no stall.
  void calm() {
    stalled_until_ = {};
    options_ = {std::max<std::size_t>(options_.capacity, 64U * 1024), Duration{0}, Duration{0}};
    schedule_.after(Duration{0}, [this] {
      if (on_writable) on_writable();
    });
  }

  /// Nothing is on its way or waiting to be read.
  bool idle() const { return broken_ || read_ == written_; }
  std::uint64_t written() const { return written_; }

  std::function<void()> on_readable;  // bytes, FIN or a reset arrived
  std::function<void()> on_writable;  // room, or a reset

 private:
  void arrive(std::uint64_t upto, bool fin);
  Duration delay() const;

  Schedule& schedule_;
  Choice& choice_;
  PipeOptions options_;
  std::vector<std::uint8_t> bytes_;  // [read_, written_)
  std::size_t head_ = 0;             // of bytes_
  std::uint64_t written_ = 0, arrived_ = 0, read_ = 0;
  Instant last_arrival_;
  Instant stalled_until_;
  bool finished_ = false;
  bool fin_arrived_ = false;
  bool broken_ = false;
};

}  // namespace ron::sim
