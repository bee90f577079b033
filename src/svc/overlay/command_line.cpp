#include "svc/overlay/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <list>

#include "config/nearest.hpp"
#include "crypto/library.hpp"
#include "svc/overlay/exit_codes.hpp"
#include "version.hpp"

namespace ron::svc {
namespace {

constexpr const char* kDescription =
    "svc-overlay: a node that carries topics between its sessions (OAP/1) over quantum-safe TLS.\n"
    "Without arguments it serves 127.0.0.1:9500, with its admin endpoints on 127.0.0.1:9600.";

constexpr const char* kFooter =
    "Every key can also be set in a TOML or JSON file and in the environment:\n"
    "docs/configuration.md. `ronctl config` judges, shows and compares files.\n"
    "Flags win over the environment, that over the file, that over the profile's defaults.\n\n"
    "Signals: TERM and INT drain and end (a second one ends at once), HUP reloads.\n\n"
    "Exit codes: 0 ended in order; 1 a fault while running; 2 wrong command line;\n"
    "  69 a listener could not be opened; 78 wrong configuration; 130, 143 ended by a second "
    "signal.\n\n"
    "Examples:\n"
    "  svc-overlay --bind 127.0.0.1:0 --metrics 127.0.0.1:0     any free ports\n"
    "  svc-overlay --config /etc/ron/svc-overlay.toml --check   judge a configuration\n"
    "  svc-overlay --profile macronode --bind 0.0.0.0:9500 --tls --tls-cert node.crt \\\n"
    "    --tls-key node.key --tls-client-ca ca.crt --tls-require-client-cert";

// A flag and where its text goes; lists keep addresses stable for CLI11.
struct Given {
  const config::KeyRow* row;
  std::string text;
  CLI::Option* option = nullptr;
};

std::string help_of(const config::KeyRow& row) {
  std::string doc(row.doc.substr(0, row.doc.find(". ")));
  if (doc.ends_with('.')) doc.pop_back();
  if (row.effect == config::Effect::kReserved) return doc + " (not supported by this version)";
  if (row.effect == config::Effect::kLater) doc += " (no effect yet)";
  doc += " [" + std::string(row.micronode);
  if (row.macronode != row.micronode && row.name != "profile")
    doc += "; macronode " + std::string(row.macronode);
  return doc + "]";
}

std::string value_name(const config::KeyRow& row) {
  switch (row.type) {
    case config::Type::kSwitch: return "BOOL";
    case config::Type::kCount: return "NUMBER";
    case config::Type::kDuration: return "DURATION";
    case config::Type::kSize: return "SIZE";
    case config::Type::kChoice: return std::string(row.choices);
    case config::Type::kListenAddress:
    case config::Type::kPublicAddress: return "HOST:PORT";
    case config::Type::kPath: return "PATH";
    default: return "TEXT";
  }
}

void add_key_flags(CLI::App& app, std::list<Given>& given) {
  for (const config::KeyRow& row : config::keys()) {
    if (row.flag.empty()) continue;
    Given& one = given.emplace_back();
    one.row = &row;
    one.option = app.add_option(std::string(row.flag), one.text, help_of(row));
    one.option->type_name(value_name(row));
    if (row.type == config::Type::kSwitch) one.option->expected(0, 1);  // --tls means --tls true
    one.option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

UsageError unknown(const CLI::App& app, const std::string& argument) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string flag = argument.substr(0, argument.find('='));
  const std::string_view near = config::nearest(flag, views);
  std::string text = "unknown argument: " + argument + "\n";
  if (!near.empty()) text += "did you mean " + std::string(near) + "?\n";
  return {text + "`svc-overlay --help` lists every flag\n"};
}

}  // namespace

std::vector<std::string> features() {
  std::vector<std::string> out = {"oap1", "tcp", "tls", "uds", "zstd"};
  if (crypto::hybrid_available()) out.emplace_back("x25519mlkem768");
  return out;
}

std::string version_text() {
  std::string list;
  for (const auto& feature : features()) list += ' ' + feature;
  return std::string("svc-overlay ") + kVersion + " (" + kGitHash + ", " + kBuildDate + ")\n" +
         crypto::library_version() + "\nfeatures:" + list + "\n";
}

std::expected<CommandLine, UsageError> parse_command_line(
    const std::vector<std::string>& arguments) {
  CLI::App app(kDescription, "svc-overlay");
  app.footer(kFooter);
  app.allow_extras();
  app.set_help_flag();  // printed here, so that every way out is in one place
  CommandLine out;
  std::list<Given> given;
  std::vector<std::string> sets;
  bool check = false, version = false, help = false;
  app.add_option(
         "--config", out.config_path,
         "Configuration file (else RON_CONFIG, ./svc-overlay.toml, /etc/ron/svc-overlay.toml)")
      ->type_name("PATH");
  add_key_flags(app, given);
  app.add_option("--set", sets, "Set any key; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--check", check, "Judge the configuration, print what would hold, and end");
  app.add_flag("--version", version, "Print version, commit, TLS library and features");
  app.add_flag("-h,--help", help, "Print this");
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return std::unexpected(
        UsageError{std::string(error.what()) + "\n`svc-overlay --help` lists every flag\n"});
  }
  if (const auto extras = app.remaining(); !extras.empty() && !help)
    return std::unexpected(unknown(app, extras.front()));
  for (const Given& one : given)
    if (one.option->count() > 0)
      out.flags.push_back(
          {std::string(one.row->flag),
           one.row->type == config::Type::kSwitch && one.text.empty() ? "true" : one.text});
  for (auto& text : sets) out.flags.push_back({"--set", std::move(text)});
  if (check) out.action = CommandLine::Action::kCheck;
  if (version) out.action = CommandLine::Action::kVersion;
  if (help) {
    out.action = CommandLine::Action::kHelp;
    out.help = app.help();
  }
  return out;
}

}  // namespace ron::svc
