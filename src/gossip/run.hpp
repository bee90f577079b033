// A run: consecutive frames of one session with equal tenant, topic and COMP.
//
// It is the unit of delivery. Its bytes are ready to send (flags already those of a delivery), and
// every subscriber's lane holds a counted reference to the same run, so fan-out costs a reference a
// subscriber, not a copy a message. Plain counts: a run belongs to one shard.
#pragma once

#include <cstdint>
#include <utility>

#include "base/bytes.hpp"
#include "base/slab.hpp"

namespace ron::gossip {

/// Wire size of the frame that begins at `at`.
inline std::size_t frame_size(const std::uint8_t* at) {
  return 4 + std::size_t{load_be<std::uint32_t>(at)};
}

/// Payload size of the frame that begins at `at`.
inline std::uint32_t frame_payload(const std::uint8_t* at) {
  return load_be<std::uint32_t>(at) - 27;
}

struct Run {
  Slice bytes;
  std::uint32_t frames = 0;
  std::uint32_t largest = 0;  // payload bytes of the largest frame
  std::uint32_t refs = 0;

  /// Lets go of a larger block: the bytes move to a block of their own, seen by every holder.
  void compact(SlabMeter* meter) { bytes = Slice::copy_of(bytes.bytes(), meter); }
};

/// A counted reference to a run.
class RunRef {
 public:
  RunRef() = default;
  static RunRef make(Slice bytes, std::uint32_t frames, std::uint32_t largest) {
    return RunRef(new Run{std::move(bytes), frames, largest, 1});
  }
  RunRef(const RunRef& other) noexcept : run_(other.run_) {
    if (run_ != nullptr) ++run_->refs;
  }
  RunRef(RunRef&& other) noexcept : run_(std::exchange(other.run_, nullptr)) {}
  RunRef& operator=(RunRef other) noexcept {
    std::swap(run_, other.run_);
    return *this;
  }
  ~RunRef() {
    if (run_ != nullptr && --run_->refs == 0) delete run_;
  }
  Run* operator->() const { return run_; }
  Run& operator*() const { return *run_; }
  explicit operator bool() const { return run_ != nullptr; }

 private:
  explicit RunRef(Run* run) : run_(run) {}
  Run* run_ = nullptr;
};

}  // namespace ron::gossip
