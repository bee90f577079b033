// Processes a tool starts: a node of its own, certificates made by ronctl.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ron::cli {

/// A temporary directory with mode 0700 that goes with this object.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A child process that ends with this object: TERM, and KILL after 5 s.
class Child {
 public:
  /// Whom a Ctrl-C of the terminal reaches: the child as well, or this program alone.
  enum class Group : std::uint8_t { kShared, kOwn };
  /// stdout and stderr go to `log_path`. Throws std::runtime_error.
  Child(const std::vector<std::string>& command, const std::string& log_path,
        Group group = Group::kShared);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// Asks it to end and waits; the exit code, 128 + signal, or -1 when it had to be killed.
  int stop();
  /// Waits until it ends by itself.
  int wait();
  bool running();
  /// 0 once it has ended.
  int pid() const { return pid_; }

 private:
  int reap(std::chrono::milliseconds limit);
  int pid_ = 0;
  int code_ = 0;
};

/// Where a node serves.
struct Served {
  std::string listen;  // HOST:PORT of sessions
  std::string admin;   // HOST:PORT of /readyz and /metrics
};

/// What the "ready" event in the node's JSON log says; throws when it does not come.
Served wait_ready(Child& node, const std::string& log_path, std::chrono::milliseconds limit);

/// The whole output of a command; empty when it fails. No shell.
std::string output_of(const std::vector<std::string>& command, std::size_t most);

/// The directory of this program.
std::string own_directory();

}  // namespace ron::cli
