// ronctl debug bundle: what somebody who helps needs to know, in one file.
#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "bundle.hpp"
#include "common.hpp"
#include "moment.hpp"

namespace ron::cli {
namespace {

struct DebugBundle {
  std::string file;
  DoctorArgs doctor;
  bool with_peers = false;
};

// "ron-debug-20260131T123456Z.tar.gz"
std::string default_name() {
  std::string time = timestamp_text(now()).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return "ron-debug-" + time + "Z.tar.gz";
}

int create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) throw Failed{kFailure, "cannot make " + path + ": " + error_text(errno)};
  return fd;
}

void write_whole(int fd, const std::string& path, std::string_view bytes) {
  bool ok = true;
  while (ok && !bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    ok = wrote > 0;
    if (ok) bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  ok = ::close(fd) == 0 && ok;
  if (ok) return;
  const int error = errno;
  ::unlink(path.c_str());
  throw Failed{kFailure, "cannot write " + path + ": " + error_text(error)};
}

int run_bundle(const Context& context, const DebugBundle& args) {
  const std::string path = args.file.empty() ? default_name() : args.file;
  const Bundle bundle = collect(context, args.doctor, args.with_peers);
  const std::string bytes = archive(bundle, args.with_peers);
  write_whole(create(path), path, bytes);
  if (context.json) {
    print_json({{"file", path}, {"bytes", bytes.size()}, {"missing", bundle.missing}});
    return kOk;
  }
  print(path + "\n");
  for (const std::string& one : bundle.missing) tell("without " + one);
  return kOk;
}

}  // namespace

void add_debug(CLI::App& app, Context& context, Run& run) {
  CLI::App* debug = app.add_subcommand("debug", "For somebody who helps");
  debug->require_subcommand(1);
  auto args = std::make_shared<DebugBundle>();
  CLI::App* command =
      debug->add_subcommand("bundle", "Collect what is known about a node in one file");
  command->add_option("-o,--output", args->file,
                      "Where to (default: ron-debug-TIME.tar.gz here); never overwrites");
  command->add_option("--admin", args->doctor.admin,
                      "The node's admin listener, HOST:PORT (default: what the node says)");
  command->add_option("--config", args->doctor.config, "A configuration file for doctor to judge");
  command->add_flag("--with-addresses", args->with_peers,
                    "Leave addresses and names of peers as they are");
  command->footer(
      "Holds version, status, configuration, sessions, topics, queues, metrics, readiness, "
      "doctor's "
      "findings\nand facts of the machine. No payloads, no keys; peers are numbered, not named. "
      "Topics are\nnamed: look before you send it. At most 1 MiB a part, 16 MiB in all, mode "
      "0600.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_bundle(context, *args); }; });
}

}  // namespace ron::cli
