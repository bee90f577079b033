#include "config/diff.hpp"

#include "base/check.hpp"

namespace ron::config {

std::vector<Change> differences(const Settings& before, const Settings& after) {
  std::vector<Change> out;
  for (const KeyRow& row : keys()) {
    std::string old_text = value_text(row, before);
    std::string new_text = value_text(row, after);
    if (old_text != new_text) out.push_back({&row, std::move(old_text), std::move(new_text)});
  }
  return out;
}

Settings with_live_keys(const Settings& running, const Settings& fresh) {
  Settings out = running;
  for (const Change& change : differences(running, fresh)) {
    if (change.row->reload != Reload::kLive) continue;
    Assignment given;
    given.text = change.after;
    RON_CHECK(store(*change.row, given, out).has_value());  // it was judged before
  }
  return out;
}

}  // namespace ron::config
