#include "config/load.hpp"

#include <algorithm>
#include <array>

#include "config/environment.hpp"
#include "config/json_text.hpp"
#include "config/legacy.hpp"
#include "config/rules.hpp"
#include "config/toml_text.hpp"

namespace ron::config {
namespace {

constexpr std::size_t kLayers = static_cast<std::size_t>(Layer::kFlag) + 1;
constexpr std::size_t kMaxErrors = 200;  // a file of nonsense is not answered with a book

std::size_t index_of(const KeyRow& row) { return static_cast<std::size_t>(&row - keys().data()); }

Problem unknown_key(const Assignment& given) {
  std::vector<std::string_view> names;
  for (const KeyRow& row : keys()) names.push_back(row.name);
  return {
      .key = given.key,
      .value = given.text,
      .source = given.source,
      .what = "no such key",
      .remedy = suggestion(given.key, names, "remove it; docs/configuration.md lists every key")};
}

bool same_value(const KeyRow& row, const Assignment& a, const Assignment& b) {
  if (a.text == b.text) return true;
  Settings one, other;
  return store(row, a, one) && store(row, b, other) &&
         value_text(row, one) == value_text(row, other);
}

// One layer naming one key twice (a flat and a nested variable, a flag and --set, timeouts.read and
// transport.read_timeout: C39) is only fine while all say the same. Each is compared with the first
// of its layer, so that this stays linear.
void check_twice(const std::vector<Assignment>& all, Problems& errors) {
  std::vector<std::array<const Assignment*, kLayers>> first(keys().size());
  for (const Assignment& given : all) {
    const KeyRow* row = find_key(given.key);
    if (row == nullptr) continue;
    const Assignment*& seen = first[index_of(*row)][static_cast<std::size_t>(given.layer)];
    if (seen == nullptr) seen = &given;
    if (same_value(*row, *seen, given)) continue;
    errors.push_back({.key = given.key,
                      .value = given.text,
                      .source = given.source,
                      .what = "contradicts " + seen->source + " (\"" + seen->text + "\")",
                      .remedy = "keep one of the two"});
    if (errors.size() > kMaxErrors) return;
  }
}

std::expected<std::vector<Assignment>, Problem> parse_file(const FileText& file) {
  return looks_like_json(file.text, file.name) ? parse_json(file.text, file.name)
                                               : parse_toml(file.text, file.name);
}

std::vector<Assignment> gather(const Inputs& inputs, Problems& errors, Problems& warnings) {
  std::vector<Assignment> all;
  if (inputs.file) {
    auto parsed = parse_file(*inputs.file);
    if (parsed)
      all = std::move(*parsed);
    else
      errors.push_back(std::move(parsed.error()));
  }
  for (auto& given : parse_environment(inputs.environment, errors, warnings))
    all.push_back(std::move(given));
  for (auto& given : parse_flags(inputs.flags, errors)) all.push_back(std::move(given));
  resolve_legacy(all, warnings);
  return all;
}

// The profile picks the defaults, so it is settled before everything else. Wrong values are
// reported later, with all others.
Profile profile_of(const std::vector<Assignment>& all) {
  Settings scratch;
  const KeyRow& row = *find_key("profile");
  for (const Assignment& given : all)
    if (given.key == row.name) (void)store(row, given, scratch);
  return scratch.profile;
}

}  // namespace

Settings defaults(Profile profile) {
  Settings out;
  for (const KeyRow& row : keys()) {
    const auto text = profile == Profile::kMacronode ? row.macronode : row.micronode;
    Assignment given;
    given.text = text;
    (void)store(row, given, out);
  }
  return out;
}

std::expected<Loaded, Problems> load(const Inputs& inputs, const HostFacts* host) {
  Problems errors;
  Loaded out;
  const auto all = gather(inputs, errors, out.warnings);
  const Profile profile = profile_of(all);
  out.settings = defaults(profile);
  out.origins.assign(keys().size(), profile == Profile::kMacronode ? "default (macronode)"
                                                                   : "default (micronode)");
  for (const Assignment& given : all) {  // layers come in rising order of precedence
    if (errors.size() > kMaxErrors) break;
    const KeyRow* row = find_key(given.key);
    if (row == nullptr) {
      errors.push_back(unknown_key(given));
      continue;
    }
    if (auto ok = store(*row, given, out.settings); !ok)
      errors.push_back(std::move(ok.error()));
    else
      out.origins[index_of(*row)] = given.source;
  }
  check_twice(all, errors);
  check_rules(out, errors);
  if (host != nullptr)
    for (Problem& problem : check_host(out, *host)) errors.push_back(std::move(problem));
  if (errors.empty()) return out;
  if (errors.size() > kMaxErrors) {
    errors.resize(kMaxErrors);
    errors.push_back({.key = {},
                      .value = {},
                      .source = {},
                      .what = "there are more errors than are shown",
                      .remedy = "mend these first"});
  }
  return std::unexpected(std::move(errors));
}

}  // namespace ron::config
