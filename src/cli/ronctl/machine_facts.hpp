// Kernel, system and limits of this machine as text, without its name, users or environment.
#pragma once

#include <string>

namespace ron::cli {

std::string machine_facts();

}  // namespace ron::cli
