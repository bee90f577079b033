// ihave, iwant, idontwant; graft and prune (docs/OAP-1.md section 9).
#include "oap/fields.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::oap {
namespace {

constexpr std::uint64_t kRangeSpan = 1U << 16U;  // messages in one entry at most
constexpr std::size_t kRangeMost = 1 + 17 + 4 * 9;
constexpr std::size_t kIdsOverhead = 24;

// [origin, epoch, first, last], perhaps with check behind. // OAP-9.28 OAP-9.40 OAP-9.54
bool take_range(const CborItem& item, IdRange& range) {
  if (item.type != CborType::kArray || item.number < 4 || item.number > 5) return false;
  CborArray elements(item);
  CborItem element;
  elements.next(element);
  if (!take(element, range.origin)) return false;
  for (std::uint64_t* number : {&range.epoch, &range.first, &range.last}) {
    elements.next(element);
    if (!take(element, *number)) return false;
  }
  range.check = 0;
  if (elements.next(element) && !take(element, range.check)) return false;
  return range.first >= 1 && range.first <= range.last && range.last - range.first < kRangeSpan;
}

}  // namespace

std::string_view name(IdsKind kind) {
  switch (kind) {
    case IdsKind::kIhave: return "ihave";
    case IdsKind::kIwant: return "iwant";
    case IdsKind::kIdontwant: break;
  }
  return "idontwant";
}

bool IdRanges::next(IdRange& range) {
  CborItem item;
  if (!array_.next(item)) return false;
  --left_;
  return take_range(item, range);
}

// OAP-9.28 OAP-9.40
Decoded<IdRanges> read_ids(const Message& message) {
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key != "ids") continue;
    if (value.type != CborType::kArray) return faulty("ids is not a list");
    if (value.number > kIdsMax) return faulty("ids has more than 512 entries");
    CborArray entries(value);
    CborItem entry;
    IdRange range;
    while (entries.next(entry)) {
      if (!take_range(entry, range)) return faulty("ids holds something but a range of messages");
    }
    return IdRanges(value);
  }
  return faulty("ids is missing");
}

std::vector<std::uint8_t> write_ids(IdsKind kind, std::span<const IdRange> ids) {
  std::vector<std::uint8_t> out;
  out.reserve(kIdsOverhead + ids.size() * kRangeMost);
  CborWriter to(out);
  to.map(2);
  to.key("ids").array(ids.size());
  for (const IdRange& range : ids) {
    to.array(range.check == 0 ? 4 : 5);
    to.bytes(range.origin);
    to.uint(range.epoch);
    to.uint(range.first);
    to.uint(range.last);
    if (range.check != 0) to.uint(range.check);
  }
  to.key("kind").text(name(kind));
  return out;
}

// OAP-9.29 OAP-9.41
Decoded<TreeChange> read_tree_change(const Message& message) {
  TreeChange change;
  change.graft = message.kind == "graft";
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "topic") {
      if (!take(value, change.topic) || !is_topic(*change.topic)) {
        return faulty("topic of a tree is not a valid topic");
      }
    } else if (key == "origin") {
      if (!take(value, change.origin.emplace())) return faulty("origin of a tree is not 16 bytes");
    } else if (key == "tenant") {
      if (!take(value, change.tenant.emplace())) return faulty("tenant of a tree is not 16 bytes");
    }
  }
  if (change.tenant && !change.topic) return faulty("a tree has a tenant but no topic");
  return change;
}

std::vector<std::uint8_t> write_tree_change(const TreeChange& change) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(1U + (change.topic ? 1U : 0U) + (change.origin ? 1U : 0U) + (change.tenant ? 1U : 0U));
  to.key("kind").text(change.graft ? "graft" : "prune");
  if (change.topic) to.key("topic").text(*change.topic);
  if (change.origin) to.key("origin").bytes(*change.origin);
  if (change.tenant) to.key("tenant").bytes(tenant_bytes(*change.tenant));
  return out;
}

}  // namespace ron::oap
