#include "config/environment.hpp"

#include <algorithm>

#include "config/keys.hpp"
#include "config/legacy.hpp"
#include "config/nearest.hpp"

namespace ron::config {
namespace {

constexpr std::string_view kSeeReference = "see docs/configuration.md for the names there are";

const KeyRow* by_env(std::string_view name) {
  const auto rows = keys();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const KeyRow& r) {
    if (env_name(r) == name) return true;
    return !r.env.empty() && name.starts_with(kEnvPrefix) &&
           name.substr(kEnvPrefix.size()) == r.env;
  });
  return row == rows.end() ? nullptr : &*row;
}

const Alias* alias_of(std::string_view name) {
  const auto rows = env_aliases();
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Alias& a) { return a.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

Problem unknown_variable(const std::string& name, const std::string& value) {
  std::vector<std::string> names;
  for (const KeyRow& row : keys()) {
    names.push_back(env_name(row));
    if (!row.env.empty()) names.push_back(std::string(kEnvPrefix) + std::string(row.env));
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  return {.key = name,
          .value = value,
          .source = "environment",
          .what = "no such setting",
          .remedy = suggestion(name, views, kSeeReference)};
}

Assignment from_text(std::string_view key, std::string text, Layer layer, std::string source) {
  return {.key = std::string(key),
          .text = std::move(text),
          .items = {},
          .form = Form::kAnyText,
          .layer = layer,
          .source = std::move(source)};
}

Problem deprecated(const Alias& alias, const std::string& value) {
  return {.key = std::string(alias.name),
          .value = value,
          .source = "environment",
          .what = "is deprecated",
          .remedy = "use " + env_name(*find_key(alias.key)) + " instead"};
}

std::vector<std::string_view> flag_names() {
  std::vector<std::string_view> out;
  for (const KeyRow& row : keys())
    if (!row.flag.empty()) out.push_back(row.flag);
  return out;
}

}  // namespace

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known,
                       std::string_view fallback) {
  const std::string_view near = nearest(name, known);
  return near.empty() ? std::string(fallback) : "did you mean " + std::string(near) + "?";
}

std::vector<Assignment> parse_environment(
    const std::vector<std::pair<std::string, std::string>>& environment, Problems& errors,
    Problems& warnings) {
  std::vector<Assignment> out;
  for (const auto& [name, value] : environment) {
    if (const Alias* alias = alias_of(name)) {
      out.push_back(
          from_text(alias->key, aliased_value(*alias, value), Layer::kEnv, "environment " + name));
      if (alias->deprecated) warnings.push_back(deprecated(*alias, value));
      continue;
    }
    if (!name.starts_with(kEnvPrefix)) continue;
    if (const KeyRow* row = by_env(name))
      out.push_back(from_text(row->name, value, Layer::kEnv, "environment " + name));
    else
      errors.push_back(unknown_variable(name, value));
  }
  return out;
}

std::vector<Assignment> parse_flags(const std::vector<FlagValue>& flags, Problems& errors) {
  std::vector<Assignment> out;
  for (const auto& [flag, value] : flags) {
    if (flag == "--set") {
      const std::size_t equals = value.find('=');
      if (equals == std::string::npos)
        errors.push_back({.key = flag,
                          .value = value,
                          .source = "flag --set",
                          .what = "has no =",
                          .remedy = "write --set overlay.peer.max_rps=500"});
      else
        out.push_back(from_text(value.substr(0, equals), value.substr(equals + 1), Layer::kFlag,
                                "flag --set"));
      continue;
    }
    const auto rows = keys();
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const KeyRow& r) { return r.flag == flag; });
    if (row == rows.end() || flag.empty())
      errors.push_back({.key = flag,
                        .value = value,
                        .source = "flag",
                        .what = "no such flag",
                        .remedy = suggestion(flag, flag_names(), "see --help")});
    else
      out.push_back(from_text(row->name, value, Layer::kFlag, "flag " + flag));
  }
  return out;
}

}  // namespace ron::config
