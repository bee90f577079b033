#include "verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;

constexpr double kMiB = 1024.0 * 1024.0;

// A soak in which everything is as it should be.
Findings good() {
  Findings f;
  f.plan.soak = true;
  f.scheduled = 1000;
  f.flow = {.sent = 1000, .refused = 0, .bytes = 1'024'000};
  f.classes[0].sent = 1000;
  f.classes[0].delivered = 3000;
  for (int i = 0; i < 3000; ++i) f.classes[0].latency.add(1ms);
  for (auto& phase : f.phases) phase.add(1ms);
  for (const char* name : {"1", "2", "3"}) f.accounts.push_back({name, 1000, 1000, 0, 0, false});
  f.accounts.push_back({"slow", 1000, 100, 900, 0, true});
  Observed o{.polls = 2000,
             .seconds = 200,
             .memory_most = 50 * kMiB,
             .files_most = 30,
             .files_limit = 1024};
  for (int i = 0; i < 100; ++i) {
    o.memory.push_back({double(i), 50 * kMiB});
    o.files.push_back({double(i), 30.0 + i % 2});
    o.cpu.push_back({double(i), 0.5 * i});
  }
  f.observed = o;
  f.own = OwnNode{
      .start = 100ms, .files_before = 20, .files_after = 20, .reloads_asked = 3, .reloads_done = 3};
  f.churn = Churn{.sessions = 10, .subscriptions = 20, .received = 100};
  return f;
}

std::vector<std::string> failed(const Findings& f) {
  std::vector<std::string> names;
  for (const Verdict& verdict : judge(f)) {
    if (!verdict.passed) names.push_back(verdict.gate);
  }
  return names;
}
using Names = std::vector<std::string>;

TEST(Verdict, AGoodRunPassesEveryGate) { EXPECT_EQ(failed(good()), Names{}); }

TEST(Verdict, OneMissingMessageIsEnough) {
  Findings f = good();
  --f.accounts[1].received;
  EXPECT_EQ(failed(f), Names{"accounted for"});
  ++f.accounts[2].received;  // one too many elsewhere does not make up for it
  EXPECT_EQ(failed(f), Names{"accounted for"});
  f = good();
  f.accounts[0].disorder = 1;
  EXPECT_EQ(failed(f), Names{"accounted for"});
  f = good();
  f.accounts[3].lagged = 899;
  EXPECT_EQ(failed(f), Names{"accounted for"});
}

TEST(Verdict, ARunWithoutMessagesProvesNothing) {
  Findings f = good();
  for (Account& account : f.accounts) account = {account.reader, 0, 0, 0, 0, account.slow};
  const Names names = failed(f);
  EXPECT_TRUE(std::ranges::find(names, "accounted for") != names.end());
}

TEST(Verdict, LossIsJudgedWithoutTheSlowReader) {
  Findings f = good();
  f.accounts[0].received -= 10;
  f.accounts[0].lagged += 10;
  EXPECT_EQ(failed(f), Names{"lost"});
}

TEST(Verdict, LatenciesAgainstTheirGates) {
  Findings f = good();
  for (int i = 0; i < 40; ++i) f.classes[0].latency.add(400ms);
  EXPECT_EQ(failed(f), Names{"latency p99"});
  f = good();
  f.classes[2].latency.add(130ms);
  EXPECT_EQ(failed(f), Names{"latency 1 MiB p95"});
  f = good();
  f.tls = true;
  f.connect.add(60ms);
  EXPECT_EQ(failed(f), Names{"connecting p95"});
  f.hybrid = true;
  EXPECT_EQ(failed(f), Names{});
}

TEST(Verdict, TrendsOfASoak) {
  Findings f = good();
  for (std::size_t i = 0; i < 100; ++i) f.observed->memory[i].value += 0.2 * kMiB * double(i);
  EXPECT_EQ(failed(f), Names{"growth of memory"});
  f = good();
  for (std::size_t i = 0; i < 100; ++i) f.observed->files[i].value += 0.1 * double(i);
  EXPECT_EQ(failed(f), Names{"growth of open files"});
  f = good();
  f.phases[3] = {};
  f.phases[3].add(20ms);
  EXPECT_EQ(failed(f), Names{"drift of p95, first to last third"});
  f.plan.soak = false;
  EXPECT_EQ(failed(f), Names{});
}

TEST(Verdict, TheNode) {
  Findings f = good();
  f.observed->flips.push_back({1, false, "queues_ok", true});
  f.observed->red_seconds = 3;
  EXPECT_EQ(failed(f), (Names{"ready", "false alarms of /readyz"}));
  f = good();
  f.own->files_after = 21;
  f.own->end_code = 1;
  f.own->reloads_done = 2;
  EXPECT_EQ(failed(f), (Names{"open files afterwards", "orderly end", "reloads"}));
  f = good();
  for (Point& point : f.observed->cpu) point.value *= 2;
  EXPECT_EQ(failed(f), Names{"CPU of a shard"});
}

TEST(Verdict, WhatWasNotMeasuredIsNotJudged) {
  Findings f = good();
  f.plan.soak = false;
  f.own.reset();
  f.churn.reset();
  f.observed = Observed{.polls = 1, .seconds = 1};
  for (const Verdict& verdict : judge(f)) {
    EXPECT_NE(verdict.gate, "memory, most");
    EXPECT_NE(verdict.gate, "CPU of a shard");
  }
  f.observed.reset();
  for (const Verdict& verdict : judge(f)) EXPECT_NE(verdict.gate, "ready");
}

TEST(Verdict, ChurnAndFailures) {
  Findings f = good();
  f.churn->untold = 1;
  f.problems.push_back("the connection was lost");
  EXPECT_EQ(failed(f), (Names{"no failure of a client", "churn: losses told"}));
}

}  // namespace
}  // namespace ron::smoke
