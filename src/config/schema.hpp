// The key table as a JSON Schema, for editors and for tools that make configurations.
#pragma once

#include <string>

namespace ron::config {

/// Draft 2020-12, one object, ending in a newline. It describes single values; rules between keys
/// stay with load(). docs/svc-overlay.schema.json is a copy, which a test compares.
std::string json_schema();

}  // namespace ron::config
