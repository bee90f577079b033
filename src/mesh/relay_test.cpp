#include "mesh/relay.hpp"

#include <gtest/gtest.h>

#include "mesh/relay_inside.hpp"
#include "mesh/relay_rig.hpp"

namespace ron::mesh {
namespace {

using testing::RelayRig;

struct Summary {
  double redundancy = 0;  // copies / deliveries - 1
  unsigned missed = 0, twice = 0;
  double p99 = 0;  // ms
};

Summary judge(const RelayRig& rig, std::size_t from) {
  Summary sum;
  std::uint64_t copies = 0, delivered = 0;
  std::vector<double> late;
  for (std::size_t i = from; i < rig.messages(); ++i) {
    const RelayRig::Message& message = rig.message(i);
    copies += message.copies;
    sum.twice += message.twice;
    for (unsigned node = 0; node < rig.nodes(); ++node) {
      if (node == message.from || rig.dead(node)) continue;
      if (message.at[node].is_never()) {
        ++sum.missed;
      } else {
        ++delivered;
        late.push_back(to_seconds(message.at[node] - message.sent) * 1000);
      }
    }
  }
  std::ranges::sort(late);
  if (!late.empty()) sum.p99 = late[late.size() * 99 / 100];
  sum.redundancy = delivered == 0 ? 0 : static_cast<double>(copies) / double(delivered) - 1;
  return sum;
}

// Publications of a few origins until their trees have their shape.
std::size_t warm_up(RelayRig& rig, unsigned origins, unsigned rounds) {
  rig.run(1s);
  for (unsigned round = 0; round < rounds; ++round) {
    for (unsigned origin = 0; origin < origins; ++origin) {
      rig.publish(origin);
      rig.run(150ms);
    }
  }
  rig.run(2s);
  return rig.messages();
}

void publish_some(RelayRig& rig, unsigned origins, unsigned messages) {
  for (unsigned i = 0; i < messages; ++i) {
    rig.publish(i % origins);
    rig.run(60ms);
  }
  rig.run(5s);
}

// Messages that came because somebody asked for them.
std::uint64_t asked_for(RelayRig& rig) {
  std::uint64_t sum = 0;
  for (unsigned node = 0; node < rig.nodes(); ++node) sum += rig.machine(node).stats().repaired;
  return sum;
}

TEST(Relay, TheTreesOfHotOriginsCarryNoCopyTooMany) {  // OAP-9.47 OAP-9.48 OAP-9.49
  RelayRig rig({.nodes = 80, .seed = 3});
  const std::size_t begin = warm_up(rig, 5, 4);
  publish_some(rig, 5, 40);
  const Summary sum = judge(rig, begin);
  EXPECT_EQ(sum.missed, 0U);
  EXPECT_EQ(sum.twice, 0U);
  EXPECT_LE(sum.redundancy, 0.01);
  EXPECT_EQ(rig.faults, 0U);
}

TEST(Relay, WhoAsksIsToldWhatEachLinkCarries) {
  RelayRig rig({.nodes = 40, .seed = 3});
  const auto links_of = [&](unsigned node) { return rig.machine(node).trees(); };
  unsigned shared = 0;
  for (const auto& [session, carries] : links_of(7)) {
    EXPECT_EQ(carries.in + carries.out, 0U) << "no origin is hot yet";
    shared += carries.shared_in ? 1U : 0U;
  }
  EXPECT_EQ(shared, rig.config(7).relay.shared_parents);
  EXPECT_EQ(rig.machine(7).stats().lag_hot, Duration::zero());

  warm_up(rig, 5, 4);
  publish_some(rig, 5, 40);
  unsigned in = 0, out = 0, out_of_origins = 0, agreed = 0;
  for (unsigned node = 0; node < rig.nodes(); ++node) {
    unsigned parents = 0;
    for (const auto& [session, carries] : links_of(node)) {
      parents += carries.in;
      out += carries.out;
      if (node < 5) out_of_origins += carries.out;
      const auto theirs = links_of(static_cast<unsigned>(session.value));
      agreed += std::min(carries.in, theirs.at(SessionId{node}).out);
    }
    EXPECT_EQ(parents, node < 5 ? 4U : 5U) << "one parent on the tree of every other origin";
    in += parents;
    EXPECT_GT(rig.machine(node).stats().lag_hot, Duration::zero());
    EXPECT_LT(rig.machine(node).stats().lag_hot, 50ms);
  }
  EXPECT_EQ(in, out);
  EXPECT_GE(agreed * 20, in * 19) << "both ends of a link say the same of it, nearly always";
  EXPECT_GT(out_of_origins, 0U) << "their own trees begin there";
}

TEST(Relay, WhoAsksIsToldHowManyPushedCopiesAreLost) {
  RelayRig rig({.nodes = 40, .loss = 0.2, .seed = 5});
  EXPECT_EQ(rig.machine(7).stats().loss, 0.0);
  warm_up(rig, 4, 4);
  publish_some(rig, 4, 100);
  double sum = 0;
  for (unsigned node = 0; node < rig.nodes(); ++node) sum += rig.machine(node).stats().loss;
  EXPECT_GT(sum / 40, 0.02);
  EXPECT_LT(sum / 40, 0.5);
}

// Three parents each, so that copies come: OAP-9.22.
TEST(Relay, ColdOriginsReachEverybodyAlongTheSharedTree) {  // OAP-9.11 OAP-9.48 OAP-9.49
  RelayRig rig({.nodes = 80, .seed = 4});
  const std::size_t begin = warm_up(rig, 20, 3);
  for (unsigned origin = 30; origin < 70; ++origin) {
    rig.publish(origin);
    rig.run(60ms);
  }
  rig.run(5s);
  const Summary sum = judge(rig, begin);
  EXPECT_EQ(sum.missed, 0U);
  EXPECT_EQ(sum.twice, 0U);
  EXPECT_LE(sum.redundancy, 2.0);  // three parents each; a flood has 6
}

TEST(Relay, LossIsRepaired) {  // OAP-9.51 OAP-9.52
  for (const double loss : {0.01, 0.05, 0.2}) {
    RelayRig rig({.nodes = 60, .loss = loss, .seed = 5});
    const std::size_t begin = warm_up(rig, 4, 4);
    publish_some(rig, 4, 60);
    const Summary sum = judge(rig, begin);
    EXPECT_EQ(sum.missed, 0U) << loss;
    EXPECT_EQ(sum.twice, 0U) << loss;
    EXPECT_LE(sum.redundancy, 1.2) << loss;
  }
}

TEST(Relay, AfterACrashTheTreeMendsItself) {
  RelayRig rig({.nodes = 60, .seed = 6});
  warm_up(rig, 4, 4);
  for (unsigned node = 40; node < 52; ++node) rig.crash(node, 500ms);
  const std::size_t begin = rig.messages();
  publish_some(rig, 4, 60);
  const Summary sum = judge(rig, begin);
  EXPECT_EQ(sum.missed, 0U);
  EXPECT_EQ(sum.twice, 0U);
  const std::size_t later = rig.messages();  // death is no loss: nobody keeps a second parent
  publish_some(rig, 4, 20);
  EXPECT_LE(judge(rig, later).redundancy, 0.05);
}

// 0 is the origin, 2 has it from 1. 3 hangs below 2 and has it before 4 does, who is an heir
// nevertheless: only 4 has it early enough not to have it from 2.
TEST(Relay, AnHeirIsNotBelow) {
  RelayRig rig({.nodes = 6, .degree = 0});
  rig.link(0, 1, 5ms);
  rig.link(1, 2, 5ms);
  rig.link(2, 3, 2ms);
  rig.link(2, 5, 8ms);
  rig.link(3, 5, 1ms);  // so 5 has it from 3, and tells 2
  rig.link(0, 4, 12ms);
  rig.link(4, 2, 10ms);
  warm_up(rig, 1, 8);
  rig.unlink(1, 2);
  rig.run(500ms);
  const std::size_t begin = rig.messages();
  const std::uint64_t repaired = rig.machine(2).stats().repaired;
  rig.publish(0);
  rig.run(1s);
  EXPECT_EQ(judge(rig, begin).missed, 0U);
  EXPECT_EQ(rig.machine(2).stats().repaired, repaired) << "4 pushed it, unasked";
}

TEST(Relay, WhoHasAnIdIsNotToldOfIt) {
  RelayRig rig({.nodes = 2, .degree = 1});
  rig.run(1s);
  rig.publish(0);
  rig.publish(0);
  rig.run(1s);
  const std::uint64_t told = rig.machine(1).stats().ihave_sent;
  rig.machine(1).shed({0}, {.frames = 2}, rig.now());
  rig.publish(1);
  rig.run(1s);
  EXPECT_EQ(rig.machine(1).stats().ihave_sent, told);
}

// How many announcements the nodes of a mesh with such links send for 40 messages in 200 ms.
std::uint64_t announcements(Duration nearest, Duration farthest, unsigned warm, bool stirred) {
  RelayRig rig({.nodes = 20, .nearest = nearest, .farthest = farthest, .seed = 9});
  warm_up(rig, 1, warm);
  const std::size_t begin = rig.messages();
  const auto sent = [&] {
    std::uint64_t sum = 0;
    for (unsigned node = 0; node < 20; ++node) sum += rig.machine(node).stats().ihave_sent;
    return sum;
  };
  if (stirred) {
    for (unsigned node = 0; node < 10; ++node) rig.link(node, node + 10);
  }
  const std::uint64_t before = sent();
  for (int i = 0; i < 40; ++i) {
    rig.publish(0);
    rig.run(5ms);
  }
  rig.run(2s);
  EXPECT_EQ(judge(rig, begin).missed, 0U);
  return sent() - before;
}

TEST(Relay, InACalmMeshNearNeighboursAreToldOfManyMessagesAtOnce) {  // OAP-9.51
  const std::uint64_t calm = announcements(1ms, 5ms, 20, false);
  EXPECT_LT(calm * 2, announcements(1ms, 5ms, 8, false)) << "the tree is young";
  EXPECT_LT(calm * 2, announcements(1ms, 5ms, 20, true)) << "links came up";
  EXPECT_LT(calm * 2, announcements(10ms, 50ms, 20, false)) << "the ways are long";
}

// A burst is not kept back, however calm it was before.
TEST(Relay, SoManyAnnouncementsWaitNoLonger) {
  RelayRig rig({.nodes = 3, .degree = 2, .nearest = 1ms, .farthest = 1ms});
  warm_up(rig, 1, 20);
  const std::uint64_t told = rig.machine(1).stats().ihave_sent;
  rig.publish(0);
  rig.run(20ms);
  EXPECT_EQ(rig.machine(1).stats().ihave_sent, told) << "one waits for company";
  for (std::size_t i = 0; i < oap::kIdsMax; ++i) rig.publish(0);
  rig.run(20ms);
  EXPECT_GT(rig.machine(1).stats().ihave_sent, told);
}

// A node that keeps a message of every 10 ms does not wake up every 10 ms to forget one.
TEST(Relay, MessagesAreForgottenManyAtOnce) {
  RelayRig rig({.nodes = 2, .degree = 0});
  const Instant begin = rig.now();
  for (int i = 0; i < 100; ++i) {
    rig.publish(0);
    rig.run(10ms);
  }
  EXPECT_EQ(rig.machine(0).next_deadline(), begin + 31s);
  rig.run(begin + 31s - rig.now());
  EXPECT_EQ(rig.machine(0).stats().repair_bytes, 0U);
  EXPECT_TRUE(rig.machine(0).next_deadline().is_never());
}

TEST(Relay, ANewNeighbourIsToldWhatIsKept) {  // OAP-9.56
  RelayRig rig({.nodes = 2, .degree = 0});
  rig.publish(0);
  rig.publish(0);
  rig.publish(1);
  rig.run(1s);
  rig.link(0, 1);
  rig.run(2s);
  EXPECT_EQ(judge(rig, 0).missed, 0U);
}

TEST(Relay, WhatIsOlderThanTheRepairWindowIsNotTold) {
  RelayRig rig({.nodes = 2, .degree = 0});
  rig.publish(0);
  rig.run(31s);
  rig.link(0, 1);
  rig.run(2s);
  EXPECT_EQ(judge(rig, 0).missed, 1U);
  EXPECT_EQ(rig.machine(0).stats().repair_bytes, 0U);
}

TEST(Relay, PublishSaysHowManyLinksItWentTo) {
  RelayRig rig({.nodes = 4, .degree = 3});
  rig.publish(0);
  EXPECT_EQ(rig.last_links, 3U);
}

TEST(Relay, FanoutBoundsEagerPushes) {
  RelayRig::Options options{.nodes = 60, .seed = 8};
  options.limits.fanout = 3;
  RelayRig rig(options);
  rig.publish(0);
  EXPECT_EQ(rig.last_links, 3U);
  const std::size_t begin = warm_up(rig, 3, 3);
  publish_some(rig, 3, 20);
  EXPECT_EQ(judge(rig, begin).missed, 0U);  // the others hear of it, and ask
}

// The middle of a star, where each of the others has no way but this one.
TEST(Relay, WhoAsksForPushesGetsThemBeyondTheFanout) {
  RelayRig::Options options{.nodes = 9, .degree = 0, .seed = 8};
  options.limits.fanout = 3;
  RelayRig rig(options);
  for (unsigned other = 1; other < 9; ++other) rig.link(0, other);
  warm_up(rig, 1, 16);
  const std::uint64_t before = asked_for(rig);
  EXPECT_GE(before, 5U) << "of the first message";
  publish_some(rig, 1, 20);
  EXPECT_EQ(asked_for(rig), before);
  EXPECT_EQ(judge(rig, 0).missed, 0U);
}

// ---- hostile neighbours ------------------------------------------------------------------------

// The last relay frame of an origin, with another message in it.
Slice forged(const MeshConfig& origin, std::uint64_t seq, std::string_view text) {
  oap::GossipOut gossip;
  gossip.topic = "a/topic";
  gossip.data = ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const auto message = oap::write_gossip(gossip);
  auto payload = oap::write_relay_head(
      {.origin = origin_of(origin.self), .epoch = origin.epoch, .seq = seq, .message = message});
  payload.insert(payload.end(), message.begin(), message.end());
  return oap::make_frame(oap::kEvent, {}, 0, payload);
}

// As the relay hashes the message of a frame, of the default tenant. // OAP-9.18
std::uint64_t hash_of(const Slice& frame) {
  const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
  const auto relay = oap::read_relay(*message);
  std::vector<std::uint8_t> said(16);
  said.insert(said.end(), relay->message.begin(), relay->message.end());
  return load_be<std::uint64_t>(blake3(said).data());
}

// What node 0 publishes from now on.
unsigned missed_of_the_next_six(RelayRig& rig) {
  rig.run(1s);
  const std::size_t begin = rig.messages();
  for (int i = 0; i < 6; ++i) {
    rig.publish(0);
    rig.run(200ms);
  }
  rig.run(2s);
  return judge(rig, begin).missed;
}

TEST(Relay, AForgedIdSuppressesNothing) {  // OAP-9.18 OAP-9.55
  RelayRig rig({.nodes = 20, .seed = 9});
  warm_up(rig, 2, 3);
  // Somebody guesses the next ids of origin 0 and sends messages of its own under them.
  for (std::uint64_t seq = 4; seq < 10; ++seq) {
    for (unsigned to = 1; to < 20; ++to) {
      rig.inject(19, to, forged(rig.config(0), seq, "forged"));
    }
  }
  EXPECT_EQ(missed_of_the_next_six(rig), 0U);
  EXPECT_GT(rig.machine(1).stats().delivered, 3U + 6U);  // and the forged ones
}

// The forgeries of one neighbour take no place of what another brings.
TEST(Relay, ManyForgersSuppressNothing) {
  RelayRig rig({.nodes = 20, .seed = 9});
  warm_up(rig, 2, 3);
  for (std::uint64_t seq = 4; seq < 10; ++seq) {
    for (unsigned by = 10; by < 20; ++by) {
      for (unsigned to = 1; to < 20; ++to) {
        rig.inject(by, to, forged(rig.config(0), seq, "by " + std::to_string(by)));
      }
    }
  }
  EXPECT_EQ(missed_of_the_next_six(rig), 0U);
}

// Node 2 holds two forgeries under one id and one under the next, when an honest neighbour
// announces both ids as one range.
TEST(Relay, AVariantIsMissedInARangeToo) {  // OAP-9.55
  RelayRig rig({.nodes = 4, .degree = 0});
  rig.link(0, 1);
  rig.link(0, 2);
  rig.link(3, 2);
  rig.publish(0);
  rig.run(1s);
  rig.unlink(0, 2);
  const std::size_t begin = rig.messages();
  rig.inject(3, 2, forged(rig.config(0), 2, "one"));
  rig.inject(3, 2, forged(rig.config(0), 2, "another"));
  rig.inject(3, 2, forged(rig.config(0), 3, "one"));
  rig.publish(0);
  rig.publish(0);
  rig.run(1s);
  rig.link(1, 2);
  rig.run(2s);
  for (std::size_t i = begin; i < rig.messages(); ++i) {
    EXPECT_FALSE(rig.message(i).at[2].is_never()) << i;
  }
  // What it holds now fits: nobody asks again.
  const std::uint64_t asked = rig.machine(2).stats().iwant_sent;
  rig.unlink(1, 2);
  rig.link(1, 2);
  rig.run(2s);
  EXPECT_EQ(rig.machine(2).stats().iwant_sent, asked);
}

Slice announcement(const MeshConfig& origin, std::uint64_t first, std::uint64_t last) {
  const oap::IdRange range{.origin = origin_of(origin.self),
                           .epoch = origin.epoch,
                           .first = first,
                           .last = last,
                           .check = 7};
  const auto payload = oap::write_ids(oap::IdsKind::kIhave, std::span(&range, 1));
  return oap::make_frame(oap::kEvent, {}, 0, payload);
}

// What comes is another variant than the one that was announced before: that one is still missing.
TEST(Relay, WhatWasAnnouncedIsMissedWhenAnotherVariantComes) {  // OAP-9.55
  RelayRig rig({.nodes = 2, .degree = 1});
  rig.publish(0);
  rig.run(1s);
  rig.inject(0, 1, announcement(rig.config(0), 2, 2));
  rig.inject(0, 1, forged(rig.config(0), 2, "forged"));
  EXPECT_EQ(rig.machine(1).stats().delivered, 2U);
  EXPECT_EQ(rig.machine(1).stats().missing, 1U);
}

TEST(Relay, ARangeIsComparedOnceAllOfItHasCome) {  // OAP-9.55
  RelayRig rig({.nodes = 2, .degree = 1});
  rig.publish(0);
  rig.run(1s);
  for (std::uint64_t i = 0; i < 2 * kUnseenMost; ++i) {  // the oldest of them go
    rig.inject(0, 1, announcement(rig.config(0), 2, 3));
  }
  rig.inject(0, 1, forged(rig.config(0), 2, "forged"));
  rig.inject(0, 1, forged(rig.config(0), 3, "forged"));
  EXPECT_EQ(rig.machine(1).stats().iwant_sent, 0U);
  rig.run(31s);
  EXPECT_EQ(rig.machine(1).stats().iwant_sent, kUnseenMost);
}

// Of few variants the one that fits a checksum is found, of many not all choices are tried: then
// the range is asked for as if none fitted.
TEST(Relay, SoManyChoicesOfVariantsAreTried) {
  for (const std::uint64_t ids : {2U, 6U}) {
    RelayRig rig({.nodes = 2, .degree = 1});
    rig.publish(0);
    rig.run(1s);
    std::uint64_t check = 0;
    for (std::uint64_t seq = 2; seq < 2 + ids; ++seq) {
      for (const std::string_view text : {"one", "another", "a third"}) {
        // Equal messages would have equal hashes, which cancel out.
        const Slice frame = forged(rig.config(0), seq, std::to_string(seq) + std::string(text));
        rig.inject(0, 1, frame);
        if (text == (ids == 2 ? "another" : "one")) check ^= hash_of(frame);
      }
    }
    const oap::IdRange range{.origin = origin_of(rig.config(0).self),
                             .epoch = rig.config(0).epoch,
                             .first = 2,
                             .last = 1 + ids,
                             .check = check};
    const auto payload = oap::write_ids(oap::IdsKind::kIhave, std::span(&range, 1));
    rig.inject(0, 1, oap::make_frame(oap::kEvent, {}, 0, payload));
    EXPECT_EQ(rig.machine(1).stats().iwant_sent, ids == 2 ? 0U : 1U) << ids;
  }
}

TEST(Relay, WhoWasToldNotToPushIsHeardAsIfItAnnounced) {
  RelayRig rig({.nodes = 3, .degree = 2, .nearest = 20ms, .farthest = 20ms});
  warm_up(rig, 1, 6);  // node 2 hears of node 0 from itself, and has pruned node 1
  const std::uint64_t delivered = rig.machine(2).stats().delivered;
  rig.inject(1, 2, forged(rig.config(0), 7, "forged"));
  EXPECT_EQ(rig.machine(2).stats().delivered, delivered);
  EXPECT_EQ(rig.machine(2).stats().unsolicited, 1U);
  EXPECT_EQ(rig.machine(2).stats().missing, 1U);
}

// A made-up origin costs a question, however many messages it is said to have.
TEST(Relay, OfAnOriginThatNobodyHasProvenOneMessageIsAskedFor) {
  RelayRig rig({.nodes = 2, .degree = 1});
  for (std::uint8_t i = 0; i < 100; ++i) {
    for (std::uint64_t first = 1; first < 5000; first += 50) {
      const oap::IdRange range{.origin = {i}, .epoch = 1, .first = first, .last = first + 49};
      const auto payload = oap::write_ids(oap::IdsKind::kIhave, std::span(&range, 1));
      rig.inject(0, 1, oap::make_frame(oap::kEvent, {}, 0, payload));
    }
  }
  EXPECT_EQ(rig.machine(1).stats().missing, 100U);
  EXPECT_LE(rig.machine(1).stats().seen, 100U * kClaimedIdsMost * Epoch::kWindows);
  // Where the origin is real, its statement brings the others.
  for (int i = 0; i < 40; ++i) rig.publish(0);
  rig.unlink(0, 1);
  rig.restart(1);
  rig.link(0, 1);
  rig.run(2s);
  EXPECT_EQ(rig.machine(1).stats().delivered, 40U);
}

TEST(Relay, OfOneIdOnlySoManyVariantsGoOn) {  // OAP-9.20
  RelayRig rig({.nodes = 2, .degree = 1});
  rig.publish(0);
  rig.run(1s);
  for (int i = 0; i < 50; ++i) rig.inject(0, 1, forged(rig.config(0), 2, std::to_string(i)));
  EXPECT_EQ(rig.machine(1).stats().delivered, 1U + 4U);
  EXPECT_EQ(rig.machine(1).stats().variants_refused, 46U);
}

TEST(Relay, ATableFullOfForgeriesSuppressesNothing) {
  RelayRig rig({.nodes = 2, .degree = 1});
  rig.publish(0);
  rig.run(1s);
  for (std::uint64_t seq = 2; seq < 1300; ++seq) {  // two messages under each of many ids
    rig.inject(0, 1, forged(rig.config(0), seq, "one"));
    rig.inject(0, 1, forged(rig.config(0), seq, "another"));
  }
  EXPECT_EQ(rig.machine(1).stats().shed_seen, 1298 - kVariantsMax) << "the oldest go";
  EXPECT_LE(rig.machine(1).stats().seen, 2048 + kVariantsMax);
  const std::size_t begin = rig.messages();
  for (int i = 0; i < 5; ++i) rig.publish(0);
  rig.run(1s);
  EXPECT_EQ(judge(rig, begin).missed, 0U);
  EXPECT_EQ(rig.machine(1).stats().variants_refused, 0U);
}

TEST(Relay, HoweverManyForgeOneIdItHasABound) {
  RelayRig rig({.nodes = 22, .degree = 21});
  rig.publish(0);
  rig.run(1s);
  const std::uint64_t pushed = 20 * 4;
  for (unsigned by = 2; by < 22; ++by) {
    for (int i = 0; i < 4; ++i) {
      const std::string text = std::to_string(by) + " " + std::to_string(i);
      rig.inject(by, 1, forged(rig.config(0), 2, text));
    }
  }
  EXPECT_EQ(rig.machine(1).stats().delivered, 1 + 1 + kVariantsOfId);
  EXPECT_EQ(rig.machine(1).stats().variants_refused, pushed - 1 - kVariantsOfId);
}

TEST(Relay, AnOriginNeedsItsStatement) {  // OAP-9.23
  RelayRig rig({.nodes = 3, .degree = 2});
  rig.inject(0, 1, forged(rig.config(2), 1, "no statement came before"));
  EXPECT_EQ(rig.machine(1).stats().delivered, 0U);
  EXPECT_EQ(rig.machine(1).stats().origins_refused, 1U);
  // A statement that somebody else signed is a fault.
  std::vector<std::uint8_t> signature(32, 1);
  const auto statement =
      oap::write_origin({.key = rig.config(2).key, .sig = signature, .epoch = 5});
  rig.inject(0, 1, oap::make_frame(oap::kEvent, {}, 0, statement));
  EXPECT_EQ(rig.faults, 1U);
}

TEST(Relay, ARestartedOriginIsNotTheOldOne) {  // OAP-9.15 OAP-9.17
  RelayRig rig({.nodes = 2, .degree = 1});
  rig.publish(0);
  rig.publish(0);
  rig.run(1s);
  EXPECT_EQ(rig.machine(1).stats().delivered, 2U);
  rig.restart(0);
  rig.publish(0);
  rig.run(1s);
  EXPECT_EQ(rig.machine(1).stats().delivered, 3U);
  EXPECT_EQ(judge(rig, 0).missed, 0U);
}

TEST(Relay, EveryTableHasItsBound) {
  RelayRig::Options options{.nodes = 2, .degree = 1};
  options.limits.missing = 50;
  options.limits.origins = 8;
  options.limits.window = 64;
  options.limits.repair_bytes = 4096;
  RelayRig rig(options);
  for (int i = 0; i < 100; ++i) rig.publish(0, 200);
  rig.run(1s);
  for (std::uint8_t i = 0; i < 200; ++i) {
    oap::IdRange range{.origin = {i}, .epoch = 1, .first = 1, .last = 500, .check = 0};
    const auto payload = oap::write_ids(oap::IdsKind::kIhave, std::span(&range, 1));
    rig.inject(0, 1, oap::make_frame(oap::kEvent, {}, 0, payload));
  }
  const RelayStats& stats = rig.machine(1).stats();
  EXPECT_LE(stats.missing, 50U);
  EXPECT_LE(stats.origins, 8U + kClaimsMost);
  EXPECT_LE(stats.seen, (8U * 64 * 4) + (kClaimsMost * kClaimedIdsMost));
  EXPECT_LE(stats.repair_bytes, 4096U);
  EXPECT_GT(stats.shed_origins, 0U);
  EXPECT_GT(stats.shed_repair, 0U);
  rig.run(20s);
  EXPECT_EQ(rig.machine(1).stats().missing, 0U);  // nobody answers: given up
  EXPECT_GT(rig.machine(1).stats().given_up, 0U);
}

TEST(Relay, WhatANeighbourHasItIsNotSent) {  // OAP-9.53
  RelayRig rig({.nodes = 3, .degree = 0});
  rig.link(0, 1);
  rig.link(0, 2);
  rig.run(1s);
  const oap::IdRange id{.origin = origin_of(rig.config(1).self),
                        .epoch = rig.config(1).epoch,
                        .first = 1,
                        .last = 1,
                        .check = 0};
  const auto payload = oap::write_ids(oap::IdsKind::kIdontwant, std::span(&id, 1));
  rig.inject(2, 0, oap::make_frame(oap::kEvent, {}, 0, payload));
  rig.publish(1, 20'000);
  rig.run(10ms + 60ms);
  EXPECT_EQ(rig.machine(0).stats().delivered, 1U);
  rig.run(1s);
  EXPECT_EQ(rig.machine(2).stats().received, 0U);
  rig.publish(1, 20'000);
  rig.run(1s);
  EXPECT_EQ(rig.machine(2).stats().received, 1U) << "the next one it does not have";
}

// OAP-9.56: the share of one neighbour in what is missing is 4 096 ids.
TEST(Relay, ALongBacklogComesInTheEndWholeFromOneNeighbour) {
  RelayRig::Options options{.nodes = 2, .degree = 0};
  options.limits.missing = 400;  // 100 a neighbour
  RelayRig rig(options);
  for (int i = 0; i < 6000; ++i) rig.publish(i < 5000 ? 0 : 1, 64);
  rig.link(0, 1);
  rig.run(10s);
  EXPECT_EQ(judge(rig, 0).missed, 0U);
  EXPECT_EQ(judge(rig, 0).twice, 0U);
  EXPECT_EQ(rig.machine(1).stats().shed_missing, 0U);
  EXPECT_EQ(rig.machine(1).stats().missing, 0U);
}

// Node 0 announces so many ranges of a hundred messages that it does not have to node 1, which has
// room for one of them.
void announce_falsely(RelayRig& rig, std::uint64_t ranges) {
  rig.publish(0);
  rig.run(1s);
  const OriginId origin = origin_of(rig.config(0).self);
  for (std::uint64_t i = 1; i <= ranges; ++i) {
    const oap::IdRange range{
        .origin = origin, .epoch = rig.config(0).epoch, .first = 100 * i, .last = 100 * i + 99};
    const auto payload = oap::write_ids(oap::IdsKind::kIhave, std::span(&range, 1));
    rig.inject(0, 1, oap::make_frame(oap::kEvent, {}, 0, payload));
  }
}

TEST(Relay, WhatWaitsForRoomHasItsBound) {
  for (const std::uint64_t above : {0U, 7U}) {
    RelayRig::Options options{.nodes = 2, .degree = 1};
    options.limits.missing = 400;
    RelayRig rig(options);
    announce_falsely(rig, 1 + kLaterMost + above);
    EXPECT_EQ(rig.machine(1).stats().shed_missing, 100 * above);
    EXPECT_EQ(rig.machine(1).stats().missing, 100U);
  }
}

TEST(Relay, WhatALiarAnnouncesDoesNotWaitForRoomForEver) {
  RelayRig::Options options{.nodes = 2, .degree = 1};
  options.limits.missing = 400;
  RelayRig rig(options);
  announce_falsely(rig, 20);
  EXPECT_EQ(rig.machine(1).stats().missing, 100U);
  rig.run(30s);
  EXPECT_EQ(rig.machine(1).stats().missing, 0U);
  EXPECT_GT(rig.machine(1).stats().shed_missing, 1000U) << "one that breaks promises is not asked";
  rig.publish(0);
  rig.run(1s);
  EXPECT_EQ(judge(rig, 0).missed, 0U);
}

// ---- leaves ------------------------------------------------------------------------------------

TEST(RelayLeaves, GetWhatTheyAskedForOnceAndNothingElse) {  // OAP-9.50
  RelayRig rig({.nodes = 22, .degree = 6, .seed = 2, .leaves = 2});
  const unsigned wants = 20, idle = 21;
  rig.want(wants, "a/topic", true);
  rig.want(idle, "another/topic", true);
  rig.run(1s);
  for (int i = 0; i < 30; ++i) {
    rig.publish(static_cast<unsigned>(i % 4));
    rig.run(100ms);
  }
  rig.run(2s);
  EXPECT_EQ(rig.machine(wants).stats().delivered, 30U);
  EXPECT_LE(rig.machine(wants).stats().duplicates, 8U);  // the first of each origin, and crossings
  EXPECT_EQ(rig.machine(idle).stats().received, 0U);
  EXPECT_EQ(rig.machine(idle).stats().ihave_received, 0U);
  rig.want(wants, "a/topic", false);
  rig.run(1s);
  rig.publish(0);
  rig.run(1s);
  EXPECT_EQ(rig.machine(wants).stats().delivered, 30U);
}

TEST(RelayLeaves, OneThatLosesARelayMissesNothing) {
  RelayRig rig({.nodes = 12, .degree = 6, .seed = 2, .leaves = 1});
  rig.want(11, "a/topic", true);
  rig.run(1s);
  for (int i = 0; i < 5; ++i) {
    rig.publish(0);
    rig.run(100ms);
  }
  rig.unlink(11, rig.neighbour(11));
  for (int i = 0; i < 5; ++i) {
    rig.publish(0);
    rig.run(100ms);
  }
  rig.run(2s);
  EXPECT_EQ(rig.machine(11).stats().delivered, 10U);
}

TEST(RelayLeaves, OneThatComesBackCatchesUp) {  // OAP-9.56
  RelayRig rig({.nodes = 3, .degree = 1, .seed = 2, .leaves = 1});
  rig.want(2, "a/topic", true);
  rig.run(1s);
  for (const unsigned relay : {0U, 1U}) rig.unlink(2, relay);
  rig.publish(0);
  rig.publish(1);
  rig.run(1s);
  rig.link(2, 0);
  rig.run(1s);
  EXPECT_EQ(rig.machine(2).stats().delivered, 2U);
}

TEST(RelayLeaves, ASubscriptionBeginsWithWhatIsPublishedFromThenOn) {
  RelayRig rig({.nodes = 3, .degree = 1, .seed = 2, .leaves = 1});
  rig.run(6s);
  rig.publish(0);
  rig.publish(1);
  rig.run(1s);
  rig.want(2, "a/topic", true);
  rig.run(2s);
  EXPECT_EQ(rig.machine(2).stats().delivered, 0U);
  rig.publish(0);
  rig.run(1s);
  EXPECT_EQ(rig.machine(2).stats().delivered, 1U);
}

TEST(RelayLeaves, WhatALeafPublishesReachesTheRelays) {
  RelayRig rig({.nodes = 12, .degree = 6, .seed = 2, .leaves = 1});
  rig.run(1s);
  for (int i = 0; i < 5; ++i) {
    rig.publish(11);
    rig.run(100ms);
  }
  EXPECT_EQ(judge(rig, 0).missed, 0U);
}

TEST(RelayLeaves, RelayNothing) {                                   // OAP-9.13
  RelayRig rig({.nodes = 3, .degree = 0, .seed = 2, .leaves = 1});  // the leaf between two relays
  rig.want(2, "a/topic", true);
  rig.run(1s);
  rig.publish(0);
  rig.run(2s);
  EXPECT_EQ(rig.machine(2).stats().delivered, 1U);
  EXPECT_EQ(rig.machine(1).stats().received, 0U);
  EXPECT_EQ(rig.machine(1).stats().ihave_received, 0U);
}

}  // namespace
}  // namespace ron::mesh
