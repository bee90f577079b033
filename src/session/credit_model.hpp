// The naive twins of the byte credits: every byte sent, consumed and given back is remembered.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ron::session::testing {

struct SendCreditModel {
  std::uint64_t window = 0;  // 0 = no limit
  std::uint64_t sent = 0;
  std::uint64_t returned = 0;  // and accepted
  std::uint64_t clamped = 0;

  bool may_send() const { return window == 0 || sent < window + returned; }
  void give_back(std::uint64_t bytes) {
    const std::uint64_t taken = window == 0 ? 0 : std::min(bytes, sent - returned);
    returned += taken;
    clamped += bytes - taken;
  }
};

struct RecvCreditModel {
  std::uint64_t window = 0;
  std::uint64_t arrived = 0;
  std::uint64_t consumed = 0;
  std::uint64_t granted = 0;

  /// What must be given back now.
  std::uint64_t due() {
    const std::uint64_t owed = window == 0 ? 0 : consumed - granted;
    if (owed == 0 || owed < window / 2) return 0;
    granted += owed;
    return owed;
  }
};

}  // namespace ron::session::testing
