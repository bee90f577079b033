#include "mesh/interest.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "oap/envelope.hpp"
#include "oap/topic.hpp"

namespace ron::mesh {
namespace {

constexpr std::size_t kLogMost = 4096;  // changes; a neighbour further behind is told everything
constexpr unsigned kAsksMost = 4;       // interest_all on one session

// A pattern costs an entry of its own, a wildcard one also a trie node for each segment. Not below
// what either takes with its share of tables that may just have grown (interest_test.cpp).
constexpr std::size_t kPatternBytes = 288;
constexpr std::size_t kSegmentBytes = 288;

std::size_t cost(std::string_view pattern) {
  std::size_t bytes = kPatternBytes + 2 * pattern.size();
  if (oap::has_wildcard(pattern)) {
    const auto slashes = std::count(pattern.begin(), pattern.end(), '/');
    bytes += kSegmentBytes * (2 + static_cast<std::size_t>(slashes));  // and the tenant's root
  }
  return bytes;
}

void mix(InterestDigest& into, const InterestDigest& one) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] ^= one[i];
}

// Appends to the last set when it is of the same tenant.
void put(std::vector<oap::InterestOut::Set>& sets, const InterestKey& key) {
  if (sets.empty() || sets.back().first != key.first) {
    sets.emplace_back(key.first, std::vector<std::string>());
  }
  sets.back().second.push_back(key.second);
}

}  // namespace

// OAP-9.58 OAP-9.19
InterestDigest interest_digest(HashFn hash, TenantId tenant, std::string_view pattern) {
  std::array<std::uint8_t, 16 + oap::kTopicMax> bytes{};
  RON_CHECK(pattern.size() <= oap::kTopicMax);
  store_be(bytes.data(), tenant.hi);
  store_be(bytes.data() + 8, tenant.lo);
  std::ranges::copy(pattern, bytes.begin() + 16);
  const Digest256 whole = hash(ByteView(bytes).first(16 + pattern.size()));
  InterestDigest digest{};
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

// ---- own ---------------------------------------------------------------------------------------

bool InterestOwn::add(TenantId tenant, std::string_view pattern) {
  if (wanted_.contains(std::pair(tenant, pattern))) return false;
  InterestKey key(tenant, pattern);
  wanted_.insert(key);
  note(std::move(key), true);
  return true;
}

bool InterestOwn::remove(TenantId tenant, std::string_view pattern) {
  const auto found = wanted_.find(std::pair(tenant, pattern));
  if (found == wanted_.end()) return false;
  note(std::move(wanted_.extract(found).value()), false);
  return true;
}

void InterestOwn::note(InterestKey key, bool add) {
  mix(digest_, interest_digest(hash_, key.first, key.second));
  ++changes_;
  log_.push_back({std::move(key), digest_, add});
  if (log_.size() > kLogMost) log_.pop_front();
}

void InterestOwn::update(Told& told, std::vector<Slice>& frames) const {
  if (told.seq == 0 || changes_ - told.change > log_.size()) {
    tell_whole(told, frames);
  } else {
    tell_changes(told, frames);
  }
}

// OAP-9.60: whoever has forgotten what it was told asks for it.
void InterestOwn::greet(Told& told, std::vector<Slice>& frames) const {
  const std::size_t before = frames.size();
  update(told, frames);
  if (frames.size() == before) tell({.digest = digest_}, told, frames);
}

void InterestOwn::repeat(Told& told, std::vector<Slice>& frames) const {
  told = {};
  tell_whole(told, frames);
}

// OAP-9.59 OAP-9.62
void InterestOwn::tell_whole(Told& told, std::vector<Slice>& frames) const {
  told = {.change = changes_, .seq = 0};
  oap::InterestOut message;
  std::size_t patterns = 0;
  for (const InterestKey& key : wanted_) {
    if (patterns == oap::kInterestMax) {
      tell(message, told, frames);
      message.add.clear();
      patterns = 0;
    }
    put(message.add, key);
    mix(message.digest, interest_digest(hash_, key.first, key.second));
    ++patterns;
  }
  tell(message, told, frames);
}

// A key that changed twice is as it was, and the order of changes does not matter: so each message
// names a key at most once. // OAP-9.57
void InterestOwn::tell_changes(Told& told, std::vector<Slice>& frames) const {
  while (told.change != changes_) {
    const auto missing = static_cast<std::size_t>(changes_ - told.change);
    const auto first = log_.end() - static_cast<std::ptrdiff_t>(missing);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(missing, oap::kInterestMax));
    std::map<InterestKey, bool> net;
    for (auto at = first; at != last; ++at) {
      const auto [entry, fresh] = net.try_emplace(at->key, at->add);
      if (!fresh) net.erase(entry);
    }
    oap::InterestOut message{.digest = std::prev(last)->after};
    for (const auto& [key, add] : net) put(add ? message.add : message.remove, key);
    told.change += static_cast<std::uint64_t>(last - first);
    if (!net.empty()) tell(message, told, frames);
  }
}

void InterestOwn::tell(oap::InterestOut message, Told& told, std::vector<Slice>& frames) const {
  message.seq = ++told.seq;
  frames.push_back(oap::make_frame(oap::kEvent, {}, 0, oap::write_interest(message), meter_));
}

// ---- of a leaf ---------------------------------------------------------------------------------

template <typename Each>
void InterestOf::each(oap::InterestSets sets, Each take) {
  oap::InterestSet set;
  while (sets.next(set)) {
    oap::CborArray patterns(set.topics);
    oap::CborItem pattern;
    while (patterns.next(pattern)) take(set.tenant, pattern.text());
  }
}

InterestOf::Applied InterestOf::apply(const oap::Interest& interest) {
  if (interest.seq == 1) {  // OAP-9.59
    clear();
    asked_ = false;
  } else if (asked_) {
    return Applied::kIgnored;  // OAP-9.61
  } else if (interest.seq != next_) {
    return ask();
  }
  next_ = interest.seq + 1;
  const auto taken = [this](TenantId tenant, std::string_view pattern) { remove(tenant, pattern); };
  const auto given = [this](TenantId tenant, std::string_view pattern) { add(tenant, pattern); };
  each(interest.remove, taken);  // OAP-9.57
  each(interest.add, given);
  if (digest_ != interest.digest) return ask();
  // Room for what was shed: half of it, so that a leaf at the limit does not come round and round.
  if (shed_ > 0 && held_.size() + shed_ <= limits_.patterns / 2 &&
      bytes_ + shed_bytes_ <= limits_.bytes / 2) {
    asked_ = true;
    return Applied::kAskAll;
  }
  return Applied::kTaken;
}

// OAP-9.61
InterestOf::Applied InterestOf::ask() {
  asked_ = true;
  return ++asks_ <= kAsksMost ? Applied::kAskAll : Applied::kBroken;
}

void InterestOf::resumed() {
  asks_ = 0;
  asked_ = false;
}

void InterestOf::clear() {
  for (const auto& [tenant, pattern] : held_) index_.remove(tenant, pattern, target_);
  held_.clear();
  digest_ = {};
  bytes_ = shed_ = shed_bytes_ = 0;
}

// OAP-9.63: what is shed counts in the digest, or every change would look like a loss.
void InterestOf::add(TenantId tenant, std::string_view pattern) {
  if (held_.contains(std::pair(tenant, pattern))) return;
  mix(digest_, interest_digest(hash_, tenant, pattern));
  const std::size_t bytes = cost(pattern);
  if (held_.size() >= limits_.patterns || bytes_ + bytes > limits_.bytes) {
    ++shed_;
    shed_bytes_ += bytes;
    return;
  }
  held_.emplace(tenant, pattern);
  bytes_ += bytes;
  index_.add(tenant, pattern, target_);
}

void InterestOf::remove(TenantId tenant, std::string_view pattern) {
  const std::size_t bytes = cost(pattern);
  if (const auto found = held_.find(std::pair(tenant, pattern)); found != held_.end()) {
    held_.erase(found);
    bytes_ -= bytes;
    index_.remove(tenant, pattern, target_);
  } else if (shed_ > 0) {
    --shed_;
    shed_bytes_ -= std::min(shed_bytes_, bytes);
  } else {
    return;
  }
  mix(digest_, interest_digest(hash_, tenant, pattern));
}

}  // namespace ron::mesh
