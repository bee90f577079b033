#include "options.hpp"

#include <functional>
#include <map>

#include "common.hpp"

namespace ron::peers {
namespace {

using Setters = std::map<std::string, std::function<void(const std::string&)>>;

Setters setters(Options& o) {
  const auto number = [](auto& field) {
    return [&field](const std::string& text) {
      field = static_cast<std::remove_reference_t<decltype(field)>>(std::stod(text));
    };
  };
  const auto word = [](std::string& field) {
    return [&field](const std::string& text) { field = text; };
  };
  return {
      {"--codec", word(o.codec)},
      {"--host", word(o.host)},
      {"--uds", word(o.uds)},
      {"--groups", word(o.groups)},
      {"--port", number(o.port)},
      {"--pub-port", number(o.pub_port)},
      {"--pid", number(o.pid)},
      {"--tls", number(o.tls)},
      {"--pubs", number(o.pubs)},
      {"--subs", number(o.subs)},
      {"--topics", number(o.topics)},
      {"--idle", number(o.idle)},
      {"--shuffle", number(o.shuffle)},
      {"--wild", number(o.wild)},
      {"--rare", number(o.rare)},
      {"--stalled", number(o.stalled)},
      {"--lag-bytes", number(o.lag_bytes)},
      {"--size", number(o.size)},
      {"--window", number(o.window)},
      {"--min-window", number(o.min_window)},
      {"--max-msgs", number(o.max_msgs)},
      {"--warm", number(o.warm)},
      {"--secs", number(o.secs)},
      {"--rate", number(o.rate)},
      {"--connect-at-once", number(o.connect_at_once)},
  };
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  const Setters known = setters(options);
  for (int i = 1; i < argc; i += 2) {
    const auto found = known.find(argv[i]);
    if (found == known.end()) die(std::string("unknown option ") + argv[i]);
    if (i + 1 == argc) die(std::string("no value for ") + argv[i]);
    found->second(argv[i + 1]);
  }
  if (options.secs > 60 || options.warm > 30) die("a run is bounded: 60 s, 30 s to warm up");
  if (options.size < 8) die("a payload holds a time stamp: at least 8 bytes");
  if (options.rare > 0 && options.topics != 2) die("--rare needs two topics");
  return options;
}

}  // namespace ron::peers
