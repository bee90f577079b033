#include "queue_state.hpp"

#include "core.hpp"

namespace ron::sdk::detail {

HeldBytes::~HeldBytes() {
  if (const auto core = core_.lock()) core->give_back(attempt_, bytes_);
}

void QueueState::push(Message message, std::shared_ptr<HeldBytes> held) {
  {
    const std::scoped_lock lock(mutex_);
    if (closed_ || (capacity_ > 0 && items_.size() >= capacity_)) {
      dropped_untold_ += 1 + message.lagged_before;
      ++dropped_;
      return;
    }
    message.lagged_before += dropped_untold_;
    dropped_untold_ = 0;
    items_.push_back({std::move(message), std::move(held)});
  }
  changed_.notify_one();
}

void QueueState::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

Message QueueState::take(std::unique_lock<std::mutex>& lock) {
  Item item = std::move(items_.front());
  items_.pop_front();
  lock.unlock();  // giving bytes back takes another lock
  item.held.reset();
  return std::move(item.message);
}

Result<Message> QueueState::pop(const CallOptions& call) {
  const auto deadline = std::chrono::steady_clock::now() + call.timeout;
  std::unique_lock lock(mutex_);
  const bool there =
      changed_.wait_until(lock, call.stop, deadline, [&] { return !items_.empty() || closed_; });
  if (!items_.empty()) return take(lock);
  if (there) return std::unexpected(Error{ErrorCode::kClosed, "the subscription has ended"});
  if (call.stop.stop_requested()) {
    return std::unexpected(Error{ErrorCode::kCancelled, "cancelled"});
  }
  return std::unexpected(Error{ErrorCode::kTimeout, "no message in time", true, {}});
}

std::optional<Message> QueueState::try_pop() {
  std::unique_lock lock(mutex_);
  if (items_.empty()) return std::nullopt;
  return take(lock);
}

std::size_t QueueState::size() const {
  const std::scoped_lock lock(mutex_);
  return items_.size();
}

std::uint64_t QueueState::dropped() const {
  const std::scoped_lock lock(mutex_);
  return dropped_;
}

}  // namespace ron::sdk::detail
