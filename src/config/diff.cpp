#include "config/diff.hpp"

#include "config/load.hpp"
#include "config/rules.hpp"

namespace ron::config {
namespace {

// Values that differ only where Privacy hides it still are a change.
std::string marked(const std::string& shown, bool same) {
  return same ? shown + " (changed)" : shown;
}

void append(std::vector<std::string>& out, const char* what, const std::vector<Change>& changes) {
  for (const Change& change : changes)
    out.push_back(std::string(what) + ": " + std::string(change.row->name) + ": " + change.before +
                  " -> " + change.after);
}

}  // namespace

std::vector<Change> differences(const Settings& before, const Settings& after) {
  std::vector<Change> out;
  for (const KeyRow& row : keys()) {
    if (value_text(row, before) == value_text(row, after)) continue;
    std::string old_text = shown_value(row, before);
    const std::string new_text = shown_value(row, after);
    const bool same = old_text == new_text;
    out.push_back({&row, std::move(old_text), marked(new_text, same)});
  }
  return out;
}

ReloadPlan plan_reload(const Settings& running, const Settings& fresh) {
  ReloadPlan out;
  out.next = running;
  for (Change& change : differences(running, fresh)) {
    const bool live = change.row->reload == Reload::kLive;
    if (live) copy_value(*change.row, fresh, out.next);
    (live ? out.live : out.restart).push_back(std::move(change));
  }
  Loaded merged{.settings = out.next, .warnings = {}, .origins = {}};
  merged.origins.assign(keys().size(), "reload");
  check_rules(merged, out.errors);
  return out;
}

std::vector<std::string> ReloadPlan::lines() const {
  std::vector<std::string> out;
  append(out, "live", live);
  append(out, "restart", restart);
  return out;
}

}  // namespace ron::config
