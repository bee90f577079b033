// Other names of keys and old spellings of values (requirements C35, C36, C39, C54, C96).
//
// They fill the same keys as the canonical names, so that nothing behind this file knows of them.
// A deprecated one works and is a warning that names what to write instead.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/source.hpp"

namespace ron::config {

struct Alias {
  std::string_view name;  // of a variable in full, or of a dotted key
  std::string_view key;   // the canonical one
  std::string_view unit;  // of a bare number: "ms", "days"; "" if the value carries its own
  bool deprecated = true;
};

/// Environment variables, with and without the prefix.
std::span<const Alias> env_aliases();

/// Keys of files (and of --set).
std::span<const Alias> file_aliases();

/// The value of an alias in the spelling its key takes.
std::string aliased_value(const Alias& alias, std::string text);

/// Gives assignments of files and flags their canonical names and old values their new spelling.
void resolve_legacy(std::vector<Assignment>& all, Problems& warnings);

}  // namespace ron::config
