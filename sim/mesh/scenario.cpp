#include "sim/mesh/scenario.hpp"

#include <charconv>
#include <functional>
#include <map>

namespace ron::meshsim {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view word(std::string_view& text) {
  text = trim(text);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view first = text.substr(0, end);
  text.remove_prefix(end);
  return first;
}

/// A number and its unit: 12, 1.5s, 20%.
bool number(std::string_view text, double& value, std::string_view& unit) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return fault == std::errc{};
}

bool set(Duration& to, std::string_view text) {
  double value = 0;
  std::string_view unit;
  if (!number(text, value, unit) || value < 0) return false;
  const double scale = unit == "ms" ? 1e6 : unit == "s" ? 1e9 : unit == "min" ? 60e9 : 0;
  to = Duration(static_cast<std::int64_t>(value * scale));
  return scale > 0 || value == 0;
}

bool set(double& to, std::string_view text) {
  double value = 0;
  std::string_view unit;
  if (!number(text, value, unit) || unit != "%" || value < 0 || value > 100) return false;
  to = value / 100;
  return true;
}

bool set(std::uint32_t& to, std::string_view text) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), to);
  return fault == std::errc{} && end == text.data() + text.size();
}

bool set(bool& to, std::string_view text) {
  to = text == "yes";
  return text == "yes" || text == "no";
}

bool set_nodes(Scenario& scenario, std::string_view text) {
  const std::size_t dots = text.find("..");
  scenario.nodes_most = 0;
  if (dots == std::string_view::npos) return set(scenario.nodes, text) && scenario.nodes > 0;
  return set(scenario.nodes, text.substr(0, dots)) &&
         set(scenario.nodes_most, text.substr(dots + 2)) && scenario.nodes > 0 &&
         scenario.nodes_most >= scenario.nodes;
}

bool set_latency(Scenario& scenario, std::string_view text) {
  const std::string_view model = word(text);
  scenario.latency.model = model == "wan" ? LatencyModel::kWan : LatencyModel::kUniform;
  if (model == "wan") return trim(text).empty();
  const std::string_view low = word(text), high = word(text);
  return model == "uniform" && set(scenario.latency.low, low) && set(scenario.latency.high, high) &&
         scenario.latency.low <= scenario.latency.high;
}

bool set_target(Scenario& scenario, std::string_view text) {
  Target target;
  target.metric = word(text);
  const std::string_view sign = word(text);
  target.at_least = sign == ">=";
  std::string_view unit;
  if ((sign != ">=" && sign != "<=") || !number(word(text), target.value, unit)) return false;
  if (word(text) == "worst") {
    double worst = 0;
    if (!number(word(text), worst, unit)) return false;
    target.worst = worst;
  }
  scenario.targets.push_back(target);
  return unit.empty() && trim(text).empty();
}

using Setter = std::function<bool(Scenario&, std::string_view)>;
template <typename T>
Setter field(T Scenario::* member) {
  return [member](Scenario& s, std::string_view text) { return set(s.*member, text); };
}

const std::map<std::string_view, Setter>& keys() {
  static const std::map<std::string_view, Setter> table = {
      {"nodes", set_nodes},
      {"latency", set_latency},
      {"target", set_target},
      {"leaves", field(&Scenario::leaves)},
      {"validation", field(&Scenario::validation)},
      {"loss", field(&Scenario::loss)},
      {"lanes_in_order", field(&Scenario::lanes_in_order)},
      {"payload", field(&Scenario::payload)},
      {"skew_ppm", field(&Scenario::skew_ppm)},
      {"seeds", field(&Scenario::seeds)},
      {"form", field(&Scenario::form)},
      {"settle", field(&Scenario::settle)},
      {"origins", field(&Scenario::origins)},
      {"warm_each", field(&Scenario::warm_each)},
      {"warm_every", field(&Scenario::warm_every)},
      {"warm_rest", field(&Scenario::warm_rest)},
      {"messages", field(&Scenario::messages)},
      {"every", field(&Scenario::every)},
      {"cold", field(&Scenario::cold)},
      {"topics", field(&Scenario::topics)},
      {"tenants", field(&Scenario::tenants)},
      {"fresh_topics", field(&Scenario::fresh_topics)},
      {"best_effort", field(&Scenario::best_effort)},
      {"leaf_topics", field(&Scenario::leaf_topics)},
      {"leaf_change_every", field(&Scenario::leaf_change_every)},
      {"leaf_reset_every", field(&Scenario::leaf_reset_every)},
      {"interest_grace", field(&Scenario::interest_grace)},
      {"at_last_link", field(&Scenario::at_last_link)},
      {"crash", field(&Scenario::crash)},
      {"crash_at", field(&Scenario::crash_at)},
      {"restart_after", field(&Scenario::restart_after)},
      {"partition", field(&Scenario::partition)},
      {"partition_at", field(&Scenario::partition_at)},
      {"partition_for", field(&Scenario::partition_for)},
      {"partition_one_way", field(&Scenario::partition_one_way)},
      {"repair_window", field(&Scenario::repair_window)},
      {"merge_time", field(&Scenario::merge_time)},
      {"churn_per_minute", field(&Scenario::churn_per_minute)},
      {"stalled", field(&Scenario::stalled)},
      {"stall_for", field(&Scenario::stall_for)},
      {"adversaries", field(&Scenario::adversaries)},
      {"slow_readers", field(&Scenario::slow_readers)},
      {"read_kbit", field(&Scenario::read_kbit)},
      {"lane_kib", field(&Scenario::lane_kib)},
      {"eclipse", field(&Scenario::eclipse)},
      {"flood_mbit", field(&Scenario::flood_mbit)},
      {"rest", field(&Scenario::rest)},
      {"within", field(&Scenario::within)},
      {"prompt", field(&Scenario::prompt)},
      {"grace", field(&Scenario::grace)},
  };
  return table;
}

}  // namespace

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kMesh: return "mesh";
    case Protocol::kGossipsub: return "gossipsub";
    case Protocol::kPlumtree: return "plumtree";
  }
  return "";
}

std::expected<void, std::string> set_line(Scenario& scenario, std::string_view line) {
  line = trim(line.substr(0, std::min(line.find('#'), line.size())));
  if (line.empty()) return {};
  const std::size_t equals = line.find('=');
  const std::string_view key = trim(line.substr(0, equals));
  const auto found = keys().find(key);
  if (equals == std::string_view::npos || found == keys().end()) {
    return std::unexpected("unknown key: " + std::string(line));
  }
  if (!found->second(scenario, trim(line.substr(equals + 1)))) {
    return std::unexpected("bad value: " + std::string(line));
  }
  return {};
}

std::expected<Scenario, std::string> read_scenario(std::string_view name, std::string_view text) {
  Scenario scenario;
  scenario.name = name;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto applied = set_line(scenario, text.substr(0, end));
    if (!applied) return std::unexpected(applied.error());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (scenario.leaves >= scenario.nodes) return std::unexpected("no relays are left");
  return scenario;
}

}  // namespace ron::meshsim
