// Byte credits, one direction each (docs/OAP-1.md section 5). // OAP-5.1
#pragma once

#include <algorithm>
#include <cstdint>

namespace ron::session {

/// What this side may still have in flight towards the other. Window 0 = credits are off.
class SendCredit {
 public:
  SendCredit() = default;
  explicit SendCredit(std::uint64_t window)
      : window_(static_cast<std::int64_t>(std::min<std::uint64_t>(window, kMax))), left_(window_) {}

  bool limited() const { return window_ > 0; }

  /// A counted frame may begin. // OAP-5.8
  bool may_send() const { return !limited() || left_ > 0; }

  void spend(std::uint64_t bytes) {
    if (limited()) left_ -= static_cast<std::int64_t>(bytes);
  }

  /// The other side has consumed `bytes`; returns what was clamped off, to be counted.
  std::uint64_t give_back(std::uint64_t bytes) {
    if (!limited()) return bytes;
    const auto room = static_cast<std::uint64_t>(window_ - left_);
    const std::uint64_t taken = std::min(bytes, room);
    left_ += static_cast<std::int64_t>(taken);
    return bytes - taken;
  }

  /// For code that spends in bulk: the credit itself, nullptr when unlimited.
  std::int64_t* counter() { return limited() ? &left_ : nullptr; }
  std::int64_t left() const { return left_; }

 private:
  static constexpr std::uint64_t kMax = 1ULL << 62U;
  std::int64_t window_ = 0;
  std::int64_t left_ = 0;
};

/// What the other side may have in flight towards this one. Window 0 = credits are off.
class RecvCredit {
 public:
  RecvCredit() = default;
  explicit RecvCredit(std::uint64_t window) : window_(window) {}

  /// A counted frame came in; true when the other side had no credit left for it.
  bool arrived(std::uint64_t bytes) {
    if (window_ == 0) return false;
    const bool overrun = in_flight_ >= window_;
    in_flight_ += bytes;
    return overrun;
  }

  void consumed(std::uint64_t bytes) {
    if (window_ > 0) owed_ += bytes;
  }

  /// Bytes to give back now: once half of the window is used, 0 before. // OAP-5.10
  std::uint64_t due() {
    if (owed_ == 0 || owed_ < window_ / 2) return 0;
    const std::uint64_t grant = owed_;
    in_flight_ -= std::min(in_flight_, grant);
    owed_ = 0;
    return grant;
  }

 private:
  std::uint64_t window_ = 0;
  std::uint64_t in_flight_ = 0;  // arrived and not yet given back
  std::uint64_t owed_ = 0;       // consumed and not yet given back
};

}  // namespace ron::session
