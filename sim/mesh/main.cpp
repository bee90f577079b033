// ron-mesh-sim: runs a scenario with one protocol, seed after seed, a line of JSON each.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "sim/mesh/shrink.hpp"
#include "sim/mesh/world.hpp"

namespace {

using namespace ron;
using namespace ron::meshsim;

constexpr const char* kUsage =
    "usage: ron-mesh-sim --scenario NAME|FILE [--nodes N] [--seed S] [--seeds K]\n"
    "                    [--protocol mesh|gossipsub|plumtree] [--set 'KEY = VALUE']...\n"
    "                    [--shrink] [--check-determinism] [--keep-going] [--latencies]\n"
    "Runs a mesh in a simulated network. A failure prints its seed; the same seed replays it.\n"
    "NAME is a file of sim/mesh/scenarios; README.md there explains the keys.\n";

struct Options {
  std::string scenario;
  std::vector<std::string> lines;
  Protocol protocol = Protocol::kMesh;
  std::uint64_t seed = 1, seeds = 1;
  bool shrink = false, check_determinism = false, keep_going = false, latencies = false;
};

std::uint64_t seed_running = 0;

extern "C" void report_abort(int signal) {
  std::fprintf(stderr, "ron-mesh-sim: aborted in seed %llu\n",
               static_cast<unsigned long long>(seed_running));
  std::_Exit(128 + signal);
}

bool read_file(const std::string& path, std::string& text) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return true;
}

bool parse_number(const char* text, std::uint64_t& value) {
  char* end = nullptr;
  value = std::strtoull(text, &end, 10);
  return end != text && *end == '\0';
}

bool parse_protocol(std::string_view text, Protocol& protocol) {
  for (const Protocol one : {Protocol::kMesh, Protocol::kGossipsub, Protocol::kPlumtree}) {
    if (name(one) == text) {
      protocol = one;
      return true;
    }
  }
  return false;
}

bool parse_switch(std::string_view flag, Options& options) {
  if (flag == "--shrink") return options.shrink = true;
  if (flag == "--check-determinism") return options.check_determinism = true;
  if (flag == "--keep-going") return options.keep_going = true;
  if (flag == "--latencies") return options.latencies = true;
  return false;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (parse_switch(flag, options)) continue;
    if (i + 1 >= argc) return false;
    const char* value = argv[++i];
    bool good = true;
    if (flag == "--scenario")
      options.scenario = value;
    else if (flag == "--nodes")
      options.lines.push_back(std::string("nodes = ") + value);
    else if (flag == "--set")
      options.lines.emplace_back(value);
    else if (flag == "--protocol")
      good = parse_protocol(value, options.protocol);
    else if (flag == "--seed")
      good = parse_number(value, options.seed);
    else if (flag == "--seeds")
      good = parse_number(value, options.seeds);
    else
      good = false;
    if (!good) return false;
  }
  return !options.scenario.empty();
}

bool load(const Options& options, Scenario& scenario) {
  std::string name = options.scenario, text;
  std::string path = name;
  if (name.find('/') == std::string::npos)
    path = "sim/mesh/scenarios/" + name + ".txt";
  else
    name = name.substr(name.rfind('/') + 1, name.rfind('.') - name.rfind('/') - 1);
  if (!read_file(path, text)) {
    std::fprintf(stderr, "ron-mesh-sim: cannot read %s\n", path.c_str());
    return false;
  }
  auto read = read_scenario(name, text);
  for (const std::string& line : options.lines) {
    if (!read) break;
    if (const auto applied = set_line(*read, line); !applied)
      read = std::unexpected(applied.error());
  }
  if (!read) {
    std::fprintf(stderr, "ron-mesh-sim: %s: %s\n", path.c_str(), read.error().c_str());
    return false;
  }
  scenario = *read;
  return true;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Seconds of processor time: what a run costs, however busy the machine is.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Of a run, and of its measured phase with the rest that follows.
struct Cost {
  double wall = 0, cpu = 0, measured_cpu = 0;
};

Outcome timed(const Scenario& scenario, Protocol protocol, std::uint64_t seed, Cost& cost) {
  const auto begin = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  double measured = cpu;
  World world(scenario, protocol, seed);
  world.measured_phase_begins = [&] { measured = cpu_seconds(); };
  Outcome outcome = world.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  cost = {took.count(), cpu_seconds() - cpu, cpu_seconds() - measured};
  return outcome;
}

void print(const Options& options, const Scenario& scenario, std::uint64_t seed,
           const Outcome& outcome, const Cost& cost) {
  std::printf(
      R"({"scenario":"%s","protocol":"%s","seed":%llu,"failure":"%s","trace":"%016llx",)"
      R"("events":%llu,"wall_s":%.2f,"cpu_s":%.2f,"measured_cpu_s":%.2f,"events_per_cpu_s":%.0f,)"
      R"("peak_mib":%.0f)",
      scenario.name.c_str(), std::string(name(options.protocol)).c_str(),
      static_cast<unsigned long long>(seed), outcome.failure.c_str(),
      static_cast<unsigned long long>(outcome.hash),
      static_cast<unsigned long long>(outcome.events), cost.wall, cost.cpu, cost.measured_cpu,
      static_cast<double>(outcome.events) / std::max(cost.cpu, 1e-6), peak_mib());
  for (const auto& [key, value] : outcome.figures) std::printf(R"(,"%s":%.6g)", key.c_str(), value);
  if (options.latencies) {
    std::printf(",\"latencies\":[");
    const char* comma = "";
    for (std::size_t bin = 0; bin < outcome.latencies.size(); ++bin) {
      if (outcome.latencies[bin] == 0) continue;
      std::printf("%s[%.1f,%u]", comma, static_cast<double>(bin) / 10, outcome.latencies[bin]);
      comma = ",";
    }
    std::printf("]");
  }
  std::printf("}\n");
  std::fflush(stdout);
}

std::string replay(const Options& options, std::uint64_t seed) {
  std::string line = "./dev sim --scenario " + options.scenario + " --seed " + std::to_string(seed);
  if (options.protocol != Protocol::kMesh)
    line += " --protocol " + std::string(name(options.protocol));
  for (const std::string& one : options.lines) line += " --set '" + one + "'";
  return line;
}

int run_all(const Options& options, const Scenario& scenario) {
  int failures = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    seed_running = seed;
    Cost cost;
    const Outcome outcome = timed(scenario, options.protocol, seed, cost);
    print(options, scenario, seed, outcome, cost);
    std::string failure = outcome.failure;
    if (options.check_determinism &&
        World(scenario, options.protocol, seed).run().hash != outcome.hash) {
      failure = "the same seed gave another trace";
    }
    if (failure.empty()) continue;
    ++failures;
    std::fprintf(stderr, "FAILED seed %llu: %s\n  replay: %s\n",
                 static_cast<unsigned long long>(seed), failure.c_str(),
                 replay(options, seed).c_str());
    if (options.shrink) {
      std::fprintf(stderr, "%s", shrink(scenario, options.protocol, seed).c_str());
    } else if (!outcome.failure.empty()) {
      std::fprintf(stderr, "  --shrink added to that looks for a smaller run that fails\n");
    }
    if (!options.keep_going) return 1;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  Scenario scenario;
  if (!parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (!load(options, scenario)) return 2;
  std::signal(SIGABRT, report_abort);
  return run_all(options, scenario);
}
