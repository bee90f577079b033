// The run as a number, and as text for people: equal seeds must give equal hashes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/time.hpp"

namespace ron::sim {

class Trace {
 public:
  explicit Trace(bool print = false) : print_(print) {}

  void add(Instant now, std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0,
           std::uint64_t c = 0) {
    hash_ = mix(hash_, keyed_hash(as_bytes(what), 1));
    hash_ = mix(hash_, static_cast<std::uint64_t>(now.since_origin().count()));
    hash_ = mix(mix(hash_, a), mix(b, c));
    if (!print_) return;
    std::printf("%12.6f %-14.*s %llu %llu %llu\n", to_seconds(now.since_origin()),
                static_cast<int>(what.size()), what.data(), static_cast<unsigned long long>(a),
                static_cast<unsigned long long>(b), static_cast<unsigned long long>(c));
  }
  std::uint64_t hash() const { return hash_; }

 private:
  bool print_;
  std::uint64_t hash_ = 0;
};

}  // namespace ron::sim
