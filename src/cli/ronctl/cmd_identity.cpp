// ronctl identity: keys of nodes, and the ids they make.
#include <CLI/CLI.hpp>

#include <memory>

#include "base/hex.hpp"
#include "common.hpp"
#include "crypto/certificate.hpp"
#include "crypto/files.hpp"
#include "crypto/identity.hpp"

namespace ron::cli {
namespace {

struct Identity {
  std::string file, algorithm = "ed25519";
  bool make = false;
};

template <typename T>
T value_of(std::expected<T, std::string> result, const std::string& about) {
  if (!result) throw Failed{kFailure, about + result.error()};
  return std::move(*result);
}

void make_key(const Identity& args) {
  const auto algorithm = crypto::key_algorithm(args.algorithm);
  if (!algorithm) fail_usage("--algo: " + algorithm.error());
  const crypto::SecureBytes key = value_of(crypto::make_node_key(*algorithm), "");
  if (auto done = crypto::write_new_secret(args.file, key); !done)
    throw Failed{kFailure, done.error()};
}

// A certificate says the id of its key, and may be handed round.
NodeId id_in(const std::string& file) {
  if (const auto pem = crypto::read_public_file(file))
    if (const auto facts = crypto::certificate_facts(*pem)) return facts->node;
  crypto::SecureBytes key = value_of(crypto::read_secret_file(file), "");
  return value_of(crypto::node_identity(std::move(key)), file + " ").node;
}

int run_identity(const Context& context, const Identity& args) {
  if (args.make) make_key(args);
  const std::string id = ron::hex(id_in(args.file));
  print(context.json ? nlohmann::json{{"id", id}, {"file", args.file}}.dump() + "\n" : id + "\n");
  return kOk;
}

}  // namespace

void add_identity(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Identity>();
  CLI::App* command = app.add_subcommand("identity", "The id of a node's key, or a new key");
  command->add_option("FILE", args->file, "Private key or certificate, PEM")->required();
  command->add_flag("--new", args->make, "Make the key; a file that is there is never replaced");
  command->add_option("--algo", args->algorithm, "ed25519 or ml-dsa-65 (quantum-safe signatures)")
      ->check(CLI::IsMember({"ed25519", "ml-dsa-65"}))
      ->capture_default_str();
  command->footer(
      "For identity.key_file of a node, and for ids in 'peers' and mesh.allow of the others.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_identity(context, *args); }; });
}

}  // namespace ron::cli
