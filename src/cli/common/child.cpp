#include "cli/common/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace ron::cli {
namespace {

using namespace std::chrono_literals;

int spawn(const std::vector<std::string>& command, posix_spawn_file_actions_t& actions,
          Child::Group group) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);  // this program waits for some, blocked
  const bool own = group == Child::Group::kOwn;
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(
      &attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | (own ? POSIX_SPAWN_SETPGROUP : 0)));
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : 0;
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = std::filesystem::temp_directory_path() / "ron-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Child::Child(const std::vector<std::string>& command, const std::string& log_path, Group group) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log_path.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_ = spawn(command, actions, group);
  posix_spawn_file_actions_destroy(&actions);
  if (pid_ == 0) throw std::runtime_error("cannot start " + command.front());
}

Child::~Child() { stop(); }

int Child::reap(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (pid_ != 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = 0;
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (std::chrono::steady_clock::now() > deadline) {
      return -1;
    } else {
      std::this_thread::sleep_for(5ms);
    }
  }
  return code_;
}

int Child::stop() {
  if (pid_ == 0) return code_;
  ::kill(pid_, SIGTERM);
  const int code = reap(5s);
  if (pid_ == 0) return code;
  ::kill(pid_, SIGKILL);
  reap(5s);
  return -1;
}

int Child::wait() { return reap(20s); }

bool Child::running() { return reap(0ms) == -1 && pid_ != 0; }

Served wait_ready(Child& node, const std::string& log_path, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    std::ifstream log(log_path);
    std::string line;
    while (std::getline(log, line)) {
      const auto event = nlohmann::json::parse(line, nullptr, false);
      if (event.is_object() && event.value("event", "") == "ready") {
        return {event.value("listen", ""), event.value("admin", "")};
      }
    }
    const bool late = std::chrono::steady_clock::now() > deadline;
    if (late || !node.running()) {
      std::ifstream all(log_path);
      std::stringstream text;
      text << all.rdbuf();
      throw std::runtime_error("the node did not start:\n" + text.str());
    }
    std::this_thread::sleep_for(10ms);
  }
}

std::string output_of(const std::vector<std::string>& command, std::size_t most) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int pid = spawn(command, actions, Child::Group::kShared);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  std::array<char, 64 * 1024> block{};
  ssize_t got = 0;
  while (pid != 0 && output.size() < most &&
         (got = ::read(ends[0], block.data(), block.size())) > 0) {
    output.append(block.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  if (pid != 0) ::waitpid(pid, &status, 0);
  return output;
}

std::string own_directory() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

}  // namespace ron::cli
