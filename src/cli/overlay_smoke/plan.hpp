// What to send, to whom and when: pure, so that a run is the same schedule every time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ron::smoke {

/// The workloads of the performance gates. A message of class L goes as 16 publications (chunks).
enum class Class : std::uint8_t { kS, kM, kL };
inline constexpr std::size_t kClasses = 3;

struct ClassShape {
  std::string_view name;
  std::string_view size;    // for people
  std::size_t chunk_bytes;  // of a publication's data
  unsigned chunks;          // publications a message
};
const ClassShape& shape(Class one);

/// Shares of the classes, by message count.
struct Mix {
  std::array<unsigned, kClasses> parts{50, 40, 10};
};
/// "S50/M40/L10", "S100", "M1/L1": every class at most once, not all zero; or what is wrong.
std::expected<Mix, std::string> parse_mix(std::string_view text);
std::string mix_text(const Mix& mix);

/// The classes of successive messages: exact shares, spread as evenly as they can be.
class Classes {
 public:
  /// `skip` messages ahead, so that publishers do not send their large messages together.
  explicit Classes(const Mix& mix, unsigned skip = 0);
  Class next();

 private:
  Mix mix_;
  std::array<std::int64_t, kClasses> credit_{};
};

struct Plan {
  Mix mix;
  double rate = 500;  // messages a second of all publishers; the Bronze rate
  unsigned fanout = 3;
  unsigned publishers = 2;
  unsigned subscribers = 3;
  std::chrono::milliseconds duration{30'000};
  std::uint64_t reconnect_every = 0;  // messages of a publisher; 0 = never
  bool soak = false;
};

/// When message `index` of a publisher is due, from the start. Publishers take turns.
std::chrono::nanoseconds due(const Plan& plan, unsigned publisher, std::uint64_t index);
/// Messages of a publisher that are due before `elapsed`.
std::uint64_t scheduled(const Plan& plan, unsigned publisher, std::chrono::nanoseconds elapsed);

/// Publications (chunks) a second of one publisher.
double publications_a_second(const Plan& plan);

/// The publishers whose messages subscriber `index` gets: each publisher has `fanout` subscribers.
std::vector<unsigned> sources_of(const Plan& plan, unsigned index);

/// The part of a run a time belongs to. Slopes and drift are judged after the warm-up.
enum class Phase : std::uint8_t { kWarmUp, kFirst, kMiddle, kLast };
inline constexpr std::size_t kPhases = 4;
Phase phase_of(const Plan& plan, std::chrono::nanoseconds elapsed);

/// What stands at the beginning of each publication's data.
struct Stamp {
  std::uint64_t due_ns = 0;    // when it should have been sent, on the sender's steady clock
  std::uint64_t sequence = 0;  // of the publisher, from 1; each chunk has its own
  std::uint16_t publisher = 0;
  Class of = Class::kS;
  std::uint8_t chunk = 0;
};
inline constexpr std::size_t kStampSize = 20;
void write_stamp(const Stamp& stamp, std::string& data);
std::optional<Stamp> read_stamp(std::string_view data);

/// One publisher's publications as one reader sees them.
class Stream {
 public:
  /// True when the publication completes a message.
  bool take(const Stamp& stamp);
  std::uint64_t received() const { return received_; }
  /// Left out between two that came.
  std::uint64_t gaps() const { return gaps_; }
  /// Came twice, or after a later one.
  std::uint64_t disorder() const { return disorder_; }

 private:
  std::uint64_t received_ = 0, gaps_ = 0, disorder_ = 0, last_ = 0;
  unsigned chunks_ = 0;  // of the message at hand, without a gap
};

}  // namespace ron::smoke
