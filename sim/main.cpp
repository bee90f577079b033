// ron-sim: runs worlds by seed until one fails.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <unistd.h>

#include "sim/scenario.hpp"

namespace {

using namespace ron;

constexpr const char* kUsage =
    "usage: ron-sim [--seed N] [--seeds N] [--shards 1..8|mix] [--nodes 1..64] [--steps N]\n"
    "               [--trace] [--quiet] [--check-determinism] [--keep-going]\n"
    "Runs the node in simulated worlds. A failure prints its seed; the same seed replays it.\n";

constexpr std::uint64_t kNodesMost = 64;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 0;  // 0 = 100, or the one of --seed
  unsigned shards = 0;      // 0 = mixed
  unsigned nodes = 1;
  unsigned steps = 300;
  bool trace = false;
  bool quiet = false;
  bool check_determinism = false;
  bool keep_going = false;  // past a failure
};

/// Remembers what was chosen, for the report of a failure.
class RecordingChoice final : public Choice {
 public:
  explicit RecordingChoice(std::uint64_t seed) : inner_(seed) {}
  std::uint64_t index(std::uint64_t count) override {
    const std::uint64_t taken = inner_.index(count);
    ++made_;
    if (kept_.size() < kKeptMost) kept_ += std::to_string(taken) + " ";
    return taken;
  }
  std::uint64_t made() const { return made_; }
  const std::string& kept() const { return kept_; }

 private:
  static constexpr std::size_t kKeptMost = 2000;
  SeedChoice inner_;
  std::uint64_t made_ = 0;
  std::string kept_;
};

// What runs, for the two ways to fail in which no outcome comes back: a broken invariant, and a
// machine that never returns from a call (a world that goes on for ever ends by its steps).
volatile std::uint64_t seed_running = 0;
const sim::Trace* volatile trace_running = nullptr;

extern "C" void report_signal(int signal) {
  std::fprintf(stderr, "ron-sim: %s in seed %llu; its last events:\n%s",
               signal == SIGALRM ? "stuck" : "aborted",
               static_cast<unsigned long long>(seed_running),
               trace_running != nullptr ? trace_running->last().c_str() : "");
  std::_Exit(128 + signal);
}

sim::Outcome run(const Options& options, std::uint64_t seed, RecordingChoice& choice) {
  constexpr unsigned kPatience = 120;  // seconds a world may take; the slowest need less than one
  sim::Trace trace(options.trace);
  seed_running = seed;
  trace_running = &trace;
  alarm(kPatience);
  auto profile = sim::Profile::draw(choice, options.shards, options.steps);
  profile.nodes = options.nodes;
  sim::Outcome outcome = sim::run_world(profile, choice, {.trace = &trace});
  alarm(0);
  trace_running = nullptr;
  return outcome;
}

int report(const Options& options, std::uint64_t seed, const RecordingChoice& choice,
           const sim::Outcome& outcome) {
  std::printf("FAILED seed %llu: %s\n%s", static_cast<unsigned long long>(seed),
              outcome.failure.c_str(), outcome.details.c_str());
  std::printf("  %llu choices: %s...\n", static_cast<unsigned long long>(choice.made()),
              choice.kept().c_str());
  const std::string shards = options.shards == 0 ? "mix" : std::to_string(options.shards);
  std::printf("  replay: ron-sim --seed %llu --shards %s --nodes %u --steps %u --trace\n",
              static_cast<unsigned long long>(seed), shards.c_str(), options.nodes, options.steps);
  return 1;
}

bool parse_number(const char* text, std::uint64_t& value) {
  char* end = nullptr;
  value = std::strtoull(text, &end, 10);
  return end != text && *end == '\0';
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    std::uint64_t value = 0;
    if (flag == "--trace") {
      options.trace = true;
    } else if (flag == "--quiet") {
      options.quiet = true;
    } else if (flag == "--check-determinism") {
      options.check_determinism = true;
    } else if (flag == "--keep-going") {
      options.keep_going = true;
    } else if (flag == "--shards" && i + 1 < argc && std::strcmp(argv[i + 1], "mix") == 0) {
      options.shards = 0;
      ++i;
    } else if (i + 1 < argc && parse_number(argv[i + 1], value)) {
      ++i;
      if (flag == "--seed") {
        options.seed = value;
        if (options.seeds == 0) options.seeds = 1;
      } else if (flag == "--seeds") {
        options.seeds = value;
      } else if (flag == "--shards" && value >= 1 && value <= 8) {
        options.shards = static_cast<unsigned>(value);
      } else if (flag == "--nodes" && value >= 1 && value <= kNodesMost) {
        options.nodes = static_cast<unsigned>(value);
      } else if (flag == "--steps") {
        options.steps = static_cast<unsigned>(value);
      } else {
        return false;
      }
    } else {
      return false;
    }
  }
  if (options.seeds == 0) options.seeds = 100;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::signal(SIGABRT, report_signal);
  std::signal(SIGALRM, report_signal);
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t publications = 0;
  std::uint64_t arrivals = 0;
  std::uint64_t relayed = 0;
  std::uint64_t hash = 0;
  std::uint64_t failures = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    RecordingChoice choice(seed);
    sim::Outcome outcome = run(options, seed, choice);
    if (!outcome.good()) {
      ++failures;
      report(options, seed, choice, outcome);
      if (!options.keep_going) return 1;
    }
    if (options.check_determinism) {
      RecordingChoice again(seed);
      const sim::Outcome second = run(options, seed, again);
      if (second.hash != outcome.hash) {
        outcome.failure = "the same seed gave another trace";
        return report(options, seed, again, outcome);
      }
    }
    publications += outcome.publications + outcome.spoken;
    arrivals += outcome.arrivals;
    relayed += outcome.relayed;
    hash = mix(hash, outcome.hash);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (!options.quiet) {
    std::printf(
        "%llu worlds in %.1f s: %llu publications, %llu deliveries, "
        "%llu at neighbours, trace %016llx\n",
        static_cast<unsigned long long>(options.seeds), took.count(),
        static_cast<unsigned long long>(publications), static_cast<unsigned long long>(arrivals),
        static_cast<unsigned long long>(relayed), static_cast<unsigned long long>(hash));
  }
  return failures == 0 ? 0 : 1;
}
