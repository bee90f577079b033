// ronctl request: asks and prints the first answer.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "format.hpp"

namespace ron::cli {
namespace {

struct Request {
  std::string topic;
  std::string what;
};

int run_request(const Context& context, const Request& args) {
  const bool input = args.what == "-" || args.what.starts_with('@');
  const std::string data =
      input ? read_all(args.what == "-" ? "-" : args.what.substr(1)) : args.what;
  auto client = connect(context);
  const sdk::Message answer =
      must(client.request(args.topic, data, {}, {context.timeout(), context.stop}));
  FormatOptions format;
  format.format = context.json ? Format::kJson : Format::kRaw;
  std::string text = format_message(answer, format);
  if (context.out_is_terminal && !context.json) {
    text = escaped(answer.data);
    text += '\n';
  }
  print(text);
  return kOk;
}

}  // namespace

void add_request(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Request>();
  CLI::App* command = app.add_subcommand("request", "Ask, and print the first answer");
  command->add_option("TOPIC", args->topic, "Whom to ask")->required();
  command->add_option("DATA", args->what, "A text, @FILE, or - for standard input");
  command->footer(
      "Ends with code 6 when nobody is subscribed to the topic, with 5 when nobody "
      "answers in time.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_request(context, *args); }; });
}

}  // namespace ron::cli
