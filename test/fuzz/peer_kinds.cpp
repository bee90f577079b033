// Arbitrary payloads through every decoder of section 9; what a decoder accepts keeps its bounds,
// and survives being written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "oap/envelope.hpp"
#include "oap/peer_kinds.hpp"
#include "oap/topic.hpp"

namespace {

using namespace ron;
using namespace ron::oap;

using Bytes = std::vector<std::uint8_t>;

// What a writer wrote, as the reader of all payloads sees it.
Message again(const Bytes& payload) {
  const auto message = read_message(payload);
  RON_CHECK(message);
  return *message;
}

bool same(const Relay& a, const Relay& b) {
  return a.origin == b.origin && a.epoch == b.epoch && a.seq == b.seq && a.trace == b.trace &&
         equal(a.message, b.message);
}

// The short way takes nothing that the long way refuses, and reads the same.
void try_relay(ByteView payload, const std::optional<Message>& message) {
  const auto usual = read_usual_relay(payload);
  RON_CHECK(!usual || (message && message->kind == "relay"));
  if (!message) return;
  const auto relay = read_relay(*message);
  if (usual) RON_CHECK(relay && same(*relay, *usual));
  if (!relay) return;
  RON_CHECK(relay->seq > 0 && !relay->message.empty() && relay->message.size() <= kMaxFrame);
  RON_CHECK(relay->message.data() + relay->message.size() == payload.data() + payload.size());
  Bytes written = write_relay_head(*relay);
  written.insert(written.end(), relay->message.begin(), relay->message.end());
  const auto canonical = read_relay(again(written));
  RON_CHECK(canonical && same(*canonical, *relay));
  RON_CHECK(read_usual_relay(written).has_value() == !relay->trace);  // probes are rare
}

void try_ids(const Message& message) {
  auto ids = read_ids(message);
  if (!ids) return;
  RON_CHECK(ids->count() <= kIdsMax);
  std::vector<IdRange> ranges;
  IdRange range;
  while (ids->next(range)) {
    RON_CHECK(range.first >= 1 && range.first <= range.last && range.last - range.first < 65'536);
    ranges.push_back(range);
  }
  RON_CHECK(ids->count() == 0);
  const Bytes payload = write_ids(IdsKind::kIwant, ranges);
  auto same_ids = read_ids(again(payload));
  RON_CHECK(same_ids && same_ids->count() == ranges.size());
  for (const IdRange& want : ranges) RON_CHECK(same_ids->next(range) && range == want);
}

void try_tree(const Message& message) {
  const auto change = read_tree_change(message);
  if (!change) return;
  RON_CHECK(!change->topic || is_topic(*change->topic));
  RON_CHECK(!change->tenant || change->topic);
  const Bytes payload = write_tree_change(*change);
  const auto same_change = read_tree_change(again(payload));
  RON_CHECK(same_change && same_change->topic == change->topic &&
            same_change->origin == change->origin && same_change->tenant == change->tenant &&
            same_change->graft == change->graft);
}

std::vector<PeerAddr> all_of(PeerAddrs list) {
  RON_CHECK(list.count() <= kPeersMax);
  std::vector<PeerAddr> out;
  PeerAddr peer;
  while (list.next(peer)) {
    RON_CHECK(!peer.addr.empty() && peer.addr.size() <= kPeerAddrMax && !has_control(peer.addr));
    out.push_back(peer);
  }
  RON_CHECK(list.count() == 0);
  return out;
}

void try_links(const Message& message) {
  if (const auto link = read_link(message)) {
    const Bytes payload = write_link(*link);
    const auto same_link = read_link(again(payload));
    RON_CHECK(same_link && same_link->addr == link->addr && same_link->leaf == link->leaf &&
              same_link->prio == link->prio);
  }
  if (const auto peers = read_peers(message)) {
    const auto list = all_of(*peers);
    const Bytes payload = write_peers(list);
    const auto same_peers = read_peers(again(payload));
    RON_CHECK(same_peers && all_of(*same_peers).size() == list.size());
  }
  if (const auto busy = read_busy_peers(message)) {
    const auto list = all_of(*busy);
    const Bytes payload = write_busy("text", list);
    const auto same_busy = read_busy_peers(again(payload));
    RON_CHECK(same_busy && all_of(*same_busy).size() == list.size());
  }
}

void try_origin(const Message& message) {
  const auto origin = read_origin(message);
  if (!origin) return;
  RON_CHECK(!origin->key.empty() && origin->key.size() <= kPeerKeyMax);
  RON_CHECK(!origin->sig.empty() && origin->sig.size() <= kPeerSigMax);
  const Bytes payload = write_origin(*origin);
  const auto same_origin = read_origin(again(payload));
  RON_CHECK(same_origin && equal(same_origin->key, origin->key) &&
            equal(same_origin->sig, origin->sig) && same_origin->epoch == origin->epoch);
}

void try_traced(const Message& message) {
  const auto traced = read_traced(message);
  if (!traced) return;
  RON_CHECK(traced->seq > 0 && traced->back <= kTracedBackMost);
  const Bytes payload = write_traced(*traced);
  const auto same_traced = read_traced(again(payload));
  RON_CHECK(same_traced && *same_traced == *traced);
}

std::vector<InterestOut::Set> all_of(InterestSets list) {
  std::vector<InterestOut::Set> out;
  InterestSet set;
  while (list.next(set)) {
    out.emplace_back(set.tenant, std::vector<std::string>());
    CborArray patterns(set.topics);
    CborItem pattern;
    while (patterns.next(pattern)) {
      RON_CHECK(is_pattern(pattern.text()));
      out.back().second.emplace_back(pattern.text());
    }
    RON_CHECK(!out.back().second.empty());
  }
  return out;
}

void try_interest(const Message& message) {
  const auto interest = read_interest(message);
  if (!interest) return;
  const InterestOut out{all_of(interest->add), all_of(interest->remove), interest->seq,
                        interest->digest};
  std::size_t patterns = 0;
  for (const auto& [tenant, topics] : out.add) patterns += topics.size();
  for (const auto& [tenant, topics] : out.remove) patterns += topics.size();
  RON_CHECK(patterns <= kInterestMax);
  const Bytes payload = write_interest(out);
  const auto same_interest = read_interest(again(payload));
  RON_CHECK(same_interest && same_interest->seq == interest->seq &&
            same_interest->digest == interest->digest && all_of(same_interest->add) == out.add &&
            all_of(same_interest->remove) == out.remove);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView payload(data, size);
  const auto legal = read_message(payload);
  const std::optional<Message> message = legal ? std::optional(*legal) : std::nullopt;
  try_relay(payload, message);
  if (!message) return 0;
  try_ids(*message);
  try_tree(*message);
  try_links(*message);
  try_origin(*message);
  try_interest(*message);
  try_traced(*message);
  return 0;
}
