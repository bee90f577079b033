// The command line as values: what completions and man pages are made of.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ron::cli {

struct OptionInfo {
  std::vector<std::string> names;  // "-o", "--output"; empty for a positional
  std::string positional;          // "PATTERN"; empty for an option
  std::string about;
  std::string preset;                // default, as help shows it
  std::string environment;           // variable that fills it
  std::vector<std::string> choices;  // where only these are legal
  bool takes_value = false;
  bool required = false;
  bool repeats = false;

  /// "--output", or the first name there is.
  const std::string& name() const;
};

struct CommandInfo {
  std::string name;  // "bundle"
  std::string path;  // "ronctl debug bundle"
  std::string about;
  std::string group;
  std::string footer;
  std::vector<OptionInfo> options;
  std::vector<CommandInfo> commands;
};

/// Of an app that need not have been parsed.
CommandInfo command_tree(const CLI::App& app);

}  // namespace ron::cli
