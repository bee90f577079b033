// Shell completions, made of the command line itself.
#pragma once

#include <string>

#include "command_tree.hpp"

namespace ron::cli {

std::string bash_completion(const CommandInfo& program);
std::string zsh_completion(const CommandInfo& program);
std::string fish_completion(const CommandInfo& program);

}  // namespace ron::cli
