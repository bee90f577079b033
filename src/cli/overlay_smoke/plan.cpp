#include "plan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/bytes.hpp"

namespace ron::smoke {
namespace {

constexpr std::size_t kKi = 1024;
constexpr std::array<ClassShape, kClasses> kShapes{{
    {"S", "1 KiB", kKi, 1},
    {"M", "64 KiB", 64 * kKi, 1},
    {"L", "16x64 KiB", 64 * kKi, 16},
}};

constexpr unsigned kMostShare = 1'000'000;
constexpr double kWarmUpShare = 0.1;

double slots_per_ns(const Plan& plan) { return plan.rate / 1e9; }

}  // namespace

const ClassShape& shape(Class one) { return kShapes[static_cast<std::size_t>(one)]; }

std::expected<Mix, std::string> parse_mix(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return std::unexpected("'" + std::string(text) + "' is no mix (" + std::string(why) +
                           "): use shares such as S50/M40/L10");
  };
  Mix mix{{0, 0, 0}};
  std::array<bool, kClasses> seen{};
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    more = slash != std::string_view::npos;
    if (more) rest.remove_prefix(slash + 1);
    const auto at = std::ranges::find(kShapes, part.substr(0, 1), &ClassShape::name);
    if (at == kShapes.end()) return wrong("classes are S, M and L");
    const auto index = static_cast<std::size_t>(at - kShapes.begin());
    if (seen[index]) return wrong("a class stands twice");
    seen[index] = true;
    const auto [end, error] =
        std::from_chars(part.data() + 1, part.data() + part.size(), mix.parts[index]);
    if (error != std::errc{} || end != part.data() + part.size() || mix.parts[index] > kMostShare)
      return wrong("a share is a whole number");
  }
  if (std::ranges::all_of(mix.parts, [](unsigned share) { return share == 0; }))
    return wrong("all shares are 0");
  return mix;
}

std::string mix_text(const Mix& mix) {
  std::string text;
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (mix.parts[i] == 0) continue;
    text += (text.empty() ? "" : "/") + std::string(kShapes[i].name) + std::to_string(mix.parts[i]);
  }
  return text;
}

Classes::Classes(const Mix& mix, unsigned skip) : mix_(mix) {
  while (skip-- > 0) next();
}

// Every class earns its share a message; the one with the most pays for the whole message.
Class Classes::next() {
  const std::int64_t whole = std::accumulate(mix_.parts.begin(), mix_.parts.end(), std::int64_t{0});
  for (std::size_t i = 0; i < kClasses; ++i) credit_[i] += mix_.parts[i];
  const auto most = std::ranges::max_element(credit_);
  *most -= whole;
  return static_cast<Class>(most - credit_.begin());
}

std::chrono::nanoseconds due(const Plan& plan, unsigned publisher, std::uint64_t index) {
  const auto slot = static_cast<double>(index * plan.publishers + publisher);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(slot / slots_per_ns(plan)));
}

std::uint64_t scheduled(const Plan& plan, unsigned publisher, std::chrono::nanoseconds elapsed) {
  const double slots = static_cast<double>(elapsed.count()) * slots_per_ns(plan);
  const double own = std::ceil((slots - publisher) / plan.publishers);
  return own > 0 ? static_cast<std::uint64_t>(own) : 0;
}

double publications_a_second(const Plan& plan) {
  double messages = 0;
  double chunks = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    messages += plan.mix.parts[i];
    chunks += plan.mix.parts[i] * kShapes[i].chunks;
  }
  return plan.rate / plan.publishers * chunks / messages;
}

std::vector<unsigned> sources_of(const Plan& plan, unsigned index) {
  std::vector<unsigned> sources;
  for (unsigned publisher = 0; publisher < plan.publishers; ++publisher) {
    for (unsigned copy = 0; copy < plan.fanout; ++copy) {
      if ((publisher * plan.fanout + copy) % plan.subscribers == index)
        sources.push_back(publisher);
    }
  }
  return sources;
}

Phase phase_of(const Plan& plan, std::chrono::nanoseconds elapsed) {
  const std::chrono::duration<double> whole = plan.duration;
  const double share = std::chrono::duration<double>(elapsed) / whole;
  if (share < kWarmUpShare) return Phase::kWarmUp;
  const double third = (share - kWarmUpShare) / (1 - kWarmUpShare) * 3;
  if (third < 1) return Phase::kFirst;
  return third < 2 ? Phase::kMiddle : Phase::kLast;
}

void write_stamp(const Stamp& stamp, std::string& data) {
  auto* at = reinterpret_cast<std::uint8_t*>(data.data());
  store_be<std::uint64_t>(at, stamp.due_ns);
  store_be<std::uint64_t>(at + 8, stamp.sequence);
  store_be<std::uint16_t>(at + 16, stamp.publisher);
  at[18] = static_cast<std::uint8_t>(stamp.of);
  at[19] = stamp.chunk;
}

std::optional<Stamp> read_stamp(std::string_view data) {
  if (data.size() < kStampSize) return std::nullopt;
  const std::uint8_t* at = as_bytes(data).data();
  if (at[18] >= kClasses) return std::nullopt;
  const auto of = static_cast<Class>(at[18]);
  if (at[19] >= shape(of).chunks || data.size() != shape(of).chunk_bytes) return std::nullopt;
  return Stamp{load_be<std::uint64_t>(at), load_be<std::uint64_t>(at + 8),
               load_be<std::uint16_t>(at + 16), of, at[19]};
}

bool Stream::take(const Stamp& stamp) {
  ++received_;
  if (stamp.sequence <= last_) {
    ++disorder_;
    return false;
  }
  const bool next = stamp.sequence == last_ + 1;
  // Before the first there is nothing to miss: a reader may come late.
  if (!next && last_ != 0) gaps_ += stamp.sequence - last_ - 1;
  last_ = stamp.sequence;
  if (stamp.chunk == 0) {
    chunks_ = 1;
  } else {
    chunks_ = next && chunks_ == stamp.chunk ? chunks_ + 1 : 0;
  }
  return chunks_ == shape(stamp.of).chunks;
}

}  // namespace ron::smoke
