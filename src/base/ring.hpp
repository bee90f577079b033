// A double-ended queue that owns nothing while empty.
//
// std::deque allocates even when empty; ten thousand idle sessions must not. The buffer grows by
// doubling, and shrinks to nothing once drained. It has no limit of its own: the owner checks its
// configured bound before it pushes.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace ron {

template <typename T, typename Allocator = std::allocator<T>>
class Ring {
 public:
  Ring() = default;
  explicit Ring(const Allocator& allocator) : buffer_(allocator) {}

  bool empty() const { return count_ == 0; }
  std::size_t capacity() const { return buffer_.size(); }
  std::size_t size() const { return count_; }

  void push_back(T value) {
    if (count_ == buffer_.size()) grow();
    buffer_[at(count_)] = std::move(value);
    ++count_;
  }

  void push_front(T value) {
    if (count_ == buffer_.size()) grow();
    head_ = head_ == 0 ? buffer_.size() - 1 : head_ - 1;
    buffer_[head_] = std::move(value);
    ++count_;
  }

  T& front() { return (*this)[0]; }
  T& back() { return (*this)[count_ - 1]; }
  const T& front() const { return (*this)[0]; }

  T& operator[](std::size_t index) {
    RON_DCHECK(index < count_);
    return buffer_[at(index)];
  }
  const T& operator[](std::size_t index) const {
    RON_DCHECK(index < count_);
    return buffer_[at(index)];
  }

  T pop_front() {
    RON_CHECK(count_ > 0);
    T value = std::exchange(buffer_[head_], T{});
    head_ = head_ + 1 == buffer_.size() ? 0 : head_ + 1;
    if (--count_ == 0) release();
    return value;
  }

  T pop_back() {
    RON_CHECK(count_ > 0);
    T value = std::exchange(buffer_[at(count_ - 1)], T{});
    if (--count_ == 0) release();
    return value;
  }

  void clear() {
    give_back();
    head_ = count_ = 0;
  }

  /// While it is empty: a buffer of more than its first capacity is given back.
  void shrink() {
    RON_DCHECK(empty());
    if (buffer_.size() > kFirstCapacity) give_back();
  }

 private:
  static constexpr std::size_t kFirstCapacity = 4;
  static constexpr std::size_t kKeptCapacity = 16;

  std::size_t at(std::size_t index) const {
    const std::size_t raw = head_ + index;
    return raw >= buffer_.size() ? raw - buffer_.size() : raw;
  }

  void grow() {
    std::vector<T, Allocator> bigger(buffer_.empty() ? kFirstCapacity : buffer_.size() * 2,
                                     buffer_.get_allocator());
    for (std::size_t i = 0; i < count_; ++i) bigger[i] = std::move((*this)[i]);
    buffer_ = std::move(bigger);
    head_ = 0;
  }

  // A burst's buffer is given back; a small one is kept, so that steady traffic does not allocate.
  void release() {
    head_ = 0;
    if (buffer_.size() > kKeptCapacity) give_back();
  }

  void give_back() { buffer_ = std::vector<T, Allocator>(buffer_.get_allocator()); }

  std::vector<T, Allocator> buffer_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
};

}  // namespace ron
