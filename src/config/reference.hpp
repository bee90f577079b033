// The operator's reference of every key, generated from the table (docs/configuration.md).
#pragma once

#include <string>

namespace ron::config {

/// The whole of docs/configuration.md. A test compares the file with it; run the config tests with
/// RON_UPDATE_GOLDEN=1 to write it anew.
std::string reference_markdown();

}  // namespace ron::config
