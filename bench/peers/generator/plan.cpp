#include "plan.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>

namespace ron::peers {
namespace {

constexpr std::size_t kBatchBytes = 262144;
constexpr std::size_t kRounds = 8;  // of a shuffled batch: every topic once each

std::string numbered(const char* format, int number) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), format, number);
  return {text.data(), static_cast<std::size_t>(size)};
}

// One size for all topics, so that all frames have one; and none begins another, which matters to
// ZeroMQ.
std::string fixed_topic(int topic) { return numbered("topic.%04d", topic); }

// Depths 3 to 6 in one size.
std::string deep_topic(int topic) {
  static constexpr std::array<const char*, 4> kLeaves{"mmmmmmm", "m/mmmmm", "m/m/mmm", "m/m/m/m"};
  return numbered("r%d/", topic % 10) + numbered("n%04d/", topic) +
         kLeaves[static_cast<std::size_t>(topic) % kLeaves.size()];
}

// Ten patterns of depths 2 to 5. Some match the topic, whatever its depth, some match nothing.
std::vector<std::string> wild_patterns(int topic) {
  const std::string region = numbered("r%d", topic % 10);
  const std::string name = numbered("n%04d", topic);
  return {
      region + "/" + name + "/**",   "*/" + name + "/**",          "*/" + name + "/*",
      region + "/" + name + "/*",    region + "/" + name + "/*/*", "*/" + name + "/*/*",
      region + "/*/" + name + "/**", "*/*/" + name + "/*",         region + "/" + name + "/m/**",
      "*/" + name + "/m/*/*"};
}

class Planner {
 public:
  Planner(const Options& options, Codec& codec) : options_(options), codec_(codec) {}

  Plan make() {
    Plan plan;
    plan.by_topic.resize(static_cast<std::size_t>(options_.topics));
    for (int topic = 0; topic < options_.topics; ++topic) {
      const int count = options_.rare > 0 && topic == 1 ? 1 : options_.subs;
      for (int i = 0; i < count; ++i) {
        plan.subscribers.push_back(subscriber(topic));
        auto& same = plan.by_topic[static_cast<std::size_t>(topic)];
        same.push_back(plan.subscribers.back().get());
        const bool last = topic == options_.topics - 1;
        same.back()->stalled = last && i < options_.stalled;
      }
    }
    for (int i = 0; i < options_.pubs; ++i) {
      plan.publishers.push_back(publisher(i % options_.topics, plan));
    }
    for (int i = 0; i < options_.idle; ++i) {
      plan.idle.push_back(session(Role::kIdle, 0, {"idle." + std::to_string(next_id_)}));
    }
    return plan;
  }

 private:
  std::string topic_name(int topic) const {
    if (options_.wild) return deep_topic(topic);
    return options_.topics > 10 ? fixed_topic(topic) : "topic." + std::to_string(topic);
  }

  std::unique_ptr<Session> session(Role role, int topic, std::vector<std::string> patterns) {
    auto made = std::make_unique<Session>();
    made->role = role;
    made->topic = topic;
    made->id = next_id_++;
    made->patterns = std::move(patterns);
    return made;
  }

  std::unique_ptr<Session> subscriber(int topic) {
    const std::string name = topic_name(topic);
    auto made =
        session(Role::kSubscriber, topic, options_.wild ? wild_patterns(topic) : std::vector{name});
    made->delivery = codec_.delivery(name, options_.size);
    return made;
  }

  // The topics of a batch, in order.
  std::vector<int> sequence(int topic, std::size_t frame) {
    if (options_.shuffle) return rounds();
    const std::size_t count = options_.rate > 0 ? 1 : std::max<std::size_t>(1, kBatchBytes / frame);
    if (options_.rare == 0) return std::vector<int>(count, topic);
    std::vector<int> mixed(static_cast<std::size_t>(options_.rare), 0);
    mixed[mixed.size() / 2] = 1;
    return mixed;
  }

  // Permutations of all topics, no two neighbours equal.
  std::vector<int> rounds() {
    std::vector<int> all(static_cast<std::size_t>(options_.topics));
    std::iota(all.begin(), all.end(), 0);
    std::vector<int> out;
    for (std::size_t round = 0; round < kRounds; ++round) {
      do {
        std::shuffle(all.begin(), all.end(), random_);
      } while (!out.empty() && (out.back() == all.front() || out.front() == all.back()));
      out.insert(out.end(), all.begin(), all.end());
    }
    return out;
  }

  // Payloads differ from frame to frame, so that nobody gains from equal ones.
  std::string encoded(const Publication& around, std::size_t number) {
    std::string frame = around.head + std::string(8, '\0');
    for (std::size_t at = 8; at < options_.size; ++at) {
      frame += static_cast<char>('a' + (number * 31 + at * 7 + at / 8 * number) % 26);
    }
    frame += around.tail;
    codec_.vary(frame.data(), number);
    return frame;
  }

  std::unique_ptr<Session> publisher(int topic, Plan& plan) {
    auto made = session(Role::kPublisher, topic, {topic_name(topic)});
    const Publication own = codec_.publication(topic_name(topic), options_.size);
    made->payload_at = own.head.size();
    made->frame = own.head.size() + options_.size + own.tail.size();
    const std::vector<int> order = sequence(topic, made->frame);
    made->reach.push_back(0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto& subscribers = plan.by_topic[static_cast<std::size_t>(order[i])];
      const Publication around = codec_.publication(topic_name(order[i]), options_.size);
      made->batch += encoded(around, i);
      made->reach.push_back(made->reach.back() + static_cast<std::uint32_t>(subscribers.size()));
    }
    if (options_.shuffle || options_.rare > 0) scale_windows(order, plan);
    return made;
  }

  // A subscriber that gets one publication in n lets its publisher be n times as many ahead.
  static void scale_windows(const std::vector<int>& order, Plan& plan) {
    for (std::size_t topic = 0; topic < plan.by_topic.size(); ++topic) {
      const auto count = std::count(order.begin(), order.end(), static_cast<int>(topic));
      for (Session* session : plan.by_topic[topic]) {
        session->scale = order.size() / static_cast<std::size_t>(std::max<long>(1, count));
      }
    }
  }

  const Options& options_;
  Codec& codec_;
  int next_id_ = 0;
  std::mt19937 random_{1};  // NOLINT(cert-msc51-cpp): the same order in every run
};

}  // namespace

Plan make_plan(const Options& options, Codec& codec) { return Planner(options, codec).make(); }

}  // namespace ron::peers
