#include "test/mc/small_world.hpp"

#include "sim/raw_client.hpp"
#include "sim/scenario.hpp"

namespace ron::sim {
namespace {

using namespace std::chrono_literals;

/// Branches only while armed, and only on small questions.
class RaceChoice final : public Choice {
 public:
  explicit RaceChoice(std::size_t depth) : inner_(depth) {}
  std::uint64_t index(std::uint64_t count) override {
    return armed && count <= 4 ? inner_.index(count) : 0;
  }
  bool next() { return inner_.next(); }
  std::vector<std::uint64_t> trail() const { return inner_.trail(); }
  bool armed = false;

 private:
  EnumChoice inner_;
};

Profile small_profile(Race race, unsigned shards) {
  Profile profile;
  profile.shards = shards;
  profile.spread = true;
  profile.vary_channels = false;
  profile.ring_capacity = 1;
  profile.raw_clients = 2;
  profile.drain_within = 1s;
  profile.config.session.fps = 0;
  profile.config.session.lanes.answers_watermark = 2;
  if (race == Race::kFullLane) profile.config.session.lanes.gossip_frames = 2;
  if (race == Race::kFullLane) profile.config.mail_messages = 2;
  return profile;
}

struct Cast {
  RawClient* subscriber;
  RawClient* publisher;
};

RawClient::Manners manners_of(Race race) {
  RawClient::Manners manners;
  manners.window = race == Race::kTinyWindow ? 1 : 4096;
  if (race == Race::kGroupLeave) manners.group = "g";
  return manners;
}

// What the two do once the race has begun, one deed an event.
std::vector<std::function<void()>> deeds_of(Race race, World& world, Cast cast) {
  RawClient* const sub = cast.subscriber;
  RawClient* const pub = cast.publisher;
  const auto publish = [pub](RawClient::How how) {
    return [pub, how] {
      if (pub->active()) pub->publish("t", {}, 4, how);
    };
  };
  const auto plain = publish(RawClient::How::kPlain);
  const auto acked = publish(RawClient::How::kAcked);
  switch (race) {
    case Race::kPublishUnsub: return {acked, [sub] { sub->unsubscribe({"t"}, {}, false); }, plain};
    case Race::kPublishSub:
      return {[sub] { sub->subscribe({"*"}, {}, false, false); }, acked, plain};
    case Race::kPublishReset: return {plain, acked, [sub] { sub->reset(); }};
    case Race::kPublishHalfClose: return {plain, acked, [sub] { sub->half_close(); }};
    case Race::kPublishDrain: return {plain, acked, [&world] { world.begin_drain(); }};
    case Race::kSubDrain:
      return {[sub] { sub->subscribe({"**"}, {}, true, false); },
              [&world] { world.begin_drain(); }};
    case Race::kFullLane: return {plain, plain, plain, plain, acked};
    case Race::kTinyWindow: return {plain, plain, acked};
    case Race::kGroupLeave: return {acked, [sub] { sub->unsubscribe({"t"}, {}, true); }, plain};
    case Race::kBothPublish:
      return {acked, [sub] { sub->publish("t", {}, 4, RawClient::How::kRequest); }, plain};
  }
  return {};
}

std::string run_one(Race race, unsigned shards, RaceChoice& choice) {
  World world(small_profile(race, shards), choice, {.choose_ties = true});
  Cast cast{};
  for (unsigned i = 0; i < 2; ++i) {
    auto client = std::make_unique<RawClient>(world, i);
    client->set_manners(manners_of(race));
    (i == 0 ? cast.subscriber : cast.publisher) = client.get();
    client->connect();
    world.actors.push_back(std::move(client));
  }
  const auto settle = [&] { world.pass(1ms); };
  settle();
  const bool grouped = race == Race::kGroupLeave;
  cast.subscriber->subscribe({"t", "t/**"}, {}, false, grouped);
  if (grouped || race == Race::kBothPublish) {
    cast.publisher->subscribe({"t"}, {}, grouped, grouped);
  }
  settle();
  for (auto& deed : deeds_of(race, world, cast)) world.schedule.after(Duration{0}, deed);
  choice.armed = true;
  settle();
  choice.armed = false;
  if (!world.failed()) come_to_rest(world);
  if (!world.failed()) judge(world);
  if (!world.failed()) drain_all(world);
  return world.failure;
}

}  // namespace

const char* name(Race race) {
  constexpr const char* kNames[kRaces] = {
      "publish/unsub", "publish/sub", "publish/reset", "publish/half-close", "publish/drain",
      "sub/drain",     "full lane",   "tiny window",   "group/leave",        "both publish"};
  return kNames[static_cast<unsigned>(race)];
}

Explored explore(Race race, const Bounds& bounds) {
  Explored explored;
  RaceChoice choice(bounds.depth);
  bool more = true;
  while (more && explored.worlds < bounds.worlds_most) {
    ++explored.worlds;
    explored.failure = run_one(race, bounds.shards, choice);
    if (!explored.failure.empty()) {
      explored.trail = choice.trail();
      return explored;
    }
    more = choice.next();
  }
  explored.exhausted = !more;
  return explored;
}

}  // namespace ron::sim
