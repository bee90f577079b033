// ron-mc: enumerates small worlds and says how many there were.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "test/mc/small_world.hpp"

namespace {

using namespace ron::sim;

bool run(Race race, const Bounds& bounds, std::uint64_t& worlds) {
  const auto begin = std::chrono::steady_clock::now();
  const Explored explored = explore(race, bounds);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  worlds += explored.worlds;
  std::printf("k=%u %-20s %7llu worlds%s %5.1f s\n", bounds.shards, name(race),
              static_cast<unsigned long long>(explored.worlds),
              explored.exhausted ? "    " : " cut", took.count());
  if (explored.failure.empty()) return true;
  std::printf("FAILED: %s\n  choices:", explored.failure.c_str());
  for (const std::uint64_t taken : explored.trail) {
    std::printf(" %llu", static_cast<unsigned long long>(taken));
  }
  std::printf("\n");
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Bounds bounds;
  for (int i = 1; i < argc; ++i) {
    if (i + 1 < argc && std::strcmp(argv[i], "--depth") == 0) {
      bounds.depth = std::strtoul(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && std::strcmp(argv[i], "--worlds") == 0) {
      bounds.worlds_most = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fputs("usage: ron-mc [--depth CHOICES] [--worlds MOST_PER_RACE]\n", stderr);
      return 2;
    }
  }
  bool good = true;
  std::uint64_t worlds = 0;
  for (bounds.shards = 1; bounds.shards <= 2; ++bounds.shards) {
    for (unsigned race = 0; race < kRaces; ++race) {
      good = run(static_cast<Race>(race), bounds, worlds) && good;
    }
  }
  std::printf("%llu worlds\n", static_cast<unsigned long long>(worlds));
  return good ? 0 : 1;
}
