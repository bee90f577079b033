// One-thread load generator for any publish-subscribe server whose protocol has a Codec. Prints one
// JSON object. See ../README.md; options are the fields of Options.
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "common.hpp"
#include "load.hpp"
#include "options.hpp"

namespace ron::peers {
namespace {

struct Connected {
  double seconds = 0;
  double server_cpu = 0;
};

// Tells the caller that memory may be looked at, and waits for its answer.
void hold(const char* word) {
  std::fprintf(stderr, "%s\n", word);
  std::fflush(stderr);
  char answer = 0;
  if (read(STDIN_FILENO, &answer, 1) < 0) die("stdin");
}

double server_cpu(int pid) {
  clockid_t clock{};
  if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0) return 0;
  return cpu_seconds(clock);
}

// What waited for the subscribers that did not read: all they got, they got after the load. The
// others' windows keep them from losing anything, so what was told as lost is theirs.
double held_kb(const Plan& plan, const Codec& codec) {
  std::uint64_t frames = 0;
  std::size_t size = 0;
  for (const auto& each : plan.subscribers) {
    if (!each->stalled) continue;
    frames += each->got;
    size = each->delivery.size;
  }
  return static_cast<double>((frames - codec.lagged) * size) / 1024;
}

double latency_at(const std::vector<std::uint32_t>& sorted, double part) {
  const auto at = static_cast<std::size_t>(part * static_cast<double>(sorted.size()));
  return sorted[std::min(sorted.size() - 1, at)] / 1000.0;
}

void print_latency(Measured& measured) {
  auto& all = measured.latency;
  if (all.empty()) return;
  std::sort(all.begin(), all.end());
  std::printf(R"(,"n":%zu,"p50":%.1f,"p90":%.1f,"p99":%.1f,"p999":%.1f,"max":%.1f,"late_max":%.1f)",
              all.size(), latency_at(all, .5), latency_at(all, .9), latency_at(all, .99),
              latency_at(all, .999), all.back() / 1000.0,
              static_cast<double>(measured.late_max) / 1000.0);
}

void print(const Options& options, const Codec& codec, const Plan& plan, Measured& measured,
           const Connected& idle) {
  const Sample& from = measured.begin;
  const Sample& to = measured.end;
  const double seconds = static_cast<double>(to.at - from.at) * 1e-9;
  const auto delivered = static_cast<double>(to.delivered - from.delivered);
  const double cpu = to.server_cpu - from.server_cpu;
  std::printf(R"({"size":%zu,"pubs":%d,"topics":%d,"subs":%d,"idle":%d,"stalled":%d,"el":%.3f,)",
              options.size, options.pubs, options.topics, options.subs, options.idle,
              options.stalled, seconds);
  std::printf(R"("deliv":%.0f,"msgs_s":%.0f,"MB_s":%.1f,"srv_cpu":%.4f,"srv_cpu_per_M":%.4f,)",
              delivered, delivered / seconds,
              delivered / seconds * static_cast<double>(options.size) / 1e6, cpu,
              delivered > 0 ? cpu * 1e6 / delivered : 0);
  std::printf(
      R"("srv_util":%.3f,"gen_util":%.3f,"reads":%llu,"writes":%llu,"lost":%lld,"lagged":%llu)",
      cpu / seconds, (to.own_cpu - from.own_cpu) / seconds,
      static_cast<unsigned long long>(to.calls.reads - from.calls.reads),
      static_cast<unsigned long long>(to.calls.writes - from.calls.writes),
      static_cast<long long>(measured.lost), static_cast<unsigned long long>(codec.lagged));
  if (options.idle > 0) {
    std::printf(R"(,"conn_per_s":%.0f,"srv_cpu_us_per_conn":%.2f)", options.idle / idle.seconds,
                idle.server_cpu * 1e6 / options.idle);
  }
  if (options.stalled > 0) std::printf(R"(,"held_kB":%.1f)", held_kb(plan, codec));
  print_latency(measured);
  std::printf("}\n");
}

int run(const Options& options) {
  const auto codec = make_codec(options.codec);
  if (!codec) die("no codec " + options.codec);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  SSL_CTX* context = options.tls ? tls_context(options.groups) : nullptr;
  Plan plan = make_plan(options, *codec);

  Connected idle;
  const double cpu = server_cpu(options.pid);
  if (!plan.idle.empty()) {
    idle.seconds = open_sessions(plan.idle, options, *codec, context, epoll);
    idle.server_cpu = server_cpu(options.pid) - cpu;
  }
  open_sessions(plan.subscribers, options, *codec, context, epoll);
  open_sessions(plan.publishers, options, *codec, context, epoll);
  poll(nullptr, 0, static_cast<int>(codec->settle_ms()));  // nothing to wait for but time
  if (options.idle > 0) hold("IDLE");

  Load load(options, *codec, plan, epoll);
  Measured measured;
  if (options.lag_bytes > 0) {
    hold("READY");
    load.fall_behind(options.lag_bytes);
    hold("LAGGING");
    measured = load.catch_up();
  } else {
    measured = load.run();
  }
  print(options, *codec, plan, measured, idle);
  return 0;
}

}  // namespace
}  // namespace ron::peers

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return ron::peers::run(ron::peers::parse_options(argc, argv));
}
