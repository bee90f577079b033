#include "ops/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/check.hpp"

namespace ron::ops {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

struct Label {
  std::string_view key;
  std::vector<std::string_view> values;  // empty: any
};

std::vector<Label> labels_of(const MetricRow& row) {
  std::vector<Label> out;
  for (const auto part : split(row.labels, ',')) {
    const std::size_t equals = part.find('=');
    const std::string_view values = part.substr(equals + 1);
    out.push_back({part.substr(0, equals),
                   values == "*" ? std::vector<std::string_view>{} : split(values, '|')});
  }
  return out;
}

bool listed(const Label& label, std::string_view value) {
  return label.values.empty() ||
         std::find(label.values.begin(), label.values.end(), value) != label.values.end();
}

std::string number_text(double value) {
  std::array<char, 40> text{};
  if (value == std::floor(value) && std::fabs(value) < 9e15) {
    std::snprintf(text.data(), text.size(), "%.0f", value);
    return text.data();
  }
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

void append_label(std::string& out, std::string_view key, std::string_view value) {
  out += out.ends_with('{') ? "" : ",";
  out += key;
  out += "=\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

constexpr std::array<std::string_view, 3> kTypeNames = {"counter", "gauge", "histogram"};

}  // namespace

std::vector<double> bucket_bounds(Metric metric) {
  std::vector<double> out;
  for (const auto part : split(row_of(metric).buckets, ' ')) {
    double bound = 0;
    std::from_chars(part.data(), part.data() + part.size(), bound);
    out.push_back(bound);
  }
  return out;
}

// Every combination of listed values exists from the start; families with a free label start empty.
MetricsPage::MetricsPage() : families_(kMetricCount) {
  for (const MetricRow& row : metrics()) {
    std::vector<Series> all(1);
    for (const Label& label : labels_of(row)) {
      std::vector<Series> next;
      for (const Series& one : all)
        for (const auto value : label.values) {
          next.push_back(one);
          next.back().values.emplace_back(value);
        }
      all = std::move(next);
    }
    for (Series& one : all)
      if (row.type == MetricType::kHistogram)
        one.histogram.counts.assign(bucket_bounds(row.metric).size() + 1, 0);
    families_[static_cast<std::size_t>(row.metric)] = std::move(all);
  }
}

MetricsPage::Series& MetricsPage::series(Metric metric,
                                         std::initializer_list<std::string_view> values) {
  auto& family = families_[static_cast<std::size_t>(metric)];
  for (Series& one : family)
    if (std::equal(one.values.begin(), one.values.end(), values.begin(), values.end())) return one;
  const auto labels = labels_of(row_of(metric));
  RON_CHECK(labels.size() == values.size());
  for (std::size_t i = 0; i < labels.size(); ++i) RON_CHECK(listed(labels[i], values.begin()[i]));
  Series fresh;
  for (const auto value : values) fresh.values.emplace_back(value);
  family.push_back(std::move(fresh));
  return family.back();
}

void MetricsPage::set(Metric metric, std::initializer_list<std::string_view> values, double value) {
  series(metric, values).value = value;
}

void MetricsPage::add(Metric metric, std::initializer_list<std::string_view> values, double value) {
  series(metric, values).value += value;
}

void MetricsPage::set(Metric metric, std::initializer_list<std::string_view> values,
                      HistogramValue value) {
  RON_CHECK(value.counts.size() == bucket_bounds(metric).size() + 1);
  series(metric, values).histogram = std::move(value);
}

void MetricsPage::append(std::string& out, const MetricRow& row, const Series& one) const {
  const auto labels = labels_of(row);
  const auto line = [&](std::string_view suffix, std::string_view bound, const std::string& value) {
    out += row.name;
    out += suffix;
    std::string text = "{";
    for (std::size_t i = 0; i < labels.size(); ++i)
      append_label(text, labels[i].key, one.values[i]);
    if (!bound.empty()) append_label(text, "le", bound);
    if (text.size() > 1) out += text + '}';
    out += ' ' + value + '\n';
  };
  if (row.type != MetricType::kHistogram) return line("", "", number_text(one.value));
  const auto bounds = bucket_bounds(row.metric);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < one.histogram.counts.size(); ++i) {
    total += one.histogram.counts[i];
    line("_bucket", i < bounds.size() ? number_text(bounds[i]) : "+Inf", std::to_string(total));
  }
  line("_sum", "", number_text(one.histogram.sum));
  line("_count", "", std::to_string(total));
}

std::string MetricsPage::text() const {
  std::string out;
  out.reserve(32U << 10U);
  for (const MetricRow& row : metrics()) {
    out += "# HELP " + std::string(row.name) + ' ' + std::string(row.help) + '\n';
    out += "# TYPE " + std::string(row.name) + ' ' +
           std::string(kTypeNames[static_cast<std::size_t>(row.type)]) + '\n';
    for (const Series& one : families_[static_cast<std::size_t>(row.metric)]) append(out, row, one);
  }
  return out;
}

}  // namespace ron::ops
