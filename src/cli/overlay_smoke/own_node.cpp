#include "own_node.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kStartAtMost = 20s;

}  // namespace

NodeProcess::NodeProcess(const std::string& path, bool tls) try {
  const std::string tools = cli::own_directory();
  const std::string configuration = directory_.path() + "/node.toml";
  std::ofstream(configuration).flush();  // empty: not what this machine's own node uses
  std::vector<std::string> command{path.empty() ? tools + "/svc-overlay" : path,
                                   "--config",
                                   configuration,
                                   "--bind",
                                   "127.0.0.1:0",
                                   "--metrics",
                                   "127.0.0.1:0",
                                   "--log-format",
                                   "json"};
  if (tls) {
    tls_ = directory_.path() + "/tls";
    cli::Child init({tools + "/ronctl", "tls", "init", tls_}, directory_.path() + "/tls.log");
    if (init.wait() != 0) throw std::runtime_error("ronctl tls init failed");
    command.insert(command.end(),
                   {"--pq", "require", "--tls", "true", "--tls-cert", tls_ + "/node.pem",
                    "--tls-key", tls_ + "/node.key", "--tls-client-ca", tls_ + "/ca.pem",
                    "--tls-require-client-cert", "true"});
  }
  const std::string log = directory_.path() + "/node.log";
  const auto before = Clock::now();
  child_ = std::make_unique<cli::Child>(command, log, cli::Child::Group::kOwn);
  const cli::Served served = cli::wait_ready(*child_, log, kStartAtMost);
  start_time_ = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before);
  url_ = (tls ? "rons://" : "ron://") + served.listen;
  const auto admin = parse_admin(served.admin);
  if (!admin) throw std::runtime_error(admin.error());
  admin_ = *admin;
} catch (const std::runtime_error& error) {
  throw cli::Failed{cli::kNoConnection, error.what()};
}

void NodeProcess::use(cli::Context& context) const {
  context.url = url_;
  if (tls_.empty()) return;
  context.ca = tls_ + "/ca.pem";
  context.cert = tls_ + "/client.pem";
  context.key = tls_ + "/client.key";
}

void NodeProcess::reload() {
  if (child_->running()) ::kill(child_->pid(), SIGHUP);
}

}  // namespace ron::smoke
