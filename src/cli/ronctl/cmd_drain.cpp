// ronctl drain: the node says goodbye to its sessions, delivers what is queued, and ends.
#include <CLI/CLI.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "common.hpp"
#include "net_address.hpp"
#include "node_answer.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

struct Drain {
  std::string deadline;
  bool wait = false;
};

// The process that listens on a socket, as a descriptor that becomes readable when it has ended; -1
// where the kernel does not tell (another process namespace).
int process_at(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path) return -1;
  std::memcpy(to.sun_path, path.c_str(), path.size() + 1);
  const OwnedFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return -1;
  ucred process{};
  socklen_t size = sizeof process;
  if (::connect(socket.value(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
      ::getsockopt(socket.value(), SOL_SOCKET, SO_PEERCRED, &process, &size) != 0 ||
      process.pid <= 0) {
    return -1;
  }
  return static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0));
}

// Without a process to watch, the socket's file is what shows that the node has gone.
bool gone(const OwnedFd& process, const std::string& path) {
  if (process.value() < 0) return ::access(path.c_str(), F_OK) != 0;
  pollfd poll{.fd = process.value(), .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 0) > 0;
}

int run_drain(const Context& context, const Drain& args) {
  const std::string path = socket_path(context);
  ControlArgs control;
  if (!args.deadline.empty()) control.emplace_back("deadline", args.deadline);
  const OwnedFd process(args.wait ? process_at(path) : -1);
  const Answer answer = ask(context, "drain", control);
  const Milliseconds deadline(count_at(answer.json, "deadline_ms"));
  if (context.json) {
    print_answer(answer);
  } else {
    print("draining; what is left after " +
          age_text(std::chrono::duration<double>(deadline).count()) + " is cut off\n");
  }
  flush_output();
  if (!args.wait) return kOk;
  const auto until = std::chrono::steady_clock::now() + deadline + context.timeout();
  while (!gone(process, path)) {
    if (std::chrono::steady_clock::now() >= until)
      throw Failed{kTimeout, "the node has not ended: its log says why"};
    if (!pause(context, 50ms)) return kInterrupted;
  }
  if (!context.json) print("the node has ended\n");
  return kOk;
}

}  // namespace

void add_drain(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Drain>();
  CLI::App* command =
      app.add_subcommand("drain", "Let the node say goodbye, deliver what is queued, and end");
  command->add_option("--deadline", args->deadline,
                      "When what is left is cut off (100ms to 5m; default: drain_deadline)");
  command->add_flag("--wait", args->wait,
                    "Return when the node has ended; code 5 if it has not, --timeout after the "
                    "deadline");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_drain(context, *args); }; });
}

}  // namespace ron::cli
