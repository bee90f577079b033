#include "mesh/score.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace ron::mesh {
namespace {

using namespace std::chrono_literals;
using Verdict = Scores::Verdict;

constexpr Instant at(Duration since_origin) { return Instant(since_origin); }

NodeId node(unsigned number) {
  NodeId id{};
  id[0] = static_cast<std::uint8_t>(number);
  id[1] = static_cast<std::uint8_t>(number >> 8U);
  return id;
}

std::vector<NodeId> nodes(unsigned count) {
  std::vector<NodeId> out;
  for (unsigned i = 0; i < count; ++i) out.push_back(node(i));
  return out;
}

void note(Scores& scores, unsigned peer, Misdeed misdeed, int times, Instant now) {
  for (int i = 0; i < times; ++i) scores.note(node(peer), misdeed, now);
}

TEST(score, names) {
  EXPECT_EQ(name(Misdeed::kMalformed), "malformed");
  EXPECT_EQ(name(Misdeed::kVariant), "variant");
  EXPECT_EQ(name(Standing::kGood), "good");
  EXPECT_EQ(name(Standing::kDisconnect), "disconnect");
}

TEST(score, points_come_by_reason_and_are_explained) {
  Scores scores({});
  note(scores, 1, Misdeed::kMalformed, 2, at(0s));
  note(scores, 1, Misdeed::kVariant, 3, at(0s));
  const auto why = scores.explain(node(1), at(0s));
  EXPECT_DOUBLE_EQ(why.points, 55);
  EXPECT_EQ(why.reasons[0].misdeed, Misdeed::kMalformed);
  EXPECT_DOUBLE_EQ(why.reasons[0].points, 40);
  EXPECT_EQ(why.reasons[0].count, 2U);
  EXPECT_EQ(why.reasons[4].misdeed, Misdeed::kVariant);
  EXPECT_DOUBLE_EQ(why.reasons[4].points, 15);
  EXPECT_DOUBLE_EQ(why.reasons[1].points, 0);
  const auto stranger = scores.explain(node(2), at(0s));
  EXPECT_DOUBLE_EQ(stranger.points, 0);
  EXPECT_EQ(stranger.reasons[3].misdeed, Misdeed::kSlow);
  EXPECT_EQ(scores.size(), 1U) << "asking about a node is no reason to remember it";
}

TEST(score, points_halve_in_a_half_life) {
  Scores scores({});
  note(scores, 1, Misdeed::kMalformed, 4, at(10s));
  for (const int lives : {0, 1, 2, 3, 10}) {
    EXPECT_NEAR(scores.explain(node(1), at(10s + lives * 60s)).points, 80 * std::exp2(-lives),
                1e-3);
  }
  EXPECT_DOUBLE_EQ(scores.explain(node(1), at(10s + 5h)).points, 0);
}

TEST(score, thresholds_warn_then_shed_then_disconnect) {  // OAP-9.74
  Scores scores({});
  const auto peers = nodes(8);
  note(scores, 3, Misdeed::kMalformed, 1, at(0s));
  EXPECT_EQ(scores.judge(peers, at(0s)),
            (std::vector<Verdict>{{node(3), Standing::kWarned, false}}));
  EXPECT_TRUE(scores.judge(peers, at(0s)).empty()) << "only what is new";
  EXPECT_FALSE(scores.refuses(node(3)));
  note(scores, 3, Misdeed::kMalformed, 2, at(0s));
  EXPECT_EQ(scores.judge(peers, at(0s)), (std::vector<Verdict>{{node(3), Standing::kShed, true}}));
  EXPECT_TRUE(scores.refuses(node(3)));
  EXPECT_FALSE(scores.refuses(node(4)));
  EXPECT_FALSE(scores.admits(node(3), 7, at(0s)));
  note(scores, 3, Misdeed::kMalformed, 2, at(0s));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(scores.judge(peers, at(0s)),
              (std::vector<Verdict>{{node(3), Standing::kDisconnect, true}}))
        << "told as long as it is a neighbour";
  }
  EXPECT_EQ(scores.explain(node(3), at(0s)).verdict,
            (Verdict{node(3), Standing::kDisconnect, true}));

  EXPECT_FALSE(scores.admits(node(3), 7, at(58s)));
  EXPECT_TRUE(scores.admits(node(3), 7, at(61s))) << "faded below shed";
  EXPECT_TRUE(scores.admits(node(3), 1, at(0s))) << "better than nobody";
  EXPECT_EQ(scores.judge(peers, at(61s)),
            (std::vector<Verdict>{{node(3), Standing::kWarned, false}}));
  EXPECT_EQ(scores.judge(peers, at(1h)), (std::vector<Verdict>{{node(3), Standing::kGood, false}}));
}

TEST(score, the_worst_go_first_and_two_good_ones_stay) {
  Scores scores({});
  const auto peers = nodes(4);
  for (unsigned i = 0; i < 4; ++i) {
    note(scores, i, Misdeed::kMalformed, static_cast<int>(5 + i), at(0s));
  }
  EXPECT_EQ(scores.judge(peers, at(0s)),
            (std::vector<Verdict>{{node(3), Standing::kDisconnect, true},
                                  {node(2), Standing::kDisconnect, true},
                                  {node(1), Standing::kDisconnect, false},
                                  {node(0), Standing::kDisconnect, false}}));
  EXPECT_TRUE(scores.refuses(node(3)));
  EXPECT_FALSE(scores.refuses(node(1)));
}

TEST(score, a_dry_run_only_counts) {
  Scores scores({.dry_run = true});
  note(scores, 3, Misdeed::kMalformed, 50, at(0s));
  EXPECT_EQ(scores.judge(nodes(8), at(0s)),
            (std::vector<Verdict>{{node(3), Standing::kDisconnect, false}}));
  EXPECT_FALSE(scores.refuses(node(3)));
  EXPECT_TRUE(scores.admits(node(3), 8, at(0s)));
  EXPECT_DOUBLE_EQ(scores.explain(node(3), at(0s)).points, 1000) << "of one reason at most";
}

// A lane that is shed all the time: refused in the end, but not thrown out.
TEST(score, slowness_counts_once_a_second) {
  Scores scores({});
  Duration now = 0s;
  for (; now < 20min; now += 10ms) scores.note(node(1), Misdeed::kSlow, at(now));
  EXPECT_NEAR(scores.explain(node(1), at(now)).points, 86, 1);
  EXPECT_EQ(scores.judge(nodes(8), at(now))[0].standing, Standing::kShed);
  EXPECT_EQ(scores.explain(node(1), at(now)).reasons[3].count, 1200U);
}

// Whoever keeps four promises for each it breaks is at no fault; whoever keeps none is, at once.
TEST(score, kept_promises_make_up_for_broken_ones) {
  Scores scores({});
  for (int i = 0; i < 10'000; ++i) {
    const Instant now = at(i * 10ms);
    scores.note(node(1), Misdeed::kBrokenPromise, now);
    for (int kept = 0; kept < 4; ++kept) scores.kept_promise(node(1), now);
    scores.note(node(2), Misdeed::kBrokenPromise, now);
    scores.kept_promise(node(3), now);
    EXPECT_LT(scores.explain(node(1), now).points, 1);
  }
  EXPECT_EQ(scores.judge(nodes(8), at(100s)),
            (std::vector<Verdict>{{node(2), Standing::kDisconnect, true}}));
  EXPECT_EQ(scores.size(), 2U) << "a promise kept is no reason to remember a node";
}

TEST(score, those_with_the_fewest_points_are_forgotten) {
  Scores scores({.nodes = 3});
  note(scores, 1, Misdeed::kMalformed, 3, at(0s));
  note(scores, 2, Misdeed::kUnsolicited, 1, at(0s));
  note(scores, 3, Misdeed::kVariant, 1, at(0s));
  note(scores, 4, Misdeed::kVariant, 1, at(0s));
  EXPECT_EQ(scores.size(), 3U);
  EXPECT_DOUBLE_EQ(scores.explain(node(2), at(0s)).points, 0);
  EXPECT_DOUBLE_EQ(scores.explain(node(1), at(0s)).points, 60);
}

// ---- against a naive twin ----------------------------------------------------------------------

// Every misdeed remembered with its time, and weighed anew each time.
struct Naive {
  struct Event {
    unsigned points;
    Instant when;
  };
  std::map<NodeId, std::vector<Event>> events;

  double points(const NodeId& id, Instant now) {
    double sum = 0;
    for (const Event& event : events[id]) {
      sum += event.points * std::exp2(-to_seconds(now - event.when) / 60);
    }
    return sum;
  }
};

RC_GTEST_PROP(score, agrees_with_the_naive_twin_and_isolates_nobody, ()) {
  ScoreConfig config;
  config.dry_run = *rc::gen::inRange(0, 4) == 0;
  config.links_least = *rc::gen::inRange(0U, 4U);
  Scores scores(config);
  Scores unwatched(config);
  Naive naive;
  const auto peers = nodes(*rc::gen::inRange(1U, 8U));
  Instant now;
  const int steps = *rc::gen::inRange(0, 80);
  for (int i = 0; i < steps; ++i) {
    now = now + *rc::gen::inRange(0, 20) * 1s;
    const NodeId& peer = *rc::gen::elementOf(peers);
    const auto misdeed = *rc::gen::element(Misdeed::kMalformed, Misdeed::kUnsolicited,
                                           Misdeed::kBrokenPromise, Misdeed::kVariant);
    scores.note(peer, misdeed, now);
    unwatched.note(peer, misdeed, now);
    naive.events[peer].push_back({config.points[static_cast<std::size_t>(misdeed)], now});
    const auto verdicts = scores.judge(peers, now);
    std::size_t left = 0;
    for (const NodeId& id : peers) left += scores.refuses(id) ? 0 : 1;
    RC_ASSERT(left >= std::min<std::size_t>(config.links_least, peers.size()));
    RC_ASSERT(!config.dry_run || left == peers.size());
    for (const Verdict& verdict : verdicts) {
      RC_ASSERT(scores.refuses(verdict.node) == verdict.acts);
      RC_ASSERT(!verdict.acts || verdict.standing >= Standing::kShed);
    }
  }
  for (const NodeId& id : peers) {
    const double points = scores.explain(id, now).points;
    RC_ASSERT(points == unwatched.explain(id, now).points);
    // Steps of a 64th of a half-life, each rounded up to one in time.
    RC_ASSERT(std::abs(points - naive.points(id, now)) <= 0.012 * naive.points(id, now) + 0.001);
  }
}

}  // namespace
}  // namespace ron::mesh
