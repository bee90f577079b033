#include "config/schema.hpp"

#include <nlohmann/json.hpp>

#include "config/keys.hpp"
#include "config/legacy.hpp"
#include "config/peer.hpp"

namespace ron::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDurationPattern = "^ *[0-9](_?[0-9])* *(ms|s|m|h) *$";
constexpr const char* kSizePattern = "^ *[0-9](_?[0-9])* *(B|KiB|MiB|GiB)? *$";

bool is_list(const KeyRow& row) {
  return row.type == Type::kTextList || row.type == Type::kCountList;
}

Json choices_of(const KeyRow& row) {
  Json out = Json::array();
  std::string_view rest = row.choices;
  while (true) {
    const std::size_t end = rest.find('|');
    out.push_back(std::string(rest.substr(0, end)));
    if (end == std::string_view::npos) return out;
    rest.remove_prefix(end + 1);
  }
}

// A default as a file spells it, which for lists is the empty one.
Json default_of(const KeyRow& row, std::string_view text) {
  if (is_list(row)) return Json::array();
  if (row.type == Type::kSwitch) return text == "true";
  if (row.type == Type::kCount) return parse_count(text).value_or(0);
  return std::string(text);
}

Json item_of(const KeyRow& row) {
  const Json text = {{"type", "string"}};
  if (row.name != kPeersKey) return text;
  const Json table = {{"type", "object"},
                      {"additionalProperties", false},
                      {"properties", {{"addr", text}, {"id", text}}},
                      {"required", Json::array({"addr"})}};
  return {{"anyOf", Json::array({text, table})}};
}

Json kind_of(const KeyRow& row) {
  switch (row.type) {
    case Type::kSwitch: return {{"type", "boolean"}};
    case Type::kCount: return {{"type", "integer"}, {"minimum", row.low}, {"maximum", row.high}};
    case Type::kDuration: return {{"type", "string"}, {"pattern", kDurationPattern}};
    case Type::kSize:
      return {{"type", Json::array({"string", "integer"})},
              {"pattern", kSizePattern},
              {"minimum", row.low},
              {"maximum", row.high}};
    case Type::kChoice: return {{"type", "string"}, {"enum", choices_of(row)}};
    case Type::kTextList:
      return {{"type", "array"}, {"items", item_of(row)}, {"maxItems", row.high}};
    case Type::kCountList:
      return {{"type", "array"},
              {"items", {{"type", "integer"}, {"minimum", 0}}},
              {"maxItems", row.high}};
    default: break;
  }
  Json out = {{"type", "string"}};
  if (row.low != 0) out["minLength"] = row.low;
  if (row.high != 0) out["maxLength"] = row.high;
  return out;
}

Json property_of(const KeyRow& row) {
  Json out = {{"description", std::string(row.doc)}};
  if (row.effect == Effect::kReserved) {
    out["description"] =
        "Not supported by this version, only the default is. " + std::string(row.doc);
    out["const"] = default_of(row, row.micronode);
    return out;
  }
  out.update(kind_of(row));
  out["default"] = default_of(row, row.micronode);
  if (row.micronode != row.macronode && row.name != "profile")
    out["x-default-macronode"] = default_of(row, row.macronode);
  out["x-reload"] = row.reload == Reload::kLive ? "live" : "restart";
  out["x-env"] = env_name(row);
  return out;
}

// "overlay.peer.max_rps" becomes properties of objects of objects.
void put(Json& root, std::string_view name, Json property) {
  Json* at = &root;
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    Json& table = (*at)["properties"][std::string(name.substr(0, dot))];
    if (table.is_null())
      table = {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
    at = &table;
    name.remove_prefix(dot + 1);
  }
  (*at)["properties"][std::string(name)] = std::move(property);
}

}  // namespace

std::string json_schema() {
  Json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
               {"title", "Configuration of svc-overlay"},
               {"description",
                "Generated from the key table in src/config/keys.cpp; rules between keys are in "
                "docs/configuration.md."},
               {"type", "object"},
               {"additionalProperties", false},
               {"properties", Json::object()}};
  for (const KeyRow& row : keys()) put(root, row.name, property_of(row));
  for (const Alias& alias : file_aliases())
    put(root, alias.name,
        {{"description", "Another name of " + std::string(alias.key) + "."},
         {"deprecated", alias.deprecated}});
  for (const char* name : {"pq_hybrid", "pq_only"})
    put(root, name,
        {{"description", "Another way to write overlay.pq_mode."},
         {"type", "boolean"},
         {"deprecated", true}});
  return root.dump(2) + "\n";
}

}  // namespace ron::config
