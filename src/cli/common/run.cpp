#include "cli/common/run.hpp"

#include <CLI/CLI.hpp>

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "config/nearest.hpp"

namespace ron::cli {
namespace {

// What looked like a known name was probably meant.
std::string suggestion(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  const auto collect = [&names](const CLI::App& from) {
    for (const CLI::Option* option : from.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  };
  const CLI::App* command = &app;
  collect(app);
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    collect(*command);
  }
  if (!word.starts_with('-')) {
    names.clear();
    for (const CLI::App* each : command->get_subcommands({})) names.push_back(each->get_name());
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view near = config::nearest(word.substr(0, word.find('=')), views);
  return near.empty() ? std::string() : ", did you mean '" + std::string(near) + "'?";
}

// Where the help of the command stands that was given, as far as it was understood.
std::string help_place(const CLI::App& app, const Context& context) {
  std::string path = context.tool;
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    path += " " + command->get_name();
  }
  const bool has_commands = !command->get_subcommands([](const CLI::App*) { return true; }).empty();
  return "'" + path + " --help' lists " + (has_commands ? "commands and options" : "its options");
}

int usage_error(const CLI::App& app, const Context& context, const CLI::ParseError& error) {
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) {
    const std::string& word = extras.front();
    const bool flag = word.starts_with('-');
    tell(context.tool + ": unknown " + std::string(flag ? "option" : "command or argument") + " '" +
         word + "'" + suggestion(app, word));
  } else {
    tell(context.tool + ": " + error.what());
  }
  tell(help_place(app, context));
  return kUsage;
}

// The first signal asks the command to end in order, the second ends the process.
std::jthread watch_signals(std::stop_source& stop) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR2);  // ends this thread
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return std::jthread([set, &stop] {
    for (;;) {
      int signal = 0;
      if (sigwait(&set, &signal) != 0 || signal == SIGUSR2) return;
      if (!stop.request_stop()) ::_exit(kInterrupted);
    }
  });
}

int run_command(const CLI::App& app, const Run& run, const Context& context) {
  try {
    const int code = run();
    if (!flush_output()) return code == kOk ? kOk : code;  // the reader left: not our failure
    return code;
  } catch (const Failed& failed) {
    flush_output();
    if (context.json) {
      nlohmann::json out;
      out["error"] = failed.text;
      out["exit"] = failed.code;
      tell(out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    } else if (!(failed.code == kInterrupted && context.interrupted())) {
      tell(context.tool + ": " + failed.text);
      if (failed.code == kUsage) tell(help_place(app, context));
    }
    return context.interrupted() ? kInterrupted : failed.code;
  }
}

}  // namespace

void add_global_options(CLI::App& app, Context& context) {
  context.out_is_terminal = ::isatty(STDOUT_FILENO) != 0;
  context.err_is_terminal = ::isatty(STDERR_FILENO) != 0;
  context.color = context.out_is_terminal && std::getenv("NO_COLOR") == nullptr;
  app.add_option("--url", context.url, "Address of the node")
      ->envname("RON_NODE_URL")
      ->capture_default_str();
  app.add_option("--ca", context.ca, "CA certificate that signed the node's (PEM; for rons://)")
      ->envname("RON_CA");
  app.add_option("--cert", context.cert, "Client certificate (PEM)")->envname("RON_CERT");
  app.add_option("--key", context.key, "Its private key (PEM, mode 0600)")->envname("RON_KEY");
  app.add_option("--server-name", context.server_names,
                 "Name the node's certificate must carry (DNS:..., IP:..., URI:...; default: the "
                 "host of the url)");
  app.add_option("--pq", context.pq, "Quantum-safe key exchange: off, hybrid, require")
      ->check(CLI::IsMember({"off", "hybrid", "require"}))
      ->capture_default_str();
  app.add_option("--timeout", context.timeout_text, "For connecting and for answers (500ms, 10s)")
      ->capture_default_str();
  app.add_flag("--json", context.json, "Output for programs: one JSON object a line");
}

int run_tool(CLI::App& app, Context& context, const Run& run, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, context, error);
  }
  std::stop_source stop;
  std::jthread signals = watch_signals(stop);
  context.stop = stop.get_token();
  const int code = run_command(app, run, context);
  pthread_kill(signals.native_handle(), SIGUSR2);
  return code;
}

}  // namespace ron::cli
