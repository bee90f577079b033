#include "top_view.hpp"

#include <algorithm>
#include <cmath>

#include "table.hpp"

namespace ron::cli {
namespace {

std::string state_of(const Interval& interval) {
  if (interval.draining) return "draining";
  return interval.ready ? "ready" : "not ready";
}

std::string a_second(double value) { return short_count(value) + "/s"; }
std::string bytes_a_second(double value) { return bytes_text(value) + "/s"; }

std::string flow_text(const Flow& flow) {
  return "published " + a_second(flow.published) + ", delivered " + a_second(flow.delivered) +
         ", dropped " + a_second(flow.dropped) + ", in " + bytes_a_second(flow.bytes_in) +
         ", out " + bytes_a_second(flow.bytes_out);
}

// Three decimals are enough for people and programs, and keep lines short.
double rounded(double value) { return std::round(value * 1000) / 1000; }

nlohmann::ordered_json json_of(const Flow& flow) {
  return {{"published", rounded(flow.published)},
          {"delivered", rounded(flow.delivered)},
          {"dropped", rounded(flow.dropped)},
          {"bytes_in", rounded(flow.bytes_in)},
          {"bytes_out", rounded(flow.bytes_out)}};
}

Table table_of(const Interval& interval, std::size_t most) {
  Table table({{"id", Align::kRight},
               {"by"},
               {"who", Align::kLeft, 36},
               {"state"},
               {"age", Align::kRight},
               {"published/s", Align::kRight},
               {"delivered/s", Align::kRight},
               {"dropped/s", Align::kRight},
               {"in/s", Align::kRight},
               {"out/s", Align::kRight},
               {"queued", Align::kRight},
               {"bytes", Align::kRight}});
  for (std::size_t i = 0; i < std::min(most, interval.busiest.size()); ++i) {
    const SessionFlow& one = interval.busiest[i];
    table.add({std::to_string(one.id), one.channel, one.who, one.state, age_text(one.age),
               short_count(one.flow.published), short_count(one.flow.delivered),
               short_count(one.flow.dropped), bytes_text(one.flow.bytes_in),
               bytes_text(one.flow.bytes_out), count_text(one.queued),
               bytes_text(static_cast<double>(one.queued_bytes))});
  }
  return table;
}

}  // namespace

std::string top_screen(const Interval& interval, std::string_view time, std::size_t rows,
                       std::size_t columns) {
  std::string out;
  const auto line = [&](const std::string& text) { out += shortened(text, columns) + "\n"; };
  line(std::string(time) + "  " + state_of(interval) + "  " + count_text(interval.sessions) +
       " sessions, " + count_text(interval.subscriptions) + " subscriptions");
  line(flow_text(interval.flow));
  line("queued " + count_text(interval.queued) + " messages; " +
       bytes_text(static_cast<double>(interval.queue_bytes)) + " of " +
       bytes_text(static_cast<double>(interval.queue_capacity)) + "  memory " +
       bytes_text(static_cast<double>(interval.memory)) + "  files " +
       count_text(interval.open_fds) + " of " + count_text(interval.max_fds) + "  CPUs " +
       short_count(interval.cpu));
  line("");
  constexpr std::size_t kHead = 5;  // the lines above and the titles
  return out + table_of(interval, rows > kHead ? rows - kHead : 0).text(columns);
}

std::string top_line(const Interval& interval, std::string_view time) {
  return std::string(time) + "  " + state_of(interval) + ", sessions " +
         count_text(interval.sessions) + ", " + flow_text(interval.flow) + ", queued " +
         count_text(interval.queued) + " (" +
         bytes_text(static_cast<double>(interval.queue_bytes)) + ")\n";
}

nlohmann::ordered_json top_json(const Interval& interval, std::string_view time, std::size_t most) {
  nlohmann::ordered_json out{{"ts", time},
                             {"seconds", rounded(interval.seconds)},
                             {"ready", interval.ready},
                             {"draining", interval.draining},
                             {"sessions", interval.sessions},
                             {"subscriptions", interval.subscriptions},
                             {"rates", json_of(interval.flow)},
                             {"queued_frames", interval.queued},
                             {"queue_bytes", interval.queue_bytes},
                             {"queue_capacity", interval.queue_capacity},
                             {"memory_bytes", interval.memory},
                             {"open_fds", interval.open_fds},
                             {"max_fds", interval.max_fds},
                             {"cpus", rounded(interval.cpu)}};
  auto& busiest = out["busiest"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < std::min(most, interval.busiest.size()); ++i) {
    const SessionFlow& one = interval.busiest[i];
    busiest.push_back({{"id", one.id},
                       {"channel", one.channel},
                       {"who", one.who},
                       {"state", one.state},
                       {"age_s", rounded(one.age)},
                       {"rates", json_of(one.flow)},
                       {"queued_frames", one.queued},
                       {"queued_bytes", one.queued_bytes}});
  }
  return out;
}

}  // namespace ron::cli
