// The simulated world under a fuzzer: its bytes are every choice of the run.
//
// Input: any bytes. They draw the profile, then each decision; once they are used up all choices
// are 0, so the world calms down and ends. The simulator's checkers judge.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "sim/scenario.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr unsigned kSteps = 120;
  ron::BytesChoice choice({data, size});
  const auto profile = ron::sim::Profile::draw(choice, 0, kSteps);
  const ron::sim::Outcome outcome = ron::sim::run_world(profile, choice);
  if (!outcome.good()) {
    std::fprintf(stderr, "%s\n%s", outcome.failure.c_str(), outcome.details.c_str());
    std::abort();
  }
  return 0;
}
