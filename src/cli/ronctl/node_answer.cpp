#include "node_answer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>

namespace ron::cli {
namespace {

// Why a socket does not answer, in words that say what to do.
std::string hint(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == EACCES)
      return "; its directory is closed to you: use the service's user, or root (sudo)";
    return "; is the node running, and is its uds.path this one?";
  }
  if (!S_ISSOCK(info.st_mode)) return "; that is not a socket";
  if (::access(path.c_str(), W_OK) != 0) {
    return "; the socket belongs to user " + std::to_string(info.st_uid) +
           ": use that user, or root (sudo)";
  }
  return "; is the node running, and is user id " + std::to_string(::geteuid()) +
         " in its uds.allow_uids?";
}

}  // namespace

std::string socket_path(const Context& context) {
  std::string_view path = context.url;
  if (!path.starts_with("unix:")) {
    fail_usage("operators talk to the node's Unix socket, not to " + context.url +
               ": --url unix:/run/ron/svc-overlay.sock, or a context ('ronctl context --help')");
  }
  path.remove_prefix(5);
  if (path.starts_with("//")) path.remove_prefix(2);
  return std::string(path);
}

sdk::Client connect_operator(const Context& context, const sdk::Options& options) {
  const std::string path = socket_path(context);
  auto client = sdk::Client::connect(options);
  if (client) return std::move(*client);
  const sdk::Error& error = client.error();
  const int code = connect_exit_code(error);
  std::string text = "cannot connect to " + context.url + ": " + error.message;
  if (code == kNoConnection) text += hint(path);
  throw Failed{code, std::move(text)};
}

sdk::Client connect_operator(const Context& context) {
  sdk::Options options = options_of(context);
  options.reconnect = false;
  return connect_operator(context, options);
}

Answer ask(const Context& context, sdk::Client& client, std::string_view op,
           const ControlArgs& args) {
  Answer answer;
  answer.text = must(client.control(op, args, {context.timeout(), context.stop}));
  answer.json = Json::parse(answer.text, nullptr, false);
  if (answer.json.is_discarded())
    throw Failed{kFailure, "the node's answer to '" + std::string(op) + "' is not JSON"};
  return answer;
}

Answer ask(const Context& context, std::string_view op, const ControlArgs& args) {
  sdk::Client client = connect_operator(context);
  return ask(context, client, op, args);
}

void print_answer(const Answer& answer) {
  print(answer.text);
  if (!answer.text.ends_with('\n')) print("\n");
}

const Json& at(const Json& object, std::string_view path) {
  static const Json kNothing;
  const std::size_t dot = path.find('.');
  if (!object.is_object()) return kNothing;
  const auto member = object.find(std::string(path.substr(0, dot)));
  if (member == object.end()) return kNothing;
  return dot == std::string_view::npos ? *member : at(*member, path.substr(dot + 1));
}

std::string text_at(const Json& object, std::string_view path) {
  const Json& value = at(object, path);
  return value.is_string() ? value.get<std::string>() : std::string();
}

double number_at(const Json& object, std::string_view path) {
  const Json& value = at(object, path);
  return value.is_number() ? value.get<double>() : 0;
}

std::uint64_t count_at(const Json& object, std::string_view path) {
  const Json& value = at(object, path);
  return value.is_number_integer() && value >= 0 ? value.get<std::uint64_t>() : 0;
}

bool flag_at(const Json& object, std::string_view path) {
  const Json& value = at(object, path);
  return value.is_boolean() && value.get<bool>();
}

std::string list_at(const Json& object, std::string_view path, std::string_view separator) {
  std::string out;
  for (const Json& item : at(object, path)) {
    if (!item.is_string()) continue;
    if (!out.empty()) out += separator;
    out += item.get<std::string>();
  }
  return out;
}

bool pause(const Context& context, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, context.stop, time, [] { return false; });
  return !context.interrupted();
}

}  // namespace ron::cli
