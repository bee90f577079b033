// The run as a number, and as text for people: equal seeds must give equal hashes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/time.hpp"

namespace ron::sim {

class Trace {
 public:
  explicit Trace(bool print = false) : print_(print) {}

  /// `what` is static text.
  void add(Instant now, std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0,
           std::uint64_t c = 0) {
    hash_ = mix(hash_, keyed_hash(as_bytes(what), 1));
    hash_ = mix(hash_, static_cast<std::uint64_t>(now.since_origin().count()));
    hash_ = mix(mix(hash_, a), mix(b, c));
    Event& event = last_[count_++ % kLast];
    event = {now, what, a, b, c};
    if (print_) std::fputs(line(event).c_str(), stdout);
  }
  std::uint64_t hash() const { return hash_; }

  /// The last events, one a line, for the report of a failure.
  std::string last() const {
    std::string text;
    for (std::uint64_t i = count_ - std::min<std::uint64_t>(count_, kLast); i < count_; ++i) {
      text += line(last_[i % kLast]);
    }
    return text;
  }

 private:
  static constexpr std::size_t kLast = 24;
  struct Event {
    Instant at;
    std::string_view what;
    std::uint64_t a = 0, b = 0, c = 0;
  };
  static std::string line(const Event& event) {
    std::array<char, 120> text{};
    std::snprintf(text.data(), text.size(), "%12.6f %-14.*s %llu %llu %llu\n",
                  to_seconds(event.at.since_origin()), static_cast<int>(event.what.size()),
                  event.what.data(), static_cast<unsigned long long>(event.a),
                  static_cast<unsigned long long>(event.b),
                  static_cast<unsigned long long>(event.c));
    return text.data();
  }

  bool print_;
  std::uint64_t hash_ = 0;
  std::uint64_t count_ = 0;
  std::array<Event, kLast> last_;
};

}  // namespace ron::sim
