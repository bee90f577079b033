// What a MessageQueue and the client's thread share.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "ron/client.hpp"

namespace ron::sdk::detail {

/// Bytes the user holds; whoever drops the last reference gives them back to the core.
class HeldBytes {
 public:
  HeldBytes(std::weak_ptr<Core> core, std::uint32_t attempt, std::size_t bytes)
      : core_(std::move(core)), attempt_(attempt), bytes_(bytes) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes();

 private:
  std::weak_ptr<Core> core_;
  std::uint32_t attempt_;
  std::size_t bytes_;
};

class QueueState {
 public:
  explicit QueueState(std::size_t capacity) : capacity_(capacity) {}

  /// Client's thread. Drops and counts when full.
  void push(Message message, std::shared_ptr<HeldBytes> held);
  void close();

  Result<Message> pop(const CallOptions& call);
  std::optional<Message> try_pop();
  std::size_t size() const;
  std::uint64_t dropped() const;

 private:
  struct Item {
    Message message;
    std::shared_ptr<HeldBytes> held;
  };
  Message take(std::unique_lock<std::mutex>& lock);

  const std::size_t capacity_;  // 0: bounded by the window alone
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> items_;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_untold_ = 0;
  bool closed_ = false;
};

}  // namespace ron::sdk::detail
