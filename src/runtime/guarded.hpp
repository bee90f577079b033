// A value and the mutex that guards it, for what is shared but rare: accepting, snapshots.
#pragma once

#include <mutex>
#include <utility>

namespace ron::runtime {

template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  /// Calls `use` with the value while nobody else does. `use` must be short and lock nothing else.
  template <typename Use>
  decltype(auto) with(Use&& use) {
    const std::scoped_lock lock(mutex_);
    return std::forward<Use>(use)(value_);
  }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace ron::runtime
