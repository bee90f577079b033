// What ten thousand idle sessions cost a node: ./dev bench sessions [--count N] [--tls]
//
// Starts a node of its own with one shard, measures its cold start, opens the sessions one after
// the other from this process (each: connect, TLS where asked for, hello), lets them idle, and
// reads the node's memory and CPU time from the kernel. Prints one line a figure; exit code 1 when
// a session was refused or a limit of --max-bytes or --max-start was broken.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "cli/common/child.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"
#include "transport/dialer.hpp"

namespace ron::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
  unsigned count = 10'000;
  bool tls = false;
  bool mutual = true;  // with TLS: client certificates
  std::string bin = "build/bin";
  unsigned rest_s = 3;  // how long they idle before memory is read again
  std::uint64_t max_bytes = 0;
  unsigned max_start_ms = 0;
};

// Of /proc/PID: what no other process shares, in bytes; user and system time in seconds.
std::uint64_t private_bytes(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string word;
  std::uint64_t kib = 0, total = 0;
  while (in >> word) {
    if (word == "Private_Clean:" || word == "Private_Dirty:") {
      in >> kib;
      total += kib * 1024;
    }
  }
  return total;
}

double cpu_seconds(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::size_t at = text.rfind(')');
  unsigned long long user = 0, system = 0;
  std::sscanf(text.c_str() + at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
              &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  int run() {
    start_node();
    const std::uint64_t memory = private_bytes(node_->pid());
    const double cpu = cpu_seconds(node_->pid());
    const auto begin = Clock::now();
    for (unsigned i = 0; i < options_.count; ++i) {
      if (!open_one(i)) return 1;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const double spent = cpu_seconds(node_->pid()) - cpu;
    if (transport::wait_ready(*streams_.front(), false, std::chrono::seconds(options_.rest_s))) {
      std::fprintf(stderr, "the node spoke, or closed, while all were to idle\n");
      return 1;
    }
    const double resting = cpu_seconds(node_->pid()) - cpu - spent;
    const std::uint64_t grown = private_bytes(node_->pid()) - memory;
    const std::uint64_t each = grown / options_.count;
    std::printf("channel                     %s\n",
                options_.tls
                    ? options_.mutual ? "TLS 1.3 X25519MLKEM768, mutual" : "TLS 1.3 X25519MLKEM768"
                    : "plain TCP");
    std::printf("cold start                  %.0f ms\n", start_ms_);
    std::printf("sessions                    %u\n", options_.count);
    std::printf("connect rate, one by one    %.0f a second\n", options_.count / seconds);
    std::printf("node CPU a connect          %.1f us\n", spent / options_.count * 1e6);
    std::printf("node memory a session       %llu bytes\n", static_cast<unsigned long long>(each));
    std::printf("node CPU while they idle    %.2f %%\n", resting / options_.rest_s * 100);
    const bool heavy = options_.max_bytes > 0 && each > options_.max_bytes;
    const bool slow = options_.max_start_ms > 0 && start_ms_ > options_.max_start_ms;
    if (heavy)
      std::printf("FAILED: more than %llu bytes a session\n",
                  static_cast<unsigned long long>(options_.max_bytes));
    if (slow) std::printf("FAILED: the start took more than %u ms\n", options_.max_start_ms);
    return heavy || slow ? 1 : 0;
  }

 private:
  void start_node() {
    const std::string& bin = options_.bin;
    const std::string conns = std::to_string(options_.count + 100);
    std::vector<std::string> command = {bin + "/svc-overlay",
                                        "--bind",
                                        "127.0.0.1:0",
                                        "--metrics",
                                        "127.0.0.1:0",
                                        "--set",
                                        "transport.max_conns=" + conns,
                                        "--set",
                                        "transport.accept_rate=1000000",
                                        "--set",
                                        "transport.accept_burst=1000000",
                                        "--set",
                                        "timeouts.idle=1h",
                                        "--set",
                                        "overlay.shards=1"};
    if (options_.tls) {
      const std::string dir = directory_.path() + "/tls";
      static_cast<void>(cli::output_of({bin + "/ronctl", "tls", "init", dir}, 65536));
      for (const char* more : {"--tls", "true", "--tls-cert"}) command.emplace_back(more);
      command.push_back(dir + "/node.pem");
      command.emplace_back("--tls-key");
      command.push_back(dir + "/node.key");
      if (options_.mutual) {
        command.emplace_back("--set");
        command.push_back("tls.client_ca_path=" + dir + "/ca.pem");
        command.emplace_back("--set");
        command.emplace_back("tls.require_client_cert=true");
      }
      crypto::ClientTls tls;
      tls.ca_path = dir + "/ca.pem";
      if (options_.mutual) {
        tls.cert_path = dir + "/client.pem";
        tls.key_path = dir + "/client.key";
      }
      tls.policy.pq = crypto::PqMode::kRequire;
      auto context = crypto::TlsContext::client(tls);
      if (!context) throw std::runtime_error(context.error());
      target_.tls = *context;
    }
    const auto begin = Clock::now();
    const std::string log = directory_.path() + "/node.log";
    node_.emplace(command, log);
    const cli::Served served = cli::wait_ready(*node_, log, 10s);
    start_ms_ = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    target_.at = *transport::split_host_port(served.listen);
  }

  bool open_one(unsigned number) {
    auto stream = transport::dial(target_, buffers_, 10s);
    if (!stream) return failed(number, stream.error().text);
    oap::Hello hello;
    hello.pq = options_.tls ? oap::Pq::kHybrid : oap::Pq::kOff;
    hello.version_1 = true;
    hello.max_frame = oap::kMaxFrame;
    const Slice frame = oap::make_frame(oap::kReq, {}, 1, oap::write_hello(hello));
    const IoPiece piece{frame.data(), frame.size()};
    if ((*stream)->write({&piece, 1}).bytes != frame.size()) return failed(number, "short write");
    std::uint8_t answer[1024];
    for (;;) {
      const transport::IoResult got = (*stream)->read_into(answer);
      if (got.status == transport::IoStatus::kOk) break;
      if (got.status != transport::IoStatus::kWouldBlock)
        return failed(number, "closed by the node");
      if (!transport::wait_ready(**stream, false, 10s)) return failed(number, "no answer to hello");
    }
    streams_.push_back(std::move(*stream));
    return true;
  }

  static bool failed(unsigned number, const std::string& why) {
    std::fprintf(stderr, "session %u: %s\n", number, why.c_str());
    return false;
  }

  Options options_;
  cli::TempDir directory_;
  std::optional<cli::Child> node_;
  double start_ms_ = 0;
  transport::DialTarget target_;
  transport::TlsBuffers buffers_;
  std::vector<std::unique_ptr<transport::Stream>> streams_;
};

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace ron::bench

int main(int argc, char** argv) {
  ron::bench::Options options;
  CLI::App app("What idle sessions cost a node.");
  app.add_option("--count", options.count, "how many (default 10000)");
  app.add_option("--bin", options.bin, "where svc-overlay and ronctl are (default build/bin)");
  app.add_flag("--tls", options.tls, "TLS 1.3 with X25519MLKEM768 and client certificates");
  app.add_flag("!--server-only", options.mutual, "TLS without client certificates");
  app.add_option("--rest", options.rest_s, "seconds they idle (default 3)");
  app.add_option("--max-bytes", options.max_bytes, "fail above this much memory a session");
  app.add_option("--max-start", options.max_start_ms, "fail above this cold start, in ms");
  CLI11_PARSE(app, argc, argv);
  ron::bench::raise_file_limit();
  try {
    return ron::bench::Run(options).run();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "bench sessions: %s\n", fault.what());
    return 1;
  }
}
