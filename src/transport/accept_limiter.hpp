// Who may connect now: a rate per source and a ceiling over all, decided before any expensive work.
//
// Per source (/32 of IPv4, /64 of IPv6, C87) a bucket of `burst` connections that refills at
// `sustained` a second. The table is bounded: when it is full, the source that was seen longest ago
// makes room; a source that comes back later starts with a full bucket. Time is an argument.
// Unix sockets skip the rate, and keep a few places beyond the ceiling, so that a flood from the
// network does not lock the machine's operator out.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>

#include "base/time.hpp"
#include "transport/address.hpp"

namespace ron::transport {

struct AcceptLimits {
  std::uint32_t connections = 1024;  // open at once
  double sustained = 50;             // a second and source; 0 = no rate limit
  double burst = 100;
  std::size_t sources = 4096;  // remembered at once
};

inline constexpr std::uint32_t kUnixReserve = 16;
/// Sessions to peers that this node dialed, which no limit on those who come counts.
inline constexpr std::uint32_t kDialedReserve = 64;

enum class Admission : std::uint8_t { kAdmitted, kTooFast, kFull };

class AcceptLimiter {
 public:
  AcceptLimiter() = default;
  explicit AcceptLimiter(const AcceptLimits& limits) : limits_(limits) {}

  /// kAdmitted takes a place, which `release` gives back.
  Admission admit(const SourceKey& source, Instant now);
  Admission admit_unix();
  void release();

  /// New limits from now on; what is open stays.
  void set_limits(const AcceptLimits& limits) { limits_ = limits; }

  std::uint32_t open() const { return open_; }
  std::size_t sources() const { return buckets_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const SourceKey& key) const noexcept;
  };
  struct Bucket {
    SourceKey source;
    double tokens;
    Instant filled;
  };
  bool take_token(const SourceKey& source, Instant now);

  AcceptLimits limits_;
  std::uint32_t open_ = 0;
  std::list<Bucket> recent_;  // the latest first
  std::unordered_map<SourceKey, std::list<Bucket>::iterator, Hash> buckets_;
};

}  // namespace ron::transport
