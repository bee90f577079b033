// Asking a node for an operator: connecting over its Unix socket, and reading its JSON
// (docs/control.md).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/common/tool.hpp"

namespace ron::cli {

using Json = nlohmann::json;
using ControlArgs = std::vector<std::pair<std::string, std::string>>;

/// What the node said, as it said it and parsed.
struct Answer {
  std::string text;
  Json json;
};

/// Where the context's Unix socket is; throws Failed with what to do when its url is another kind.
std::string socket_path(const Context& context);

/// A client over the node's Unix socket; throws Failed that names what stands in the way.
sdk::Client connect_operator(const Context& context, const sdk::Options& options);
sdk::Client connect_operator(const Context& context);

/// One control operation; throws Failed.
Answer ask(const Context& context, sdk::Client& client, std::string_view op,
           const ControlArgs& args = {});
/// The same on a connection of its own.
Answer ask(const Context& context, std::string_view op, const ControlArgs& args = {});

/// Prints the node's JSON as it is, on a line of its own.
void print_answer(const Answer& answer);

// A member by its dotted path ("totals.sessions"). What is absent or of another type is empty or 0:
// an older node is no reason to fail.
const Json& at(const Json& object, std::string_view path);
std::string text_at(const Json& object, std::string_view path);
double number_at(const Json& object, std::string_view path);
std::uint64_t count_at(const Json& object, std::string_view path);
bool flag_at(const Json& object, std::string_view path);
/// The strings of an array, joined.
std::string list_at(const Json& object, std::string_view path, std::string_view separator = ", ");

/// Waits; false when the command was interrupted before the time was over.
bool pause(const Context& context, std::chrono::milliseconds time);

}  // namespace ron::cli
