#include "completion.hpp"

#include <functional>

namespace ron::cli {
namespace {

using Visit = std::function<void(const CommandInfo&)>;

void walk(const CommandInfo& command, const Visit& visit) {
  visit(command);
  for (const CommandInfo& one : command.commands) walk(one, visit);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// For single quotes; one line.
std::string quoted(const std::string& text) {
  return "'" + replaced(replaced(text, "'", "'\\''"), "\n", " ") + "'";
}

// "ronctl debug bundle" as a part of a function's name.
std::string identifier(const std::string& path) {
  return replaced(replaced(path, " ", "_"), "-", "_");
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// Options of the program hold for every command.
std::vector<OptionInfo> options_at(const CommandInfo& program, const CommandInfo& command) {
  std::vector<OptionInfo> out = command.options;
  if (&program != &command) {
    for (const OptionInfo& option : program.options)
      if (option.name() != "--help") out.push_back(option);
  }
  return out;
}

// ---- bash ---------------------------------------------------------------------------------------

std::string bash_words(const CommandInfo& program, const CommandInfo& command) {
  std::vector<std::string> words;
  for (const CommandInfo& one : command.commands) words.push_back(one.name);
  for (const OptionInfo& option : options_at(program, command)) {
    words.insert(words.end(), option.names.begin(), option.names.end());
    if (option.names.empty())
      words.insert(words.end(), option.choices.begin(), option.choices.end());
  }
  return joined(words);
}

void bash_values(std::string& out, const CommandInfo& command) {
  for (const OptionInfo& option : command.options) {
    if (!option.takes_value || option.names.empty()) continue;
    for (const std::string& name : option.names) {
      out += "    " + quoted(command.path + " " + name) + ") ";
      out += option.choices.empty() ? "files=1" : "words=" + quoted(joined(option.choices));
      out += "; value=1 ;;\n";
    }
  }
}

// ---- zsh ----------------------------------------------------------------------------------------

// In a specification of _arguments ':' and brackets mean something.
std::string zsh_text(std::string text) {
  for (const char* c : {"\\", ":", "[", "]"}) text = replaced(text, c, std::string("\\") + c);
  return text;
}

std::string zsh_action(const OptionInfo& option) {
  return option.choices.empty() ? "_files" : "(" + joined(option.choices) + ")";
}

std::string zsh_specification(const OptionInfo& option) {
  if (option.names.empty()) {
    const std::string begin = option.repeats ? "*:" : option.required ? ":" : "::";
    return quoted(begin + zsh_text(option.positional) + ":" + zsh_action(option));
  }
  std::string out;
  for (const std::string& name : option.names) {
    if (!out.empty()) out += " \\\n    ";
    out += quoted((option.repeats ? "*" : "") + name + "[" + zsh_text(option.about) + "]" +
                  (option.takes_value ? ":value:" + zsh_action(option) : ""));
  }
  return out;
}

void zsh_function(std::string& out, const CommandInfo& program, const CommandInfo& command) {
  out += "_" + identifier(command.path) + "() {\n  local curcontext=$curcontext state line\n";
  out += "  _arguments -C";
  for (const OptionInfo& option : options_at(program, command))
    out += " \\\n    " + zsh_specification(option);
  if (command.commands.empty()) {
    out += "\n}\n\n";
    return;
  }
  out += " \\\n    '1: :->command' \\\n    '*:: :->arguments'\n  case $state in\n  command)\n";
  out += "    local -a commands=(\n";
  for (const CommandInfo& one : command.commands)
    out += "      " + quoted(one.name + ":" + replaced(one.about, ":", "\\:")) + "\n";
  out += "    )\n    _describe command commands\n    ;;\n  arguments)\n    case $line[1] in\n";
  for (const CommandInfo& one : command.commands)
    out += "    " + one.name + ") _" + identifier(one.path) + " ;;\n";
  out += "    esac\n    ;;\n  esac\n}\n\n";
}

// ---- fish ---------------------------------------------------------------------------------------

// True where exactly this command has been typed so far.
std::string fish_condition(const CommandInfo& command) {
  return "__ronctl_at " + quoted(command.path);
}

void fish_option(std::string& out, const std::string& when, const OptionInfo& option) {
  if (option.names.empty()) {
    if (!option.choices.empty())
      out += "complete -c ronctl -f -n " + quoted(when) + " -a " + quoted(joined(option.choices)) +
             "\n";
    return;
  }
  out += "complete -c ronctl";
  if (!when.empty()) out += " -n " + quoted(when);
  for (const std::string& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.takes_value) {
    out += option.choices.empty() ? " -r -F" : " -x -a " + quoted(joined(option.choices));
  }
  out += " -d " + quoted(option.about) + "\n";
}

std::string fish_value_options(const CommandInfo& program) {
  std::vector<std::string> names;
  walk(program, [&names](const CommandInfo& command) {
    for (const OptionInfo& option : command.options)
      if (option.takes_value) names.insert(names.end(), option.names.begin(), option.names.end());
  });
  return joined(names);
}

}  // namespace

std::string bash_completion(const CommandInfo& program) {
  std::string commands, words, values;
  walk(program, [&](const CommandInfo& command) {
    if (&command != &program) commands += (commands.empty() ? "" : "|") + quoted(command.path);
    words +=
        "    " + quoted(command.path) + ") words=" + quoted(bash_words(program, command)) + " ;;\n";
    bash_values(values, command);
  });
  return "# bash completion of ronctl: made by 'ronctl completion bash'.\n"
         "_ronctl() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "  local path=ronctl words='' files='' value='' i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$path ${COMP_WORDS[i]}\" in\n"
         "    " +
         commands +
         ") path=\"$path ${COMP_WORDS[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  local at\n"
         "  for at in \"$path\" ronctl; do\n"
         "    [[ -n $value ]] && break\n"
         "    case \"$at $before\" in\n" +
         values +
         "    esac\n"
         "  done\n"
         "  if [[ -z $value ]]; then\n"
         "    case \"$path\" in\n" +
         words +
         "    esac\n"
         "  fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "  if [[ -n $files || ${#COMPREPLY[@]} -eq 0 ]]; then\n"
         "    compopt -o default 2>/dev/null\n"
         "  fi\n"
         "}\n"
         "complete -F _ronctl ronctl\n";
}

std::string zsh_completion(const CommandInfo& program) {
  std::string out = "#compdef ronctl\n# Made by 'ronctl completion zsh'.\n\n";
  walk(program, [&](const CommandInfo& command) { zsh_function(out, program, command); });
  return out +
         "if [ \"$funcstack[1]\" = _ronctl ]; then\n  _ronctl \"$@\"\nelse\n"
         "  compdef _ronctl ronctl\nfi\n";
}

std::string fish_completion(const CommandInfo& program) {
  std::string out =
      "# Made by 'ronctl completion fish'.\n"
      "function __ronctl_at\n"
      "  set -l path\n"
      "  set -l skip 0\n"
      "  for word in (commandline -opc)\n"
      "    if test $skip = 1\n"
      "      set skip 0\n"
      "    else if contains -- $word " +
      fish_value_options(program) +
      "\n"
      "      set skip 1\n"
      "    else if not string match -q -- '-*' $word\n"
      "      set -a path $word\n"
      "    end\n"
      "  end\n"
      "  test \"$path\" = \"$argv[1]\"\n"
      "end\n";
  for (const OptionInfo& option : program.options) fish_option(out, {}, option);
  walk(program, [&](const CommandInfo& command) {
    for (const CommandInfo& one : command.commands) {
      out += "complete -c ronctl -f -n " + quoted(fish_condition(command)) + " -a " +
             quoted(one.name) + " -d " + quoted(one.about) + "\n";
    }
    if (&command == &program) return;
    for (const OptionInfo& option : command.options)
      fish_option(out, fish_condition(command), option);
  });
  return out;
}

}  // namespace ron::cli
