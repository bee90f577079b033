// Probes and their answers: OAP-9.84 to OAP-9.88.
#include <gtest/gtest.h>

#include "mesh/relay.hpp"
#include "mesh/relay_rig.hpp"

namespace ron::mesh {
namespace {

using testing::RelayRig;

// 0 - 1 - 2 - 3, and 4 beside 1.
void link_tree(RelayRig& rig) {
  rig.link(0, 1);
  rig.link(1, 2);
  rig.link(2, 3);
  rig.link(1, 4);
  rig.run(1s);
}

NodeId id(const RelayRig& rig, unsigned node) { return rig.config(node).self; }

std::map<NodeId, TraceHop> by_node(const Trace& trace) {
  std::map<NodeId, TraceHop> out;
  for (const TraceHop& hop : trace.hops) out[hop.node] = hop;
  return out;
}

Slice traced_frame(const oap::Traced& traced) {
  return oap::make_frame(oap::kEvent, {}, 0, oap::write_traced(traced), nullptr);
}

TEST(RelayTrace, APublisherLearnsTheWayToEveryNodeAndTheTime) {  // OAP-9.86 OAP-9.87 OAP-9.88
  RelayRig rig({.nodes = 5, .degree = 0, .seed = 7});
  link_tree(rig);
  const auto probe = rig.publish(0, 64, {.trace = true});
  rig.run(1s);
  ASSERT_EQ(rig.machine(0).traces().size(), 1U);
  const Trace& trace = rig.machine(0).traces().front();
  EXPECT_EQ(trace.links, 1U);
  const auto hops = by_node(trace);
  ASSERT_EQ(hops.size(), 4U);
  const std::map<unsigned, unsigned> brought_by = {{1, 0}, {2, 1}, {3, 2}, {4, 1}};
  for (const auto& [node, from] : brought_by) {
    const TraceHop& hop = hops.at(id(rig, node));
    EXPECT_EQ(hop.from, id(rig, from)) << node;
    const auto& message = rig.message(probe);
    EXPECT_NEAR(to_seconds(hop.after), to_seconds(message.at[node] - message.sent), 1e-4) << node;
  }
  for (unsigned node = 1; node < 5; ++node) {
    EXPECT_TRUE(rig.machine(node).traces().empty()) << "only who asked is told";
  }
}

TEST(RelayTrace, OtherPublicationsAreNotAnswered) {
  RelayRig rig({.nodes = 5, .degree = 0, .seed = 7});
  link_tree(rig);
  rig.publish(0);  // with the statement
  rig.run(1s);
  const auto frames_of = [&rig](bool trace) {
    const std::uint64_t before = rig.frames;
    rig.publish(0, 128, {.trace = trace});
    rig.run(1s);
    return rig.frames - before;
  };
  EXPECT_EQ(frames_of(false), 4U) << "a copy a node";
  EXPECT_EQ(frames_of(true), 4U + 8U) << "and answers over 1, 2, 3 and 2 links";
  EXPECT_EQ(rig.machine(0).traces().size(), 1U);
}

TEST(RelayTrace, AProbeThatWasLostAndAskedForIsToldWithItsTime) {
  RelayRig rig({.nodes = 2, .degree = 0, .loss = 0.5, .seed = 3});
  rig.link(0, 1);
  rig.run(1s);
  unsigned late = 0;
  for (int i = 0; i < 40; ++i) {
    const auto probe = rig.publish(0, 64, {.trace = true});
    rig.run(100ms);
    rig.publish(0);  // which shows that one is missing
    rig.run(2s);
    const Trace& trace = rig.machine(0).traces().back();
    if (trace.hops.empty()) continue;  // the answer is lost, too
    const auto& message = rig.message(probe);
    const double took = to_seconds(message.at[1] - message.sent);
    EXPECT_NEAR(to_seconds(trace.hops.front().after), took, 1e-3);
    if (took > 0.1) ++late;
  }
  EXPECT_GT(late, 0U);
}

TEST(RelayTrace, WhatANodeSaysOfItselfMustBeTrue) {  // OAP-9.87
  RelayRig rig({.nodes = 3, .degree = 0, .seed = 7});
  rig.link(0, 1);
  rig.link(0, 2);
  rig.run(1s);
  rig.publish(0, 64, {.trace = true});
  const auto& config = rig.config(0);
  oap::Traced lie{origin_of(config.self), config.epoch, 1, id(rig, 1), id(rig, 2), 0};
  rig.inject(1, 0, traced_frame(lie));
  EXPECT_EQ(rig.faults, 1U);
  EXPECT_TRUE(rig.machine(0).traces().front().hops.empty());
}

TEST(RelayTrace, AnAnswerToNoProbeGoesNowhere) {
  RelayRig rig({.nodes = 3, .degree = 0, .seed = 7});
  rig.link(0, 1);
  rig.link(0, 2);
  rig.run(1s);
  rig.publish(2);  // no probe
  rig.run(1s);
  const auto& config = rig.config(2);
  const std::uint64_t before = rig.frames;
  rig.inject(1, 0,
             traced_frame({origin_of(config.self), config.epoch, 1, id(rig, 1), id(rig, 0), 0}));
  rig.run(1s);
  EXPECT_EQ(rig.frames, before + 1) << "nothing but the injected frame";
  EXPECT_EQ(rig.machine(0).stats().shed_traces, 1U);
}

TEST(RelayTrace, ManyProbesAreNotAllAnswered) {  // OAP-9.88
  RelayRig rig({.nodes = 2, .degree = 0, .seed = 7});
  rig.link(0, 1);
  rig.run(1s);
  for (std::size_t i = 0; i < Traces::kPassing + 10; ++i) rig.publish(0, 64, {.trace = true});
  rig.run(1s);
  EXPECT_EQ(rig.machine(1).stats().shed_traces, 10U);
  EXPECT_EQ(rig.machine(0).traces().size(), Traces::kOwn);
  rig.run(2s);
  rig.publish(0, 64, {.trace = true});
  rig.run(1s);
  EXPECT_EQ(rig.machine(1).stats().shed_traces, 10U) << "after a while it answers again";
  EXPECT_EQ(rig.machine(0).traces().back().hops.size(), 1U);
}

TEST(Traces, AnswersAreBounded) {  // OAP-9.88
  Traces traces;
  traces.begin({.corr = 9, .seq = 5, .at = {}, .links = 1, .hops = {}});
  oap::Traced answer{.seq = 5};
  for (std::uint32_t i = 0; i < Traces::kHops + 3; ++i) {
    store_be(answer.node.data(), i);
    EXPECT_EQ(traces.note(answer, Instant{}), i < Traces::kHops);
  }
  EXPECT_EQ(traces.own().front().hops.size(), Traces::kHops);
  EXPECT_EQ(traces.own().front().left_out, 3U);
  store_be(answer.node.data(), std::uint32_t{7});
  EXPECT_FALSE(traces.note(answer, Instant{})) << "a node answers once";
  EXPECT_EQ(traces.own().front().left_out, 3U);
  answer.seq = 6;
  EXPECT_FALSE(traces.note(answer, Instant{})) << "no such probe";

  ASSERT_TRUE(traces.pass({}, 1, SessionId{4}, Instant{}));
  answer.seq = 1;
  for (unsigned i = 0; i < Traces::kAnswers; ++i) ASSERT_TRUE(traces.way_back(answer));
  EXPECT_FALSE(traces.way_back(answer));
}

TEST(Traces, AWayMeasuredTooLongMakesNoNegativeTime) {
  Traces traces;
  traces.begin({.corr = 9, .seq = 5, .at = Instant{} + 1s, .links = 1, .hops = {}});
  ASSERT_TRUE(traces.note({.seq = 5, .back = 2'000'000}, Instant{} + 2s));
  EXPECT_EQ(traces.own().front().hops.front().after, Duration{0});
}

}  // namespace
}  // namespace ron::mesh
