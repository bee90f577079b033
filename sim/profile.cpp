#include "sim/profile.hpp"

#include <array>
#include <initializer_list>

namespace ron::sim {
namespace {

using namespace std::chrono_literals;

template <typename T>
T one_of(Choice& choice, std::initializer_list<T> values) {
  return *(values.begin() + choice.index(values.size()));
}

constexpr std::array<const char*, 6> kWords = {"a", "b", "sensors", "c*", "\xC3\xA9", "x1"};

void draw_names(Choice& choice, Profile& profile) {
  const std::uint64_t tenants = choice.pick(1, 3);
  for (std::uint64_t i = 0; i < tenants; ++i) {
    TenantId tenant{0, i};  // neighbours of the default tenant, or anywhere
    if (i > 0 && choice.chance(1, 2)) tenant = {choice.bits(), choice.bits()};
    profile.tenants.push_back(tenant);
  }
  const std::uint64_t words = choice.pick(1, kWords.size());
  const auto word = [&] { return std::string(kWords[choice.index(words)]); };
  const std::uint64_t topics = choice.pick(1, 8);
  for (std::uint64_t i = 0; i < topics; ++i) {
    std::string topic = word();
    for (std::uint64_t depth = choice.index(3); depth > 0; --depth) topic += "/" + word();
    profile.topics.push_back(topic);
  }
  for (const std::string& topic : profile.topics) {
    profile.patterns.push_back(topic);
    const std::size_t slash = topic.rfind('/');
    const std::string head = slash == std::string::npos ? "" : topic.substr(0, slash + 1);
    profile.patterns.push_back(head + (choice.chance(1, 2) ? "*" : "**"));
    if (slash != std::string::npos) profile.patterns.push_back("*" + topic.substr(topic.find('/')));
  }
  profile.patterns.emplace_back("**");
  for (std::uint64_t i = choice.index(3); i > 0; --i) {
    profile.groups.push_back("g" + std::to_string(i));
  }
}

void draw_limits(Choice& choice, Profile& profile) {
  node::SessionLimits& limits = profile.config.session;
  limits.lanes.policy = one_of(choice, {gossip::DropPolicy::kNewest, gossip::DropPolicy::kOldest,
                                        gossip::DropPolicy::kDisconnect});
  limits.inflight = one_of(choice, {32U, 0U, 1U, 4U});
  limits.recv_window_bytes = one_of<std::uint64_t>(choice, {1U << 20U, 0, 300, 4096});
  limits.patterns = one_of(choice, {1024U, 4U});
  if (profile.roomy) {
    limits.rps = limits.fps = 0;
    return;
  }
  limits.max_frame = one_of(choice, {oap::kMaxFrame, 1024U, 4096U});
  limits.rps = one_of<std::uint64_t>(choice, {0, 0, 200, 5});
  limits.fps = one_of<std::uint64_t>(choice, {0, 0, 1000, 20});
  limits.lanes.answers_watermark = one_of(choice, {96U, 2U, 8U});
  limits.lanes.gossip_frames = one_of(choice, {65'536U, 4U, 16U, 64U});
  limits.lanes.gossip_bytes = one_of<std::size_t>(choice, {4U << 20U, 1024, 4096, 64U * 1024});
  node::NodeConfig& config = profile.config;
  config.max_sessions = one_of(choice, {1024U, 1024U, 3U});
  config.queue_bytes = one_of<std::size_t>(choice, {256U << 20U, 256U << 20U, 64U * 1024});
  config.input_bytes = one_of<std::size_t>(choice, {64U << 20U, 64U << 20U, 4096});
  config.subscriptions_max = one_of(choice, {1'000'000U, 1'000'000U, 12U});
  config.mail_bytes = one_of<std::size_t>(choice, {4U << 20U, 1024, 16U * 1024});
  config.mail_messages = one_of(choice, {1024U, 2U, 16U});
  config.lend_from = one_of<std::size_t>(choice, {4096, 0, 300});
}

void draw_links(Choice& choice, Profile& profile) {
  profile.pipe.capacity = one_of<std::size_t>(choice, {64U * 1024, 100, 1500, 1U << 20U});
  profile.pipe.delay_max = one_of<Duration>(choice, {0us, 100us, 20ms});
  profile.ring_capacity = choice.pick(1, 4);
  profile.mail_delay = one_of<Duration>(choice, {0us, 50us, 5ms});
  profile.turn_delay = one_of<Duration>(choice, {0us, 20us, 1ms});
  profile.read_most = one_of<std::size_t>(choice, {64U * 1024, 64U * 1024, 700, 40});
  profile.split_reads = choice.chance(1, 2);
  profile.gather_most = one_of<std::size_t>(choice, {64U * 1024, 64U * 1024, 2000, 100});
  profile.partial_writes = choice.chance(1, 2);
  profile.lazy_channel = choice.chance(1, 4);
}

// Each kind of fault is absent from half of the worlds, so that others get to act alone.
void draw_weights(Choice& choice, Profile& profile) {
  Weights& weights = profile.weights;
  profile.faults = choice.chance(2, 3);
  for (std::uint32_t* fault : {&weights.bye, &weights.garbage, &weights.half_close, &weights.reset,
                               &weights.stall, &weights.repeat_corr, &weights.odd, &weights.cut}) {
    if (!profile.faults || choice.chance(1, 2)) *fault = 0;
  }
  if (choice.chance(1, 2)) weights.pause = 0;
  if (choice.chance(1, 3)) weights.unsub = 0;
  if (choice.chance(1, 4)) weights.acked = 0;
  weights.publish = one_of(choice, {20U, 60U, 5U});
}

// One group that shares a heavy load, in short runs.
void draw_crowd(Choice& choice, Profile& profile) {
  profile.crowd = true;
  profile.groups = {"crowd"};
  profile.tenants.resize(1);
  profile.patterns.assign(1, "**");
  profile.topics = {"a", "b", "c/d", "e", "f/g/h", "i"};
  profile.raw_clients = static_cast<unsigned>(choice.pick(4, 7));
  profile.weights.publish = 60;
  profile.weights.acked = 20;
  profile.weights.unsub = 0;
  profile.data_most = 40;
}

}  // namespace

Profile Profile::draw(Choice& choice, unsigned shards, unsigned steps) {
  Profile profile;
  profile.shards = shards != 0 ? shards : static_cast<unsigned>(choice.pick(1, 3));
  profile.steps = steps;
  profile.roomy = choice.chance(1, 3);
  draw_names(choice, profile);
  draw_limits(choice, profile);
  draw_links(choice, profile);
  draw_weights(choice, profile);
  profile.config.comp = choice.chance(1, 2);
  profile.config.auth_off = choice.chance(7, 8);
  profile.config.times.idle = one_of<Duration>(choice, {15s, 2s});
  profile.config.times.write = one_of<Duration>(choice, {5s, 1s});
  profile.raw_clients = static_cast<unsigned>(choice.pick(2, 6));
  profile.machine_clients = static_cast<unsigned>(choice.index(3));
  profile.step_max = one_of<Duration>(choice, {1ms, 100us, 30ms});
  profile.data_most = one_of<std::size_t>(choice, {40, 600, 3000});
  profile.unready_one_in = one_of(choice, {0U, 0U, 60U, 15U});
  profile.drain_in_the_middle = choice.chance(1, 6);
  if (profile.roomy && choice.chance(1, 3)) draw_crowd(choice, profile);
  profile.drain_within = one_of<Duration>(choice, {3s, 50ms, 500ms});
  return profile;
}

}  // namespace ron::sim
