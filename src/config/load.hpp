// Text in, validated Settings or the list of all errors out.
//
// Precedence: flags > environment > file > defaults of the profile. Every value given anywhere is
// judged, also one that a higher layer overrides: a wrong line in a file does not wait for the day
// the flag goes away. Nothing is read here; the daemon passes the texts in.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/keys.hpp"
#include "config/settings.hpp"
#include "config/source.hpp"

namespace ron::config {

struct HostFacts;

struct FileText {
  std::string name;  // as it shall appear in messages
  std::string text;
};

/// A flag that fills a key ("--bind", "0.0.0.0:9500"). `--set` takes "key=value".
struct FlagValue {
  std::string flag;
  std::string value;
};

struct Inputs {
  std::optional<FileText> file;
  std::vector<std::pair<std::string, std::string>> environment;  // the process's, unfiltered
  std::vector<FlagValue> flags;
};

struct Loaded {
  Settings settings;
  Problems warnings;
  std::vector<std::string> origins;  // by row of keys(): where the value came from
};

/// All errors at once (at most 200), in the order file, environment, flags, rules between keys. The
/// file is TOML, or JSON by its name or its first character.
/// With facts about the machine (config/rules.hpp) its complaints stand beside those of the text.
std::expected<Loaded, Problems> load(const Inputs& inputs, const HostFacts* host = nullptr);

/// The defaults of a profile, which are valid by test.
Settings defaults(Profile profile);

}  // namespace ron::config
