// ronctl reply: answers requests with a text, with what came, or by a command.
#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "common.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): not declared by every libc

namespace ron::cli {
namespace {

struct Reply {
  std::string topic;
  std::string text;
  std::string exec;
  std::string group;
  bool echo = false;
  std::uint64_t count = 0;
};

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) {
      read = ends[0];
      write = ends[1];
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_read();
    close_write();
  }
  void close_read() { close(read); }
  void close_write() { close(write); }

 private:
  static void close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

// Feeds `input` to the command and collects its output, both at once so that neither blocks.
std::string talk(Pipe& in, Pipe& out, std::string_view input, std::size_t most) {
  std::string output;
  ::fcntl(in.write, F_SETFL, O_NONBLOCK);
  while (out.read >= 0) {
    std::array<pollfd, 2> fds{{{out.read, POLLIN, 0}, {in.write, POLLOUT, 0}}};
    if (::poll(fds.data(), in.write >= 0 ? 2 : 1, -1) < 0) break;
    if (in.write >= 0 && fds[1].revents != 0) {
      const ssize_t sent = ::write(in.write, input.data(), input.size());
      if (sent > 0) input.remove_prefix(static_cast<std::size_t>(sent));
      if (input.empty() || (sent < 0 && errno != EAGAIN)) in.close_write();
    }
    if (fds[0].revents == 0) continue;
    std::array<char, 16 * 1024> block{};
    const ssize_t got = ::read(out.read, block.data(), block.size());
    if (got <= 0) break;
    if (output.size() < most) output.append(block.data(), static_cast<std::size_t>(got));
  }
  return output;
}

std::optional<std::string> run_shell(const std::string& command, std::string_view input,
                                     const std::string& topic) {
  Pipe in;
  Pipe out;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::setenv("RON_TOPIC", topic.c_str(), 1);
  std::array<std::string, 3> words{"sh", "-c", command};
  std::array<char*, 4> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return std::nullopt;
  in.close_read();
  out.close_write();
  std::string output = talk(in, out, input, 1U << 20U);
  in.close_write();
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return output;
}

int run_reply(const Context& context, const Reply& args) {
  const int ways = (args.echo ? 1 : 0) + (args.exec.empty() ? 0 : 1) + (args.text.empty() ? 0 : 1);
  if (ways != 1) fail_usage("give exactly one of TEXT, --exec COMMAND, --echo");
  auto client = connect(context, {}, true);
  sdk::SubscribeOptions options;
  options.group = args.group;
  auto queue = must(client.subscribe({args.topic}, options, {context.timeout(), context.stop}));
  if (context.err_is_terminal) tell("answering on " + args.topic + ", Ctrl-C ends");
  for (std::uint64_t answered = 0; args.count == 0 || answered < args.count;) {
    auto request = queue.pop({1h, context.stop});
    if (!request && request.error().code == sdk::ErrorCode::kTimeout) continue;
    if (!request && request.error().code == sdk::ErrorCode::kCancelled) return kInterrupted;
    const sdk::Message message = must(std::move(request));
    if (message.reply.empty()) continue;
    std::optional<std::string> answer = args.echo ? message.data : args.text;
    if (!args.exec.empty()) answer = run_shell(args.exec, message.data, message.topic);
    if (!answer) {
      tell("the command failed; no answer was sent");
      continue;
    }
    sdk::PublishOptions to;
    to.tenant = message.tenant;
    if (const auto sent = client.publish(message.reply, *answer, to, {context.timeout(), {}});
        !sent) {
      tell("no answer was sent: " + sent.error().message);
      continue;
    }
    ++answered;
  }
  return kOk;
}

}  // namespace

void add_reply(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Reply>();
  CLI::App* command = app.add_subcommand("reply", "Answer requests");
  command->add_option("TOPIC", args->topic, "Topic or pattern to answer on")->required();
  command->add_option("TEXT", args->text, "Always the same answer");
  command->add_option("--exec", args->exec,
                      "Run by sh for each request: it is its input, the output is the answer; "
                      "RON_TOPIC holds the topic");
  command->add_flag("--echo", args->echo, "Answer with the request");
  command->add_option("--group", args->group, "Share the requests with the members of a group");
  command->add_option("--count", args->count, "End after so many answers");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_reply(context, *args); }; });
}

}  // namespace ron::cli
