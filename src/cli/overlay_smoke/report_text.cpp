#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "cli/common/tool.hpp"
#include "report.hpp"

namespace ron::smoke {
namespace {

using cli::count_text;
using cli::time_text;

constexpr double kMiB = 1024.0 * 1024.0;

[[gnu::format(printf, 1, 2)]] std::string line(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return std::string(text) + "\n";
}

std::string clock_text(double seconds) {
  const long whole = std::lround(seconds);
  char text[32];
  std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

std::string quantiles(const Histogram& times) {
  std::string text;
  for (const double share : {0.5, 0.95, 0.99, 0.999}) {
    char column[16];
    std::snprintf(column, sizeof column, " %9s", time_text(times.quantile(share)).c_str());
    text += column;
  }
  char most[16];
  std::snprintf(most, sizeof most, " %9s", time_text(times.most()).c_str());
  return text + most;
}

std::string classes_text(const Findings& f) {
  std::string text = line("%-6s %-9s %10s %10s %9s %9s %9s %9s %9s", "class", "size", "sent",
                          "delivered", "p50", "p95", "p99", "p99.9", "max");
  const auto row = [&](const char* name, const char* size, std::uint64_t sent,
                       std::uint64_t delivered, const Histogram& latency) {
    text += line("%-6s %-9s %10s %10s%s", name, size, count_text(sent).c_str(),
                 count_text(delivered).c_str(), quantiles(latency).c_str());
  };
  for (std::size_t i = 0; i < kClasses; ++i) {
    const ClassShape& form = shape(static_cast<Class>(i));
    const ClassFindings& one = f.classes[i];
    if (one.sent == 0) continue;
    row(form.name.data(), form.size.data(), one.sent, one.delivered, one.latency);
  }
  row("all", "", f.sent(), f.delivered(), f.latency());
  return text;
}

std::string flow_text(const Findings& f) {
  const double seconds = std::max(f.seconds, 1e-9);
  std::string text =
      line("sent        %s of %s messages on the schedule in %.1f s, as %s publications, %s",
           count_text(f.sent()).c_str(), count_text(f.scheduled).c_str(), f.seconds,
           count_text(f.flow.sent).c_str(),
           cli::rate_text(static_cast<double>(f.flow.bytes) / seconds).c_str());
  text += line(
      "delivered   %s whole messages, %s/s, %s", count_text(f.delivered()).c_str(),
      count_text(static_cast<std::uint64_t>(static_cast<double>(f.delivered()) / seconds)).c_str(),
      cli::rate_text(f.delivered_bytes() / seconds).c_str());
  const auto account = [&](const char* name, const Account& sum) {
    if (sum.expected == 0) return;
    text += line("%-11s %s publications expected = %s received + %s told lost%s", name,
                 count_text(sum.expected).c_str(), count_text(sum.received).c_str(),
                 count_text(sum.lagged).c_str(), sum.right() ? "" : ": NOT EQUAL");
  };
  account("readers", f.total(false));
  account("slow reader", f.total(true));
  for (const Account& each : f.accounts) {
    if (!each.right()) {
      text +=
          line("  %s: expected %s, received %s, told lost %s, out of order %s", each.reader.c_str(),
               count_text(each.expected).c_str(), count_text(each.received).c_str(),
               count_text(each.lagged).c_str(), count_text(each.disorder).c_str());
    }
  }
  text += line("refused     %s publications", count_text(f.flow.refused).c_str());
  text += line("connecting  %s sessions, p50 %s, p95 %s, max %s", count_text(f.connects).c_str(),
               time_text(f.connect.quantile(0.5)).c_str(),
               time_text(f.connect.quantile(0.95)).c_str(), time_text(f.connect.most()).c_str());
  if (f.churn) {
    text += line("churn       %s sessions, %s subscriptions, %s publications, %s told lost",
                 count_text(f.churn->sessions).c_str(), count_text(f.churn->subscriptions).c_str(),
                 count_text(f.churn->received).c_str(), count_text(f.churn->told).c_str());
  }
  return text;
}

std::string node_text(const Findings& f) {
  if (!f.observed) return "node        not observed: --admin was not given\n";
  const Observed& o = *f.observed;
  std::string text;
  if (o.cpu.size() > 1 && f.flow.sent > 0 && f.delivered() > 0) {
    const double used = o.cpu.back().value - o.cpu.front().value;
    const double time = std::max(o.cpu.back().at - o.cpu.front().at, 1e-9);
    text += line("node        %.1f us of CPU a message delivered, %.2f cores, %.0f shards",
                 used * 1e6 / static_cast<double>(f.delivered()), used / time, o.shards);
  }
  if (o.files_limit > 0) {
    text += line("            %.1f MiB and %.0f open files at most", o.memory_most / kMiB,
                 o.files_most);
  } else {
    text += "node        /metrics did not answer\n";
  }
  text +=
      line("readiness   asked %s times, not ready for %.1f s, %zu flips; answers p95 %s, max %s",
           count_text(o.polls).c_str(), o.red_seconds, o.flips.size(),
           time_text(o.answer.quantile(0.95)).c_str(), time_text(o.answer.most()).c_str());
  for (const Flip& flip : o.flips) {
    text += line("  %s  %s%s%s", clock_text(flip.at).c_str(),
                 flip.ready ? "ready" : "NOT READY: ", flip.cause.c_str(),
                 flip.alarm ? " (false alarm: no reader had lost anything)" : "");
  }
  return text;
}

}  // namespace

std::string plan_text(const Plan& plan) {
  char numbers[160];
  std::snprintf(numbers, sizeof numbers,
                " at %g/s, fan-out %u, %u publishers, %u subscribers, %g s%s", plan.rate,
                plan.fanout, plan.publishers, plan.subscribers,
                std::chrono::duration<double>(plan.duration).count(),
                plan.soak ? ", soak: churn, reloads, a slow reader" : "");
  return mix_text(plan.mix) + numbers;
}

std::string interval_head() {
  return line("%8s %8s %8s %9s %9s %9s %7s %7s %9s %6s  %s", "time", "sent/s", "deliv/s", "p50",
              "p95", "p99", "lost", "cores", "memory", "files", "ready");
}

std::string interval_text(const Interval& i) {
  std::string text = line("%8s %8.0f %8.0f %9s %9s %9s %7s", clock_text(i.at).c_str(), i.sent,
                          i.delivered, time_text(i.p50).c_str(), time_text(i.p95).c_str(),
                          time_text(i.p99).c_str(), count_text(i.lost).c_str());
  text.pop_back();
  if (!i.observed) return text + "\n";
  return text + line(" %7.2f %5.1f MiB %6.0f  %s", i.cpu, i.memory / kMiB, i.files,
                     i.ready ? "yes" : "NO");
}

std::string report_text(const Findings& f, const std::vector<Verdict>& verdicts, bool color) {
  std::string text = "\n" + classes_text(f) + "\n" + flow_text(f) + node_text(f) + "\n";
  for (const std::string& problem : f.problems) text += "problem     " + problem + "\n";
  const auto mark = [color](bool good, const char* word) {
    return color ? (good ? "\x1b[32m" : "\x1b[1;31m") + std::string(word) + "\x1b[0m" : word;
  };
  for (const Verdict& v : verdicts) {
    text += mark(v.passed, v.passed ? "pass" : "FAIL") +
            line("  %-33s %-42s %s", v.gate.c_str(), v.limit.c_str(), v.measured.c_str());
  }
  const bool good = passed(f, verdicts);
  const auto failed = std::ranges::count(verdicts, false, &Verdict::passed);
  const std::string summary = f.interrupted ? "INTERRUPTED"
                              : good        ? "PASSED"
                                            : "FAILED: " + std::to_string(failed) + " of " +
                                           std::to_string(verdicts.size()) + " gates";
  return text + mark(good, summary.c_str()) + "\n";
}

bool passed(const Findings& findings, const std::vector<Verdict>& verdicts) {
  return !findings.interrupted && std::ranges::all_of(verdicts, &Verdict::passed);
}

}  // namespace ron::smoke
