// One immutable value that may be replaced while others use it: certificates, settings.
//
// A mutex around a shared_ptr, on purpose: std::atomic<std::shared_ptr> of libstdc++ 12 is not
// clean under ThreadSanitizer. A reader keeps the snapshot it took for as long as it likes.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace ron::runtime {

template <typename T>
class ConfigCell {
 public:
  explicit ConfigCell(std::shared_ptr<const T> value = nullptr) : value_(std::move(value)) {}

  std::shared_ptr<const T> load() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }

  /// The old value is let go outside the lock: it may be expensive to destroy.
  void store(std::shared_ptr<const T> value) {
    {
      const std::scoped_lock lock(mutex_);
      value_.swap(value);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace ron::runtime
