// interest: what a leaf wants, as changes of a set of (tenant, pattern) (docs/OAP-1.md section 9).
#include "oap/fields.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::oap {
namespace {

constexpr unsigned kAdd = 1;
constexpr unsigned kInterestSeq = 2;
constexpr unsigned kDigest = 4;
constexpr unsigned kRemove = 8;
constexpr unsigned kInterestFields = kAdd | kInterestSeq | kDigest | kRemove;

bool take_set(const CborItem& item, InterestSet& set) {
  if (item.type != CborType::kMap) return false;
  bool tenant = false;
  bool topics = false;
  CborMap fields(item);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "tenant") {
      if (!take(value, set.tenant)) return false;
      tenant = true;
    } else if (key == "topics") {
      set.topics = value;
      topics = value.type == CborType::kArray;
    }
  }
  return tenant && topics;
}

// Takes a list of sets; `patterns` goes up by what they hold.
bool take_sets(const CborItem& item, InterestSets& sets, std::uint64_t& patterns) {
  if (item.type != CborType::kArray) return false;
  sets = InterestSets(item);
  CborArray list(item);
  CborItem element;
  InterestSet set;
  while (list.next(element)) {
    if (!take_set(element, set) || !valid_patterns(set.topics)) return false;
    patterns += set.topics.number;
  }
  return true;
}

void write_sets(CborWriter& to, const std::vector<InterestOut::Set>& sets) {
  to.array(sets.size());
  for (const auto& [tenant, topics] : sets) {
    to.map(2);
    to.key("tenant").bytes(tenant_bytes(tenant));
    to.key("topics").array(topics.size());
    for (const std::string& topic : topics) to.text(topic);
  }
}

}  // namespace

bool InterestSets::next(InterestSet& set) {
  CborItem item;
  return array_ && array_->next(item) && take_set(item, set);
}

// OAP-9.30 OAP-9.36 OAP-9.42
Decoded<Interest> read_interest(const Message& message) {
  Interest interest;
  unsigned seen = 0;
  std::uint64_t patterns = 0;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "add") {
      if (!take_sets(value, interest.add, patterns)) return faulty("interest.add is broken");
      seen |= kAdd;
    } else if (key == "remove") {
      if (!take_sets(value, interest.remove, patterns)) return faulty("interest.remove is broken");
      seen |= kRemove;
    } else if (key == "seq") {
      if (!take(value, interest.seq) || interest.seq == 0) {
        return faulty("interest.seq is not a uint >= 1");
      }
      seen |= kInterestSeq;
    } else if (key == "digest") {
      if (!take(value, interest.digest)) return faulty("interest.digest is not 16 bytes");
      seen |= kDigest;
    }
  }
  if (seen != kInterestFields) return faulty("interest lacks add, seq, digest or remove");
  if (patterns > kInterestMax) return faulty("interest has more than 1024 patterns");
  return interest;
}

std::vector<std::uint8_t> write_interest(const InterestOut& interest) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(5);
  to.key("add");
  write_sets(to, interest.add);
  to.key("seq").uint(interest.seq);
  to.key("kind").text("interest");
  to.key("digest").bytes(interest.digest);
  to.key("remove");
  write_sets(to, interest.remove);
  return out;
}

// OAP-9.31
std::vector<std::uint8_t> write_interest_all() {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(1);
  to.key("kind").text("interest_all");
  return out;
}

}  // namespace ron::oap
