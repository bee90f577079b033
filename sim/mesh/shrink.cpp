#include "sim/mesh/shrink.hpp"

#include <functional>
#include <vector>

#include "sim/mesh/world.hpp"

namespace ron::meshsim {
namespace {

struct Part {
  const char* key;
  std::function<bool(Scenario&)> smaller;  // false: it is as small as it gets
  std::function<std::string(const Scenario&)> value;
};

Part count(const char* key, std::uint32_t Scenario::* member, std::uint32_t least) {
  return {key,
          [member, least](Scenario& s) {
            if (s.*member <= least) return false;
            s.*member = std::max(least, s.*member / 2);
            return true;
          },
          [member](const Scenario& s) { return std::to_string(s.*member); }};
}

Part switched_off(const char* key, double Scenario::* member) {
  return {key,
          [member](Scenario& s) {
            if (s.*member <= 0) return false;
            s.*member = 0;
            return true;
          },
          [member](const Scenario& s) { return std::to_string(100 * s.*member) + "%"; }};
}

Part shorter(const char* key, Duration Scenario::* member) {
  return {key,
          [member](Scenario& s) {
            if (s.*member < std::chrono::milliseconds(500)) return false;
            s.*member /= 2;
            return true;
          },
          [member](const Scenario& s) {
            return std::to_string((s.*member).count() / 1'000'000) + "ms";
          }};
}

std::vector<Part> parts() {
  return {count("nodes", &Scenario::nodes, 2),
          count("messages", &Scenario::messages, 1),
          count("warm_each", &Scenario::warm_each, 0),
          count("leaves", &Scenario::leaves, 0),
          switched_off("loss", &Scenario::loss),
          switched_off("churn_per_minute", &Scenario::churn_per_minute),
          switched_off("stalled", &Scenario::stalled),
          switched_off("adversaries", &Scenario::adversaries),
          switched_off("partition", &Scenario::partition),
          switched_off("crash", &Scenario::crash),
          shorter("settle", &Scenario::settle),
          shorter("rest", &Scenario::rest)};
}

}  // namespace

std::string shrink(const Scenario& scenario, Protocol protocol, std::uint64_t seed) {
  Scenario best = scenario;
  std::string failure, lines;
  bool moved = true;
  while (moved) {
    moved = false;
    for (const Part& part : parts()) {
      while (true) {
        Scenario tried = best;
        if (!part.smaller(tried)) break;
        if (tried.leaves >= tried.nodes) tried.leaves = tried.nodes / 2;
        const Outcome outcome = World(tried, protocol, seed).run();
        if (outcome.good()) break;
        best = tried;
        failure = outcome.failure;
        moved = true;
      }
    }
  }
  for (const Part& part : parts()) {
    if (part.value(best) == part.value(scenario)) continue;
    lines += "  --set '" + std::string(part.key) + " = " + part.value(best) + "'\n";
  }
  return failure.empty() ? "  nothing smaller fails\n" : lines + "  fails: " + failure + "\n";
}

}  // namespace ron::meshsim
