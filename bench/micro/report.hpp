// What every micro benchmark reports, in the same words.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>

namespace ron::bench {

/// Ends a benchmark that went wrong and lets the program exit with 1; Google Benchmark itself only
/// prints it.
void fail(benchmark::State& state, const char* why);

enum class Memory : std::uint8_t { kAny, kNone };

/// Counts allocations from its beginning to `report`.
class Account {
 public:
  Account();
  /// CPU time and allocations of each of `items`, which all iterations together handled. Fails the
  /// benchmark when none are allowed and there were some.
  void report(benchmark::State& state, std::size_t items, Memory allowed) const;

 private:
  std::uint64_t before_;
};

/// Benchmarks `turn`, which handles `expected` items and returns how many they were. The first turn
/// is not counted: there, what is kept grows to its size.
template <typename Turn>
void measure(benchmark::State& state, std::size_t expected, Memory allowed, Turn turn) {
  if (turn() != expected) return fail(state, "not every item came through");
  const Account account;
  std::size_t items = 0;
  for (auto _ : state) items += turn();
  if (items != expected * static_cast<std::size_t>(state.iterations())) {
    return fail(state, "not every item came through");
  }
  account.report(state, items, allowed);
}

}  // namespace ron::bench
