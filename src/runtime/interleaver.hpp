// For tests: runs a few threads one step at a time, in every order.
//
// Each thread is a fiber; every operation on a TestSync atomic first hands the choice of who goes
// on to a Choice. With EnumChoice a small program is run through all interleavings of its atomic
// operations (sequential consistency), and a failure replays from its trail. A fiber may also block
// on a condition; when nobody can go on, that is a deadlock (a lost wake-up) and is reported.
#pragma once

#include <ucontext.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/choice.hpp"

namespace ron::runtime::test {

class Interleaver {
 public:
  explicit Interleaver(Choice& choice) : choice_(&choice) {}

  void add(std::function<void()> body) {
    auto fiber = std::make_unique<Fiber>();
    fiber->body = std::move(body);
    ::getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack.get();
    fiber->context.uc_stack.ss_size = kStack;
    fiber->context.uc_link = &main_;
    ::makecontext(&fiber->context, reinterpret_cast<void (*)()>(&Interleaver::enter), 0);
    fibers_.push_back(std::move(fiber));
  }

  /// True when every thread came to its end; false when those left all wait in vain.
  bool run() {
    for (;;) {
      std::vector<Fiber*> able;
      bool unfinished = false;
      for (const auto& fiber : fibers_) {
        if (fiber->finished) continue;
        unfinished = true;
        if (!fiber->until || fiber->until()) able.push_back(fiber.get());
      }
      if (!unfinished) return true;
      if (able.empty()) return false;
      running_ = able[choice_->index(able.size())];
      running_->until = nullptr;
      active_ = this;
      ::swapcontext(&main_, &running_->context);
      active_ = nullptr;
    }
  }

  /// Before an atomic operation of the running thread.
  static void step() {
    if (active_ != nullptr) active_->suspend();
  }
  /// The running thread sleeps until `condition` holds.
  static void block_until(std::function<bool()> condition) {
    active_->running_->until = std::move(condition);
    active_->suspend();
  }

 private:
  static constexpr std::size_t kStack = 64U * 1024;
  struct Fiber {
    std::function<void()> body;
    std::function<bool()> until;
    bool finished = false;
    ucontext_t context{};
    std::unique_ptr<char[]> stack = std::make_unique<char[]>(kStack);
  };

  static void enter() {
    Fiber& fiber = *active_->running_;
    fiber.body();
    fiber.finished = true;
  }
  void suspend() {
    Fiber& fiber = *running_;
    ::swapcontext(&fiber.context, &main_);
  }

  static inline Interleaver* active_ = nullptr;
  Choice* choice_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  Fiber* running_ = nullptr;
  ucontext_t main_{};
};

/// An atomic whose every operation is a point where another thread may go on.
template <typename T>
class StepAtomic {
 public:
  StepAtomic() = default;
  StepAtomic(T value) : value_(value) {}  // NOLINT(google-explicit-constructor): as std::atomic
  T load(std::memory_order /*order*/) const {
    Interleaver::step();
    return value_;
  }
  void store(T value, std::memory_order /*order*/) {
    Interleaver::step();
    value_ = value;
  }
  T exchange(T value, std::memory_order /*order*/) {
    Interleaver::step();
    return std::exchange(value_, value);
  }

 private:
  T value_{};
};

struct TestSync {
  template <typename T>
  using Atomic = StepAtomic<T>;
};

}  // namespace ron::runtime::test
