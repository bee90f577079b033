// The main of every micro benchmark.
#include <memory>

#include "base/check.hpp"
#include "bench/common/allocations.hpp"
#include "bench/micro/report.hpp"

namespace ron::bench {
namespace {

bool failed = false;

// A counter that the linker forgot to connect would prove anything.
void check_counter() {
  const std::uint64_t before = allocations();
  auto memory = std::make_unique<int>();
  benchmark::DoNotOptimize(memory);
  RON_CHECK(allocations() > before);
}

}  // namespace

void fail(benchmark::State& state, const char* why) {
  failed = true;
  state.SkipWithError(why);
}

Account::Account() : before_(allocations()) {}

void Account::report(benchmark::State& state, std::size_t items, Memory allowed) const {
  using benchmark::Counter;
  const std::uint64_t asked = allocations() - before_;
  const auto count = static_cast<double>(items);
  state.counters["cpu/item"] = Counter(count, Counter::kIsRate | Counter::kInvert);
  state.counters["allocs/item"] = static_cast<double>(asked) / count;
  // Google Benchmark's own loop asks for nothing.
  if (allowed == Memory::kNone && asked > 0) fail(state, "allocates");
}

}  // namespace ron::bench

int main(int argc, char** argv) {
  ron::bench::check_counter();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const std::size_t ran = benchmark::RunSpecifiedBenchmarks();
  return ran == 0 || ron::bench::failed ? 1 : 0;
}
