#include "report.hpp"

namespace ron::smoke {
namespace {

using Json = nlohmann::ordered_json;

double us(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }

Json times(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50_us", us(histogram.quantile(0.5))},
          {"p95_us", us(histogram.quantile(0.95))},
          {"p99_us", us(histogram.quantile(0.99))},
          {"p999_us", us(histogram.quantile(0.999))},
          {"max_us", us(histogram.most())}};
}

Json plan_json(const Plan& plan) {
  return {{"mix", mix_text(plan.mix)},
          {"rate", plan.rate},
          {"fanout", plan.fanout},
          {"publishers", plan.publishers},
          {"subscribers", plan.subscribers},
          {"duration_s", std::chrono::duration<double>(plan.duration).count()},
          {"reconnect_every", plan.reconnect_every},
          {"soak", plan.soak}};
}

Json observed_json(const Observed& o) {
  Json flips = Json::array();
  for (const Flip& flip : o.flips) {
    flips.push_back({{"at_s", flip.at},
                     {"ready", flip.ready},
                     {"cause", flip.cause},
                     {"false_alarm", flip.alarm}});
  }
  return {{"cpu_s", o.cpu.empty() ? 0 : o.cpu.back().value - o.cpu.front().value},
          {"memory_most_bytes", o.memory_most},
          {"memory_growth_bytes", growth(o.memory)},
          {"files_most", o.files_most},
          {"files_limit", o.files_limit},
          {"files_growth", growth(o.files)},
          {"shards", o.shards},
          {"readyz",
           {{"polls", o.polls},
            {"seconds", o.seconds},
            {"not_ready_s", o.red_seconds},
            {"flips", flips}}},
          {"readyz_time", times(o.answer)}};
}

Json own_json(const OwnNode& own) {
  return {{"start_ms", own.start.count()},    {"files_before", own.files_before},
          {"files_after", own.files_after},   {"reloads_asked", own.reloads_asked},
          {"reloads_done", own.reloads_done}, {"reloads_failed", own.reloads_failed},
          {"end_code", own.end_code}};
}

Json churn_json(const Churn& churn) {
  return {{"sessions", churn.sessions}, {"subscriptions", churn.subscriptions},
          {"received", churn.received}, {"told", churn.told},
          {"untold", churn.untold},     {"failed", churn.failed}};
}

Json intervals_json(const std::vector<Interval>& intervals) {
  Json all = Json::array();
  for (const Interval& i : intervals) {
    Json one = {{"at_s", i.at},        {"sent_per_s", i.sent}, {"delivered_per_s", i.delivered},
                {"p50_us", us(i.p50)}, {"p95_us", us(i.p95)},  {"p99_us", us(i.p99)},
                {"lost", i.lost}};
    if (i.observed) {
      one.update(Json{
          {"cores", i.cpu}, {"memory_bytes", i.memory}, {"files", i.files}, {"ready", i.ready}});
    }
    all.push_back(std::move(one));
  }
  return all;
}

Json accounts_json(const std::vector<Account>& accounts) {
  Json all = Json::array();
  for (const Account& each : accounts) {
    all.push_back({{"reader", each.reader},
                   {"slow", each.slow},
                   {"expected", each.expected},
                   {"received", each.received},
                   {"lagged", each.lagged},
                   {"disorder", each.disorder}});
  }
  return all;
}

}  // namespace

Json report_json(const Findings& f, const std::vector<Verdict>& verdicts) {
  Json gates = Json::array();
  for (const Verdict& v : verdicts) {
    gates.push_back({{"gate", v.gate},
                     {"limit", v.limit},
                     {"measured", v.measured},
                     {"passed", v.passed},
                     {"hard", v.hard}});
  }
  Json out = {{"passed", passed(f, verdicts)},
              {"interrupted", f.interrupted},
              {"plan", plan_json(f.plan)},
              {"node", f.node},
              {"tls", f.tls},
              {"hybrid", f.hybrid},
              {"seconds", f.seconds},
              {"scheduled", f.scheduled},
              {"sent", f.sent()},
              {"delivered", f.delivered()}};
  out["publications"] = {
      {"sent", f.flow.sent}, {"refused", f.flow.refused}, {"bytes", f.flow.bytes}};
  out["accounts"] = accounts_json(f.accounts);
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (f.classes[i].sent == 0) continue;
    Json& one = out["classes"][std::string(shape(static_cast<Class>(i)).name)];
    one = {{"sent", f.classes[i].sent}, {"delivered", f.classes[i].delivered}};
    one["latency"] = times(f.classes[i].latency);
  }
  out["latency"] = times(f.latency());
  out["connect"] = times(f.connect);
  out["intervals"] = intervals_json(f.intervals);
  if (f.observed) out["observed"] = observed_json(*f.observed);
  if (f.own) out["own_node"] = own_json(*f.own);
  if (f.churn) out["churn"] = churn_json(*f.churn);
  out["problems"] = f.problems;
  out["verdicts"] = std::move(gates);
  return out;
}

}  // namespace ron::smoke
