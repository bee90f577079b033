// Arbitrary payloads through every decoder of sections 3 to 6; what a decoder accepts keeps its
// bounds, and survives being written and read again.
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"
#include "oap/topic.hpp"

namespace {

using namespace ron;
using namespace ron::oap;

void try_hello(const Message& message) {
  const auto hello = read_hello(message);
  if (!hello) return;
  RON_CHECK(hello->max_frame >= kMinMaxFrame && hello->agent.size() <= 64);
  RON_CHECK(!hello->window || *hello->window > 0);
  RON_CHECK(hello->role == Role::kClient || (hello->node && hello->epoch));
  const auto payload = write_hello(*hello);
  const auto again = read_message(payload);
  RON_CHECK(again && again->kind == "hello");
  const auto same = read_hello(*again);
  RON_CHECK(same && same->pq == hello->pq && same->max_frame == hello->max_frame);
  RON_CHECK(same->comp_zstd == hello->comp_zstd && same->version_1 == hello->version_1);
  RON_CHECK(same->token == hello->token && same->window == hello->window);
  RON_CHECK(same->agent == hello->agent && same->role == hello->role);
  RON_CHECK(same->node == hello->node && same->epoch == hello->epoch);
}

void try_hello_ack(const Message& message) {
  const auto ack = read_hello_ack(message);
  if (!ack) return;
  const auto payload = write_hello_ack(*ack);
  const auto again = read_message(payload);
  RON_CHECK(again && read_hello_ack(*again)->session == ack->session);
}

void try_pubsub(const Message& message) {
  if (const auto gossip = read_gossip(message)) RON_CHECK(is_topic(gossip->topic));
  const auto sub = read_sub(message);
  if (!sub) return;
  RON_CHECK(sub->topics.number > 0);
  RON_CHECK(!sub->group || (!sub->group->empty() && sub->group->size() <= kGroupMax));
  CborArray patterns(sub->topics);
  CborItem pattern;
  while (patterns.next(pattern)) RON_CHECK(is_pattern(pattern.text()));
}

void try_control(const Message& message) {
  if (const auto ack = read_ack(message)) RON_CHECK(ack->ok);
  if (const auto error = read_error(message)) (void)code_of(error->code);
  (void)read_credit(message);
  (void)read_lagged(message);
  if (const auto gap = read_gap(message)) RON_CHECK(gap->count - 1 <= gap->last - gap->first);
  (void)read_refused(message);
  (void)read_bye(message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = read_message({data, size});
  if (!message) return 0;
  try_hello(*message);
  try_hello_ack(*message);
  try_pubsub(*message);
  try_control(*message);
  return 0;
}
