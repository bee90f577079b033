// Each checker passes a good trace and complains about a bad one.
#include <gtest/gtest.h>

#include "sim/checkers/checkers.hpp"
#include "sim/checkers/coverage.hpp"

namespace ron::sim {
namespace {

// Session 0 publishes three messages on t, acknowledged; session 1 is subscribed and gets them.
History good() {
  History history;
  history.sessions.resize(2);
  for (SessionRecord& session : history.sessions) session.complete = session.established = true;
  history.sub_ops.push_back(
      {.session = 1, .tenant = {}, .pattern = "*", .group = "", .sent = 1, .answered = 2});
  history.facts.at_rest = true;
  history.facts.recv_window = 100;
  for (std::uint32_t i = 0; i < 3; ++i) {
    Publication publication;
    publication.topic = "t";
    publication.digest = 70 + i;
    publication.sent = 10 + i;
    publication.settled = 20 + i;
    publication.fate = Fate::kAccepted;
    publication.to = 1;
    history.publications.push_back(publication);
    Arrival arrival;
    arrival.session = 1;
    arrival.publication = i;
    arrival.digest = 70 + i;
    arrival.at = 30 + i;
    history.arrivals.push_back(arrival);
  }
  return history;
}

Arrival lagged(std::uint64_t count) {
  Arrival arrival;
  arrival.session = 1;
  arrival.lagged = count;
  return arrival;
}

TEST(Checkers, PassAGoodTrace) { EXPECT_EQ(check_all(good()), std::nullopt); }

TEST(Checkers, OrderSeesASwap) {
  History history = good();
  std::swap(history.arrivals[0], history.arrivals[1]);
  EXPECT_TRUE(check_order(history));
}

TEST(Checkers, OrderSeesASecondCopy) {
  History history = good();
  history.arrivals.push_back(history.arrivals[2]);
  EXPECT_TRUE(check_order(history));
}

TEST(Checkers, RightfulSeesOtherBytesTenantsAndFlags) {
  for (int fault = 0; fault < 5; ++fault) {
    History history = good();
    Arrival& arrival = history.arrivals[1];
    if (fault == 0) arrival.digest = 1;
    if (fault == 1) arrival.tenant = {1, 1};
    if (fault == 2) arrival.corr = 9;
    if (fault == 3) arrival.flags_ok = false;
    if (fault == 4) arrival.publication = 99;
    EXPECT_TRUE(check_rightful(history)) << fault;
  }
}

TEST(Checkers, RightfulSeesADeliveryAcrossTenants) {
  History history = good();
  history.publications[0].tenant = {0, 7};
  history.arrivals[0].tenant = {0, 7};
  EXPECT_TRUE(check_rightful(history));
}

TEST(Checkers, RightfulSeesADeliveryAfterUnsub) {
  History history = good();
  history.sub_ops.push_back({.session = 1,
                             .tenant = {},
                             .pattern = "*",
                             .group = "",
                             .add = false,
                             .sent = 3,
                             .answered = 4});
  EXPECT_TRUE(check_rightful(history));
  history.sub_ops.back().answered = 50;  // it may have come late
  EXPECT_FALSE(check_rightful(history));
}

TEST(Checkers, RightfulSeesEcho) {
  History history = good();
  for (Publication& publication : history.publications) publication.publisher = 1;
  EXPECT_TRUE(check_rightful(history));
  history.sub_ops[0].echo = true;
  EXPECT_FALSE(check_rightful(history));
}

TEST(Checkers, RightfulSeesWhatWasNeverSentOrRefused) {
  for (const Fate fate : {Fate::kUnsent, Fate::kRefused}) {
    History history = good();
    history.publications[1].fate = fate;
    EXPECT_TRUE(check_rightful(history));
  }
}

TEST(Checkers, ExactSeesASilentLossAndAnInventedOne) {
  History history = good();
  history.arrivals.pop_back();
  EXPECT_TRUE(check_exact(history));
  history.arrivals.push_back(lagged(1));
  EXPECT_FALSE(check_exact(history));
  history.arrivals.push_back(lagged(1));
  EXPECT_TRUE(check_exact(history));
}

TEST(Checkers, GapsSeeALaggedThatComesTooLate) {
  History history = good();
  history.arrivals[1] = history.arrivals[2];
  history.arrivals[2] = lagged(1);
  EXPECT_FALSE(check_exact(history));
  EXPECT_TRUE(check_gaps(history));
  std::swap(history.arrivals[1], history.arrivals[2]);
  EXPECT_FALSE(check_gaps(history));
}

History grouped() {
  History history = good();
  history.sessions.push_back(history.sessions[1]);
  history.sub_ops[0].group = "g";
  history.sub_ops.push_back(history.sub_ops[0]);
  history.sub_ops[1].session = 2;
  history.sessions[1].group = history.sessions[2].group = "g";
  history.arrivals[2].session = 2;
  return history;
}

TEST(Checkers, GroupsSeeTwoCopiesAndNone) {
  EXPECT_FALSE(check_all(grouped()));
  History history = grouped();
  history.arrivals.push_back(history.arrivals[0]);
  history.arrivals.back().session = 2;
  EXPECT_TRUE(check_groups(history));
  history = grouped();
  history.arrivals.pop_back();
  EXPECT_TRUE(check_groups(history));
}

// Three members share 60 acknowledged messages, one each 10 ms; `taker` says who gets which.
template <typename Taker>
History shared_out(Taker taker) {
  History history;
  history.sessions.resize(4);
  for (SessionRecord& session : history.sessions) {
    session.complete = session.established = true;
    session.max_frame = 1000;
  }
  history.facts.room_bytes = 1U << 20U;
  for (std::uint32_t s = 1; s <= 3; ++s) {
    history.sessions[s].group = "g";
    history.sub_ops.push_back(
        {.session = s, .tenant = {}, .pattern = "t", .group = "g", .sent = 1, .answered = 2});
  }
  for (std::uint32_t i = 0; i < 60; ++i) {
    Publication publication;
    publication.topic = "t";
    publication.payload_size = 100;
    publication.wants_answer = true;
    publication.sent = 10 + i;
    publication.settled = 100 + i;
    publication.settled_at = Instant(std::chrono::milliseconds(10 * i));
    publication.fate = Fate::kAccepted;
    history.publications.push_back(publication);
    Arrival arrival;
    arrival.session = taker(i);
    arrival.publication = i;
    arrival.at = 200 + i;
    history.arrivals.push_back(arrival);
  }
  return history;
}

std::uint32_t in_turn(std::uint32_t i) { return 1 + i % 3; }
std::uint32_t always_2(std::uint32_t) { return 2; }

TEST(Checkers, FairnessPassesTurnsAndARun) {
  EXPECT_EQ(check_all(shared_out(in_turn)), std::nullopt);
  History history = shared_out([](std::uint32_t i) { return 1 + i / 20; });
  for (Publication& publication : history.publications) publication.wants_answer = false;
  EXPECT_EQ(check_fairness(history), std::nullopt) << "one run, in three pieces";
}

TEST(Checkers, FairnessSeesAFavourite) {
  EXPECT_TRUE(check_fairness(shared_out(always_2)));
  const auto mostly = [](std::uint32_t i) { return i % 5 == 0 ? 1 : 2U; };
  EXPECT_TRUE(check_fairness(shared_out(mostly)));
}

TEST(Checkers, FairnessSeesAFavouriteForASecond) {
  const auto for_a_while = [](std::uint32_t i) { return 1 + i / 20; };
  EXPECT_TRUE(check_fairness(shared_out(for_a_while)));
  History history = shared_out(for_a_while);
  for (std::uint32_t i = 0; i < 60; ++i) {  // the same over a minute: no second has two
    history.publications[i].settled_at = Instant(std::chrono::seconds(2 * i));
  }
  EXPECT_FALSE(check_fairness(history));
}

TEST(Checkers, FairnessKnowsWhoCannotTakeItsShare) {
  History history = shared_out(always_2);
  history.sessions[1].max_frame = history.sessions[3].max_frame = 50;  // too large for them
  EXPECT_FALSE(check_fairness(history));
  history = shared_out(always_2);
  history.facts.room_bytes = 100;  // perhaps they had no room
  EXPECT_FALSE(check_fairness(history));
  history = shared_out(always_2);
  for (SubOp& op : history.sub_ops) op.answered = kNever;  // perhaps they were not members yet
  EXPECT_FALSE(check_fairness(history));
}

TEST(Checkers, AnswersSeeAMissingAndAnExtraOne) {
  History history = good();
  history.sessions[0].answers_due = 2;
  history.sessions[0].answers_got = 1;
  EXPECT_TRUE(check_answers(history));
  history.sessions[0].answers_got = 3;
  EXPECT_TRUE(check_answers(history));
  history.sessions[0].answers_got = 2;
  EXPECT_FALSE(check_answers(history));
}

TEST(Checkers, AcksSeeAWrongCount) {
  for (const std::uint64_t to : {0U, 2U}) {
    History history = good();
    history.publications[1].to = to;
    EXPECT_TRUE(check_acks(history)) << to;
  }
}

TEST(Checkers, RefusedSeeADifference) {
  History history = good();
  history.facts.refused_by_node = 3;
  EXPECT_TRUE(check_refused(history));
  history.sessions[0].refused_told["BadFrame"] = 3;
  EXPECT_FALSE(check_refused(history));
  history.sessions[0].refused_told["BadFrame"] = 4;
  EXPECT_TRUE(check_refused(history));
}

TEST(Checkers, RefusedSeeASilentOne) {
  History history = good();
  history.sessions[0].refusals_due = 1;
  EXPECT_TRUE(check_refused(history));
  history.facts.refused_by_node = 1;
  history.sessions[0].refused_told["BadFrame"] = 1;
  EXPECT_FALSE(check_refused(history));
}

TEST(Checkers, CreditSeesWhatIsKept) {
  History history = good();
  history.sessions[0].counted_sent = 120;
  history.sessions[0].credit_back = 60;
  EXPECT_TRUE(check_credit(history));
  history.sessions[0].credit_back = 90;
  EXPECT_FALSE(check_credit(history));
}

// Session 1 says hello while the node is not ready, and session 0 while it is.
History with_hellos() {
  History history = good();
  history.readiness = {{.at = 100, .ready = false}, {.at = 200, .ready = true}};
  history.sessions[0].hello_sent = 90;
  history.sessions[0].hello_answered = 95;
  history.sessions[1].hello_sent = 110;
  history.sessions[1].hello_answered = 120;
  history.sessions[1].hello_refused = "NotReady";
  return history;
}

TEST(Checkers, ReadinessPassesWhatIsRight) {
  EXPECT_EQ(check_readiness(with_hellos()), std::nullopt);
  History history = with_hellos();
  history.sessions[0].hello_answered = 105;  // on either side of the change: either is right
  EXPECT_EQ(check_readiness(history), std::nullopt);
  history.sessions[0].hello_refused = "NotReady";
  EXPECT_EQ(check_readiness(history), std::nullopt);
  history.facts.drain_began = 80;  // and so is any NotReady during a drain
  EXPECT_EQ(check_readiness(history), std::nullopt);
}

TEST(Checkers, ReadinessSeesAHelloTakenWhileNotReady) {
  History history = with_hellos();
  history.sessions[1].hello_refused.clear();
  EXPECT_TRUE(check_readiness(history));
  history.sessions[1].local = true;
  EXPECT_FALSE(check_readiness(history));
}

TEST(Checkers, ReadinessSeesAHelloTakenDuringADrain) {
  History history = with_hellos();
  history.facts.drain_began = 85;
  EXPECT_TRUE(check_readiness(history));
}

TEST(Checkers, ReadinessSeesARefusalWhileReady) {
  History history = with_hellos();
  history.sessions[0].hello_refused = "NotReady";
  EXPECT_TRUE(check_readiness(history));
  history = with_hellos();
  history.sessions[1].hello_refused = "Busy";
  EXPECT_TRUE(check_readiness(history));
}

TEST(Checkers, ReadinessSeesAnOperatorLockedOut) {
  History history = with_hellos();
  history.sessions[1].local = true;
  EXPECT_TRUE(check_readiness(history));
}

TEST(Checkers, ReadinessSeesASessionThatDoesNotStay) {
  History history = with_hellos();
  history.sessions[0].not_ready = 110;
  EXPECT_TRUE(check_readiness(history));
  history.facts.drain_began = 96;
  EXPECT_FALSE(check_readiness(history));
}

TEST(Coverage, NaiveMatchKnowsTheWildcards) {
  EXPECT_TRUE(naive_match("a/*/c", "a/b/c"));
  EXPECT_TRUE(naive_match("a/**", "a/b/c"));
  EXPECT_FALSE(naive_match("a/**", "a"));
  EXPECT_FALSE(naive_match("a/*", "a/b/c"));
  EXPECT_TRUE(naive_match("a*", "a*"));
  EXPECT_FALSE(naive_match("a*", "ab"));
}

}  // namespace
}  // namespace ron::sim
