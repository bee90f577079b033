#include "sim/mesh/ledger.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace ron::meshsim {
namespace {

constexpr std::int64_t kBin = 100'000;    // ns
constexpr std::size_t kBins = 1'000'000;  // 100 s; the last one takes the rest
constexpr double kNever = 999;            // a coverage that did not come

bool bit(const std::vector<std::uint64_t>& bits, HostIndex host) {
  return (bits[host / 64] >> (host % 64) & 1U) != 0;
}
void set(std::vector<std::uint64_t>& bits, HostIndex host) {
  bits[host / 64] |= std::uint64_t{1} << (host % 64);
}
constexpr Instant kAlways{-std::chrono::hours(24)};

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

std::string at_host(HostIndex host, std::uint32_t number) {
  return "host " + std::to_string(host) + ", message " + std::to_string(number);
}

}  // namespace

Ledger::Ledger(const Scenario& scenario, HostIndex hosts, bool altered)
    : scenario_(scenario),
      hosts_(hosts),
      altered_(altered),
      lives_(hosts),
      leaf_(hosts),
      wants_(hosts),
      excused_(hosts),
      latencies_(kBins) {}

void Ledger::leaf(HostIndex host, const std::vector<std::uint32_t>& topics) {
  leaf_[host] = true;
  for (const std::uint32_t topic : topics) wants_[host].push_back({topic, kAlways});
}

void Ledger::changed(HostIndex host, std::uint32_t topic, bool add, Instant at) {
  if (add) return wants_[host].push_back({topic, at});
  for (Want& want : wants_[host]) {
    if (want.topic == topic && want.until.is_never()) want.until = at;
  }
}

void Ledger::split(std::vector<std::uint8_t> groups, Instant at, Instant heal) {
  groups_ = std::move(groups);
  split_at_ = at;
  healed_at_ = heal;
}

// By a partition, and too old for the repair window when the sides met again.
bool Ledger::cut_off(HostIndex host, const Message& message) const {
  if (groups_.empty() || groups_[host] == groups_[message.origin]) return false;
  const Instant met = healed_at_ + scenario_.merge_time;
  return message.at + scenario_.within >= split_at_ &&
         message.at + scenario_.repair_window <= met && message.at < healed_at_;
}

std::uint32_t Ledger::add(Message message) {
  message.got.resize(hosts_ / 64 + 1);
  message.in_time = message.prompt = message.got;
  set(message.got, message.origin);
  set(message.in_time, message.origin);
  set(message.prompt, message.origin);
  messages_.push_back(std::move(message));
  return size() - 1;
}

bool Ledger::wants(HostIndex host, std::uint32_t topic, Instant from, Instant to) const {
  if (!leaf_[host]) return true;
  return std::ranges::any_of(wants_[host], [&](const Want& want) {
    return want.topic == topic && want.from <= from && to <= want.until;
  });
}

bool Ledger::wanted_once(HostIndex host, std::uint32_t topic) const {
  return std::ranges::any_of(wants_[host],
                             [topic](const Want& want) { return want.topic == topic; });
}

bool Ledger::wanted_lately(HostIndex host, std::uint32_t topic, Instant at) const {
  if (!leaf_[host]) return true;
  return std::ranges::any_of(wants_[host], [&](const Want& want) {
    return want.topic == topic && want.from <= at && at <= want.until + scenario_.interest_grace;
  });
}

// A host that came back remembers nothing, and may get a message once more.
bool Ledger::first_of_life(HostIndex host, std::uint32_t number) {
  const std::size_t life = lives_[host].size();
  const bool got = bit(messages_[number].got, host);
  if (life <= 1) return !got;
  const auto [at, fresh] = last_life_.try_emplace({number, host}, life);
  return fresh || std::exchange(at->second, life) < life;
}

void Ledger::delivered(HostIndex host, const Delivery& delivery, Instant at) {
  const bool known = delivery.number < messages_.size();
  if (known && messages_[delivery.number].origin == host) {
    const bool baseline = !delivery.message;  // hands its own publications over as well
    const bool new_life = messages_[delivery.number].at < lives_[host].back().up;
    if (!baseline && !new_life)
      fail("its own publication came back: " + at_host(host, delivery.number));
    return;
  }
  const bool same =
      known && (!delivery.message || equal(*delivery.message, messages_[delivery.number].bytes));
  if (!same) {
    ++made_up_;
    if (delivery.id) note_forgery(host, *delivery.id);
    if (!altered_) fail("delivered what nobody published: " + at_host(host, delivery.number));
    return;
  }
  Message& message = messages_[delivery.number];
  if (delivery.tenant != message.tenant && delivery.message) {
    if (!altered_) fail("delivered to another tenant: " + at_host(host, delivery.number));
    return;
  }
  if (!wanted_lately(host, message.topic, at) && !stale_.contains({delivery.number, host}))
    return fail("a leaf did not ask for it: " + at_host(host, delivery.number));
  if (!first_of_life(host, delivery.number)) {
    return fail("delivered twice: " + at_host(host, delivery.number) + ", " +
                std::to_string((at - message.at) / 1s) + " s after it was published");
  }
  ++message.got_count;
  if (bit(message.got, host)) return;
  set(message.got, host);
  const Duration took = at - message.at;
  if (took <= scenario_.within) set(message.in_time, host);
  if (took <= scenario_.prompt) set(message.prompt, host);
  if (!message.measured || excused_[host]) return;
  // What a leaf gets that was published before it asked is no measure of the way.
  if (!wants(host, message.topic, message.at, message.at)) return;
  const auto bin = static_cast<std::size_t>(std::max<std::int64_t>(took.count(), 0) / kBin);
  ++latencies_[std::min(bin, kBins - 1)];
  ++latency_count_;
}

// Hostile nodes may say what they like under their own name.
void Ledger::note_forgery(HostIndex host, const MessageId& id) {
  const auto origin = origins_.find(id.origin);
  if (origin == origins_.end() || excused_[origin->second]) return;
  auto& holders = forged_[id];
  holders.resize(hosts_ / 64 + 1);
  set(holders, host);
}

// Until a leaf that came back has spoken, its relay goes by what it wanted on the link before.
void Ledger::copied(HostIndex host, const Copy& copy, Instant at) {
  if (copy.number >= messages_.size()) return;
  Message& message = messages_[copy.number];
  if (copy.message && !equal(*copy.message, message.bytes)) return;
  ++message.copies;
  if (!message.id) message.id = copy.id;
  if (wanted_lately(host, message.topic, at)) return;
  if (copy.since_up < scenario_.interest_grace && wanted_once(host, message.topic)) {
    ++stale_copies_;
    stale_.emplace(copy.number, host);
    return;
  }
  ++uninterested_copies_;
  fail("a leaf was sent what it did not ask for: " + at_host(host, copy.number));
}

bool Ledger::owed(const Message& message, HostIndex host) const {
  if (excused_[host] || excused_[message.origin]) return false;
  if (!wants(host, message.topic, message.at + -scenario_.interest_grace,
             message.at + scenario_.within)) {
    return false;
  }
  if (cut_off(host, message)) return false;
  // An origin that died with the message on its tongue, or in the same instant, owes it to nobody.
  for (const Life& life : lives_[message.origin]) {
    if (life.up <= message.at && message.at <= life.down &&
        life.down < message.at + scenario_.within) {
      return false;
    }
  }
  return std::any_of(lives_[host].begin(), lives_[host].end(), [&](const Life& life) {
    return life.up + scenario_.grace <= message.at && message.at + scenario_.within <= life.down;
  });
}

std::pair<std::uint64_t, std::uint64_t> Ledger::delivered_of(const Message& message,
                                                             Bits bits) const {
  std::uint64_t got = 0, all = 0;
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (host == message.origin || !owed(message, host)) continue;
    ++all;
    if (bit(message.*bits, host)) ++got;
  }
  return {got, all};
}

double Ledger::percentile(double part) const {
  const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(latency_count_));
  std::uint64_t seen = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    seen += latencies_[bin];
    if (seen > 0 && seen >= wanted) return (static_cast<double>(bin) + 0.5) * kBin / 1e6;
  }
  return 0;
}

// The first message from which on every one covers everybody.
std::size_t Ledger::covered_from(const std::vector<const Message*>& after, Bits bits) const {
  std::size_t first = after.size();
  while (first > 0) {
    const auto [got, all] = delivered_of(*after[first - 1], bits);
    if (got < all) break;
    --first;
  }
  return first;
}

// When full coverage came back: the first publication after the fault from which on every message
// covers everybody in time (and the same for a much shorter time); and how much of what was
// published before that still arrived.
void Ledger::coverage(Figures& out, Instant fault) const {
  std::vector<const Message*> after;
  for (const Message& message : messages_) {
    if (message.after_fault) after.push_back(&message);
  }
  if (after.empty()) return;
  const auto seconds = [&](std::size_t first) {
    if (first == 0) return 0.0;
    return first < after.size() ? to_seconds(after[first]->at - fault) : kNever;
  };
  const std::size_t first = covered_from(after, &Message::in_time);
  double got = 0, in_time = 0, all = 0;
  for (std::size_t i = 0; i < first; ++i) {
    const auto late = delivered_of(*after[i], &Message::got);
    got += static_cast<double>(late.first);
    all += static_cast<double>(late.second);
    in_time += static_cast<double>(delivered_of(*after[i], &Message::in_time).first);
  }
  out["full_coverage_s"] = seconds(first);
  out["prompt_coverage_s"] = seconds(covered_from(after, &Message::prompt));
  out["gap_messages"] = static_cast<double>(first);
  out["gap_delivered_pct"] = all > 0 ? 100 * got / all : 100;
  out["gap_in_time_pct"] = all > 0 ? 100 * in_time / all : 100;
}

void Ledger::figures(Figures& out, std::optional<Instant> fault) const {
  double copies = 0, got = 0, all_copies = 0, all_got = 0, owed_count = 0, came = 0;
  for (const Message& message : messages_) {
    all_copies += message.copies;
    all_got += message.got_count;
    if (!message.measured) continue;
    copies += message.copies;
    got += message.got_count;
    const auto [has, all] = delivered_of(message, &Message::got);
    came += static_cast<double>(has);
    owed_count += static_cast<double>(all);
  }
  out["deliveries"] = got;
  out["rmr"] = ratio(copies, got) - (got > 0 ? 1 : 0);
  out["rmr_with_warm_up"] = ratio(all_copies, all_got) - (all_got > 0 ? 1 : 0);
  out["delivered_pct"] = owed_count > 0 ? 100 * ratio(came, owed_count) : 100;
  out["lacking"] = owed_count - came;
  out["p50_ms"] = percentile(0.5);
  out["p95_ms"] = percentile(0.95);
  out["p99_ms"] = percentile(0.99);
  out["max_ms"] = percentile(1);
  out["uninterested"] = static_cast<double>(uninterested_copies_);
  if (scenario_.leaf_change_every.count() > 0)
    out["uninterested_on_new_link"] = static_cast<double>(stale_copies_);
  if (altered_) out["made_up"] = static_cast<double>(made_up_);
  if (altered_) out["forged_held"] = forged_held();
  if (fault) coverage(out, *fault);
}

std::string Ledger::suppressed() const {
  for (std::uint32_t number = 0; number < messages_.size(); ++number) {
    const Message& message = messages_[number];
    const auto forged = message.id ? forged_.find(*message.id) : forged_.end();
    if (forged == forged_.end() || message.best_effort) continue;
    for (HostIndex host = 0; host < hosts_; ++host) {
      if (bit(forged->second, host) && owed(message, host) && !bit(message.got, host))
        return at_host(host, number);
    }
  }
  return {};
}

double Ledger::forged_held() const {
  double held = 0;
  for (const Message& message : messages_) {
    const auto forged = message.id ? forged_.find(*message.id) : forged_.end();
    if (forged == forged_.end()) continue;
    for (const std::uint64_t word : forged->second) held += std::popcount(word);
  }
  return held;
}

double Ledger::delivered_pct(HostIndex host) const {
  double got = 0, all = 0;
  for (const Message& message : messages_) {
    if (!message.measured || message.origin == host || !owed(message, host)) continue;
    ++all;
    if (bit(message.got, host)) ++got;
  }
  return all > 0 ? 100 * got / all : 0;
}

std::string out_of_sync(const Interest& wants, const Interest& believed) {
  for (const auto& each : wants) {
    if (!believed.contains(each)) return "does not know that it wants " + each.second;
  }
  for (const auto& each : believed) {
    if (!wants.contains(each)) return "still believes that it wants " + each.second;
  }
  return {};
}

std::string Ledger::lacking() const {
  for (std::uint32_t number = 0; number < messages_.size(); ++number) {
    const Message& message = messages_[number];
    if (message.best_effort) continue;
    for (HostIndex host = 0; host < hosts_; ++host) {
      if (owed(message, host) && !bit(message.got, host)) return at_host(host, number);
    }
  }
  return {};
}

}  // namespace ron::meshsim
