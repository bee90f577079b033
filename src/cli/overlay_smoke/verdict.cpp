#include "verdict.hpp"

#include <algorithm>
#include <cstdio>

#include "cli/common/tool.hpp"

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;
using cli::count_text;
using cli::time_text;

constexpr double kMiB = 1024.0 * 1024.0;

std::string text_of(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}
std::string percent(double share) { return text_of("%.3f %%", share * 100); }
std::string mib(double bytes) { return text_of("%.1f MiB", bytes / kMiB); }

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

class Judge {
 public:
  explicit Judge(const Findings& findings) : f_(findings) {}

  std::vector<Verdict> all() {
    accounts();
    budget();
    latencies();
    if (f_.observed) observed(*f_.observed);
    if (f_.own) own(*f_.own);
    if (f_.plan.soak) soak();
    return std::move(out_);
  }

 private:
  void add(std::string gate, std::string limit, std::string measured, bool passed) {
    out_.push_back({std::move(gate), std::move(limit), std::move(measured), passed, false});
  }
  void add_hard(std::string gate, std::string limit, std::string measured, bool passed) {
    out_.push_back({std::move(gate), std::move(limit), std::move(measured), passed, true});
  }
  void below(const std::string& gate, const Histogram& times, double quantile,
             std::chrono::milliseconds limit) {
    if (times.count() == 0) return;
    const auto measured = times.quantile(quantile);
    add(gate, "< " + std::to_string(limit.count()) + " ms", time_text(measured), measured < limit);
  }

  void accounts() {
    const Account fast = f_.total(false);
    const Account slow = f_.total(true);
    const bool right = std::ranges::all_of(f_.accounts, &Account::right);
    add_hard("accounted for", "expected = received + told lost, in order",
             count_text(fast.expected + slow.expected) + " = " +
                 count_text(fast.received + slow.received) + " + " +
                 count_text(fast.lagged + slow.lagged),
             right && fast.received > 0);
    add_hard("no failure of a client", "0", std::to_string(f_.problems.size()),
             f_.problems.empty());
    if (f_.churn) {
      // A gap may also be a publication that was refused.
      add_hard("churn: losses told", "0 untold", count_text(f_.churn->untold) + " untold",
               f_.churn->untold <= f_.flow.refused && f_.churn->received > 0);
      add("churn: sessions made", "< 0.1 % fail",
          count_text(f_.churn->failed) + " of " + count_text(f_.churn->sessions),
          share_of(f_.churn->failed, f_.churn->sessions) < 0.001);
    }
  }

  void budget() {
    const Account fast = f_.total(false);
    const double kept = share_of(f_.sent(), f_.scheduled);
    add("sent on schedule", ">= 99 %", percent(kept), kept >= 0.99);
    const double lost = share_of(fast.lagged, fast.expected);
    add("lost", "< 0.01 %", percent(lost), lost < 0.0001);
    const double refused = share_of(f_.flow.refused, f_.flow.sent);
    add("refused", "< 0.5 %", percent(refused), refused < 0.005);
  }

  void latencies() {
    const Histogram all = f_.latency();
    below("latency p50", all, 0.5, 60ms);
    below("latency p95", all, 0.95, 150ms);
    below("latency p99", all, 0.99, 300ms);
    below("latency 64 KiB p95", f_.classes[1].latency, 0.95, 80ms);
    below("latency 1 MiB p95", f_.classes[2].latency, 0.95, 120ms);
    if (f_.tls) below("connecting p95", f_.connect, 0.95, f_.hybrid ? 75ms : 50ms);
  }

  void observed(const Observed& o) {
    const double ready = 1 - o.red_seconds / std::max(o.seconds, 1e-9);
    add("ready", ">= 99.9 % of the time", percent(ready), ready >= 0.999);
    const auto alarms = std::ranges::count_if(o.flips, &Flip::alarm);
    add("false alarms of /readyz", "0", std::to_string(alarms), alarms == 0);
    below("/readyz answers p95", o.answer, 0.95, 200ms);
    if (o.cpu.size() > 1) {
      const double time = o.cpu.back().at - o.cpu.front().at;
      const double cores = (o.cpu.back().value - o.cpu.front().value) / std::max(time, 1e-9);
      const double share = cores / std::max(o.shards, 1.0);
      add("CPU of a shard", "< 70 %", percent(share), share < 0.7);
    }
    if (o.files_limit == 0) return;  // /metrics never answered
    add("memory, most", "< 512 MiB", mib(o.memory_most), o.memory_most < 512 * kMiB);
    const double files = o.files_most / std::max(o.files_limit, 1.0);
    add("open files, most", "< 40 % of limit", percent(files), files < 0.4);
  }

  void own(const OwnNode& own) {
    add("start to ready", "< 1000 ms", std::to_string(own.start.count()) + " ms", own.start < 1s);
    add("open files afterwards", "as before: " + text_of("%.0f", own.files_before),
        text_of("%.0f", own.files_after), own.files_after <= own.files_before);
    add_hard("orderly end", "exit code 0", std::to_string(own.end_code), own.end_code == 0);
    if (f_.plan.soak) {
      add("reloads", count_text(own.reloads_asked) + " done, 0 refused",
          count_text(own.reloads_done) + " done, " + count_text(own.reloads_failed) + " refused",
          own.reloads_done == own.reloads_asked && own.reloads_failed == 0);
    }
  }

  void soak() {
    const Histogram& ending = f_.phases[static_cast<std::size_t>(Phase::kLast)];
    if (ending.count() == 0) return;  // broken off: there is no trend
    const auto first = f_.phases[static_cast<std::size_t>(Phase::kFirst)].quantile(0.95);
    const auto last = ending.quantile(0.95);
    const std::chrono::nanoseconds most =
        first + std::max<std::chrono::nanoseconds>(first / 10, 5ms);
    add("drift of p95, first to last third", "<= +10 % or +5 ms",
        time_text(first) + " to " + time_text(last), last <= most);
    if (!f_.observed || f_.observed->memory.size() < 2) return;
    const double grown = growth(f_.observed->memory);
    const double allowed = std::max(8 * kMiB, 0.05 * mean(f_.observed->memory));
    add("growth of memory", "<= " + mib(allowed), mib(grown), grown <= allowed);
    const double files = growth(f_.observed->files);
    add("growth of open files", "< 4", text_of("%.1f", files), files < 4);
  }

  const Findings& f_;
  std::vector<Verdict> out_;
};

}  // namespace

std::vector<Verdict> judge(const Findings& findings) { return Judge(findings).all(); }

}  // namespace ron::smoke
