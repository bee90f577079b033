// ronctl tls init: a development CA, node and client certificates.
#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "common.hpp"
#include "config/address.hpp"
#include "crypto/files.hpp"
#include "crypto/issue.hpp"

namespace ron::cli {
namespace {

namespace fs = std::filesystem;

struct TlsInit {
  std::string dir = "ron-tls";
  std::string algorithm = "ed25519";
  std::vector<std::string> hosts;
  std::vector<std::string> clients;
  std::uint32_t days = 30;
  bool force = false;
};

crypto::KeyAlgorithm algorithm_of(const std::string& name) {
  const auto found = crypto::key_algorithm(name == "mldsa65" ? "ml-dsa-65" : name);
  if (!found) fail_usage("--algo: " + found.error());
  return *found;
}

std::string san_of(const std::string& host) {
  if (host.starts_with("DNS:") || host.starts_with("IP:") || host.starts_with("URI:")) return host;
  return (config::is_ipv4(host) || config::is_ipv6(host) ? "IP:" : "DNS:") + host;
}

// Secrets are never there for others, not even for a moment: created with their final mode.
void write_file(const fs::path& path, std::string_view text, mode_t mode) {
  std::error_code ignored;
  fs::remove(path, ignored);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool ok = fd >= 0;
  while (ok && !text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    ok = wrote > 0;
    if (ok) text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  ok = fd >= 0 && ::close(fd) == 0 && ok;
  if (!ok) throw Failed{kFailure, "cannot write " + path.string() + ": " + std::strerror(errno)};
}

template <typename T>
T made(std::expected<T, std::string> result) {
  if (!result) throw Failed{kFailure, result.error()};
  return std::move(*result);
}

struct Ca {
  std::string certificate;
  crypto::SecureBytes key;
  bool fresh = false;
};

class Init {
 public:
  explicit Init(const TlsInit& args)
      : args_(args), dir_(args.dir), algorithm_(algorithm_of(args.algorithm)) {}

  int run(const Context& context) {
    for (const std::string& name : clients()) {
      if (name.empty() || name.find('/') != std::string::npos) fail_usage("--client: bad name");
    }
    make_directory();
    const Ca ca = load_or_make_ca();
    if (ca.fresh || args_.force || !fs::exists(dir_ / "node.pem")) issue_node(ca);
    for (const std::string& name : clients()) issue_client(ca, name);
    report(context);
    return kOk;
  }

 private:
  std::vector<std::string> clients() const {
    return args_.clients.empty() ? std::vector<std::string>{"client"} : args_.clients;
  }

  void make_directory() {
    std::error_code error;
    fs::create_directories(dir_, error);
    if (error) throw Failed{kFailure, "cannot make " + dir_.string() + ": " + error.message()};
    ::chmod(dir_.c_str(), 0700);
    dir_ = fs::canonical(dir_);
  }

  Ca load_or_make_ca() {
    const fs::path cert = dir_ / "ca.pem";
    const fs::path key = dir_ / "ca.key";
    if (!args_.force && fs::exists(cert) && fs::exists(key)) {
      return {made(crypto::read_public_file(cert)), made(crypto::read_secret_file(key)), false};
    }
    crypto::CaRequest request;
    request.algorithm = algorithm_;
    const crypto::Issued ca = made(crypto::make_ca(request));
    write_file(key, crypto::as_text(ca.key_pem), 0600);
    write_file(cert, ca.certificate_pem, 0644);
    files_.emplace_back("ca.pem");
    files_.emplace_back("ca.key");
    return {ca.certificate_pem, ca.key_pem, true};
  }

  void issue(const Ca& ca, const std::string& file, crypto::LeafRequest request) {
    request.algorithm = algorithm_;
    request.validity = std::chrono::days(args_.days);
    const crypto::Issued leaf = made(crypto::make_leaf(request, ca.certificate, ca.key));
    write_file(dir_ / (file + ".key"), crypto::as_text(leaf.key_pem), 0600);
    write_file(dir_ / (file + ".pem"), leaf.certificate_pem, 0644);
    files_.push_back(file + ".pem");
    files_.push_back(file + ".key");
  }

  void issue_node(const Ca& ca) {
    std::vector<std::string> hosts = args_.hosts;
    if (hosts.empty()) hosts = {"localhost", "127.0.0.1", "::1"};
    crypto::LeafRequest request;
    request.common_name = hosts.front();
    for (const std::string& host : hosts) request.names.push_back(san_of(host));
    request.names.push_back("URI:ron:node:" + hosts.front());  // to nodes with mesh.ca_path
    request.client = true;                                     // nodes dial nodes, too
    issue(ca, "node", std::move(request));
  }

  void issue_client(const Ca& ca, const std::string& name) {
    if (!args_.force && !ca.fresh && fs::exists(dir_ / (name + ".pem"))) return;
    crypto::LeafRequest request;
    request.common_name = name;
    request.names = {"URI:ron:client:" + name};
    request.server = false;
    issue(ca, name, std::move(request));
  }

  void report(const Context& context) const {
    const std::string at = dir_.string() + "/";
    const std::string node = "svc-overlay --bind 127.0.0.1:9500 --tls true --tls-cert " + at +
                             "node.pem --tls-key " + at + "node.key --tls-client-ca " + at +
                             "ca.pem --tls-require-client-cert true";
    const std::string name = clients().front();
    const std::string client = "ronctl --url rons://127.0.0.1:9500 --ca " + at + "ca.pem --cert " +
                               at + name + ".pem --key " + at + name + ".key";
    if (context.json) {
      nlohmann::ordered_json out{
          {"dir", dir_.string()}, {"wrote", files_}, {"node", node}, {"client", client}};
      print(out.dump() + "\n");
      return;
    }
    if (files_.empty()) print("everything is there already (--force makes all anew)\n");
    for (const std::string& file : files_) print("wrote " + at + file + "\n");
    print("\nStart a node with it:\n  " + node + "\nand talk to it:\n  " + client + " ping\n\n" +
          "For development: keep ca.key to yourself. Certificates hold for " +
          std::to_string(args_.days) + " days.\n");
  }

  const TlsInit& args_;
  fs::path dir_;
  crypto::KeyAlgorithm algorithm_{};
  std::vector<std::string> files_;
};

}  // namespace

void add_tls(CLI::App& app, Context& context, Run& run) {
  CLI::App* tls = app.add_subcommand("tls", "Certificates");
  tls->require_subcommand(1);
  tls->fallthrough();
  auto args = std::make_shared<TlsInit>();
  CLI::App* command = tls->add_subcommand(
      "init", "Make a development CA, a node certificate and client certificates");
  command->fallthrough();
  command->add_option("DIR", args->dir, "Where to")->capture_default_str();
  command
      ->add_option("--algo", args->algorithm,
                   "ed25519, p256 (browsers) or mldsa65 (quantum-safe signatures)")
      ->capture_default_str();
  command->add_option("--host", args->hosts,
                      "Names and addresses of the node (default: localhost, 127.0.0.1, ::1)");
  command->add_option("--client", args->clients, "Names of clients (default: client)");
  command->add_option("--days", args->days, "How long they hold")->capture_default_str();
  command->add_flag("--force", args->force, "Make everything anew, also the CA");
  command->footer("An existing CA is used again, so clients can be added later.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return Init(*args).run(context); }; });
}

}  // namespace ron::cli
