// JSON text to assignments, the twin of toml_text.hpp. The only place that reads JSON here.
#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "config/source.hpp"

namespace ron::config {

/// True for a file that is JSON by its name or, since no TOML starts so, by its first character.
bool looks_like_json(std::string_view text, std::string_view file_name);

/// Flattens objects into dotted names, in file order, each with "file:line". Text that is not JSON,
/// over kMaxFileBytes, nested beyond kMaxNesting or with a name over kMaxNameBytes gives one
/// Problem with its place.
std::expected<std::vector<Assignment>, Problem> parse_json(std::string_view text,
                                                           std::string_view file_name);

}  // namespace ron::config
