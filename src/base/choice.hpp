// The only source of randomness in the core.
//
// Production draws from the operating system; tests draw from a seed, from a fuzzer's bytes or from
// an exhaustive enumeration. So one world and one set of checkers serve as simulator, fuzzer and
// model checker, and every failure replays from the choices that led to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

namespace ron {

class Choice {
 public:
  virtual ~Choice() = default;

  /// A number in [0, count). `count` must be at least 1.
  virtual std::uint64_t index(std::uint64_t count) = 0;

  /// True in about `numerator` of `denominator` cases.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return index(denominator) < numerator;
  }

  /// A number in [low, high], both ends included.
  std::uint64_t pick(std::uint64_t low, std::uint64_t high) { return low + index(high - low + 1); }

  /// 64 bits, for ids and hash keys.
  std::uint64_t bits() { return (index(1ULL << 32U) << 32U) | index(1ULL << 32U); }

  /// Fills `out`; the only way core code makes nonces and ids.
  void fill(MutableBytes out);
};

/// The same seed gives the same choices on every machine.
class SeedChoice final : public Choice {
 public:
  explicit SeedChoice(std::uint64_t seed);
  std::uint64_t index(std::uint64_t count) override;

 private:
  std::uint64_t next();
  std::uint64_t state_[2];
};

/// Decisions read from a byte string (a fuzzer's input); zeros once it is used up.
class BytesChoice final : public Choice {
 public:
  explicit BytesChoice(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t index(std::uint64_t count) override;
  bool exhausted() const { return at_ >= bytes_.size(); }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

/// Walks through every sequence of answers, depth first.
///
/// Use: `do { run(choice); } while (choice.next());`. The run must ask the same questions when it
/// gets the same answers. Questions beyond `depth_max` are answered 0 and do not branch.
class EnumChoice final : public Choice {
 public:
  explicit EnumChoice(std::size_t depth_max) : depth_max_(depth_max) {}
  std::uint64_t index(std::uint64_t count) override;

  /// Steps to the next sequence; false when all have been seen.
  bool next();

  /// The answers given in this run, for reports.
  std::vector<std::uint64_t> trail() const;

 private:
  struct Branch {
    std::uint64_t taken;
    std::uint64_t count;
  };
  std::size_t depth_max_;
  std::size_t at_ = 0;
  std::vector<Branch> branches_;
};

}  // namespace ron
