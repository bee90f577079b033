#include "config/load.hpp"

#include <algorithm>

#include "config/environment.hpp"
#include "config/rules.hpp"
#include "config/toml_text.hpp"

namespace ron::config {
namespace {

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

// One layer naming one key twice (a flat and a nested variable, a flag and --set) is only fine
// while both say the same.
void check_twice(const std::vector<Assignment>& all, Problems& errors) {
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (all[i].layer == all[j].layer && all[i].key == all[j].key && all[i].text != all[j].text) {
        errors.push_back({.key = all[i].key,
                          .value = all[i].text,
                          .source = all[i].source,
                          .what = "contradicts " + all[j].source + " (\"" + all[j].text + "\")",
                          .remedy = "keep one of the two"});
        break;
      }
}

std::vector<Assignment> gather(const Inputs& inputs, Problems& errors, Problems& warnings) {
  std::vector<Assignment> all;
  if (inputs.file) {
    auto parsed = parse_toml(inputs.file->text, inputs.file->name);
    if (parsed)
      all = std::move(*parsed);
    else
      errors.push_back(std::move(parsed.error()));
  }
  for (auto& given : parse_environment(inputs.environment, errors, warnings))
    all.push_back(std::move(given));
  for (auto& given : parse_flags(inputs.flags, errors)) all.push_back(std::move(given));
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

std::expected<Loaded, Problems> load(const Inputs& inputs) {
  Problems errors;
  Loaded out;
  const auto all = gather(inputs, errors, out.warnings);
  const Profile profile = profile_of(all);
  out.settings = defaults(profile);
  out.origins.assign(keys().size(), profile == Profile::kMacronode ? "default (macronode)"
                                                                   : "default (micronode)");
  for (const Assignment& given : all) {  // layers come in rising order of precedence
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
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return out;
}

}  // namespace ron::config
