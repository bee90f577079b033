// The one table of configuration keys.
//
// A row drives everything: parsing, bounds, defaults for each profile, the environment names, the
// flag, the generated reference (docs/configuration.md) and whether a reload may change it. Adding
// a key is one member in settings.hpp and one row in keys.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "config/quantity.hpp"
#include "config/settings.hpp"
#include "config/source.hpp"

namespace ron::config {

enum class Type : std::uint8_t {
  kSwitch,
  kCount,
  kDuration,
  kSize,
  kText,
  kChoice,
  kListenAddress,
  kPublicAddress,
  kPath,
  kTextList,
  kCountList,
};

/// The member of Settings a row stands for. Enumerations are reached as their underlying byte
/// (unsigned char may alias anything), so that one alternative serves them all.
using Slot = std::variant<std::monostate,  // a reserved key
                          bool& (*)(Settings&), std::uint64_t& (*)(Settings&),
                          Millis& (*)(Settings&), std::string& (*)(Settings&),
                          std::uint8_t& (*)(Settings&), std::vector<std::string>& (*)(Settings&),
                          std::vector<std::uint32_t>& (*)(Settings&)>;

enum class Reload : std::uint8_t { kRestart, kLive };

/// What a key drives in this version. The reference says it, so that no key is silently idle.
enum class Effect : std::uint8_t {
  kNow,
  kLater,     // judged, but drives nothing yet; the text says when it will
  kReserved,  // belongs to a part that is not there yet: anything but the default is an error
};

/// How much of a value is shown beyond the operator's own terminal (logs, diffs, `config show`).
enum class Privacy : std::uint8_t {
  kPublic,
  kPath,      // the file name, not its directory
  kIdentity,  // how many entries
  kSecret,    // nothing; also hidden in error messages
};

struct KeyRow {
  std::string_view name;
  Type type;
  Slot slot;
  std::string_view micronode;  // default, in the spelling a file would use
  std::string_view macronode;  // equal to micronode unless the profiles differ
  std::uint64_t low = 0;       // bounds of counts, sizes (bytes) and durations (ms); list lengths
  std::uint64_t high = 0;
  std::string_view choices = {};  // "off|hybrid|require", in enumerator order
  std::string_view env = {};      // flat alias after SVC_OVERLAY_, empty if none
  std::string_view flag = {};     // "--pq", empty if none
  Reload reload = Reload::kRestart;
  Privacy privacy = Privacy::kPublic;
  Effect effect = Effect::kNow;
  std::string_view doc = {};
};

/// Every key, in the order of the reference.
std::span<const KeyRow> keys();

/// The row of a canonical name, or nullptr.
const KeyRow* find_key(std::string_view name);

/// `SVC_OVERLAY_OVERLAY__PEER__MAX_RPS` for overlay.peer.max_rps.
std::string env_name(const KeyRow& row);

inline constexpr std::string_view kEnvPrefix = "SVC_OVERLAY_";

/// Judges one value against its row and stores it. On failure `what` and `remedy` are filled and
/// nothing is stored.
std::expected<void, Problem> store(const KeyRow& row, const Assignment& given, Settings& into);

/// The value of a key as a file would spell it (strings without quotes, lists with commas).
std::string value_text(const KeyRow& row, const Settings& from);

/// value_text, with what the row's Privacy withholds left out: for logs and diffs.
std::string shown_value(const KeyRow& row, const Settings& from);

/// Takes one key's value over.
void copy_value(const KeyRow& row, const Settings& from, Settings& to);

/// "3s", "64KiB", "off|hybrid|require": what a row accepts, for messages and the reference.
std::string accepts_text(const KeyRow& row);

}  // namespace ron::config
