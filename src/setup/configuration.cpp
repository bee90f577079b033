#include "setup/configuration.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "config/toml_text.hpp"
#include "crypto/files.hpp"
#include "crypto/library.hpp"
#include "runtime/cpus.hpp"
#include "setup/mesh.hpp"
#include "setup/server_tls.hpp"

extern char** environ;

namespace ron::setup {
namespace {

using config::Problem;
using config::Problems;

std::vector<std::pair<std::string, std::string>> environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::expected<std::string, int> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(errno);
  std::string out;
  char buffer[16384];
  ssize_t n = 0;
  while (out.size() <= config::kMaxFileBytes && (n = ::read(fd, buffer, sizeof buffer)) > 0)
    out.append(buffer, static_cast<std::size_t>(n));
  const int error = errno;
  ::close(fd);
  if (n < 0) return std::unexpected(error);
  return out;
}

struct Found {
  std::string path;
  std::string named_by;  // empty: a default place, may be missing
};

// C37, C38: a named file must exist; RON_CONFIG counts only without --config.
std::vector<Found> candidates(const std::string& flag) {
  if (!flag.empty()) return {{flag, "flag --config"}};
  const char* named = std::getenv("RON_CONFIG");
  if (named != nullptr && *named != '\0') return {{named, "environment RON_CONFIG"}};
  return {{"./svc-overlay.toml", ""}, {"/etc/ron/svc-overlay.toml", ""}};
}

std::expected<std::optional<config::FileText>, Problem> find_file(const std::string& flag) {
  for (const Found& one : candidates(flag)) {
    auto text = read_file(one.path);
    if (text) return config::FileText{one.path, std::move(*text)};
    if (one.named_by.empty() && text.error() == ENOENT) continue;
    return std::unexpected(
        Problem{.key = "configuration file",
                .value = one.path,
                .source = one.named_by,
                .what = std::string("cannot be read: ") + std::strerror(text.error()),
                .remedy = "check the path and its permissions"});
  }
  return std::nullopt;
}

// What only the TLS library can tell: that files hold what they should, and belong together.
void check_tls(const config::Loaded& loaded, Problems& errors) {
  const auto tls = server_tls(loaded.settings);
  if (!tls) return;
  const auto context = crypto::TlsContext::server(*tls);
  if (context) return;
  errors.push_back({.key = "tls",
                    .value = tls->cert_path + ", " + tls->key_path,
                    .source = {},
                    .what = context.error(),
                    .remedy = "make sure that the files are PEM and belong together; `ronctl tls "
                              "init` makes a set"});
}

// The same for the mesh: the node key, the peers file, the bundle.
void check_mesh(Configuration& configuration, Problems& errors) {
  const config::Settings& settings = configuration.loaded.settings;
  if (!config::mesh_enabled(settings)) return;
  auto peers = peers_of(settings);
  if (!peers) return errors.push_back(std::move(peers.error()));
  configuration.peers = std::move(*peers);
  if (key_place(settings).file.empty())
    configuration.loaded.warnings.push_back(
        {.key = "identity.key_file",
         .value = {},
         .source = {},
         .what = "is empty, so this node has a new id at each start, which no other can know "
                 "beforehand",
         .remedy = "name a file (`ronctl identity FILE --new` makes one)"});
  auto identity = identity_of(settings, MissingKey::kJudge);
  if (!identity) return errors.push_back(std::move(identity.error()));
  const auto context = crypto::TlsContext::peer_client(
      peer_tls(settings, std::move(*identity), configuration.peers));
  if (context) return;
  errors.push_back({.key = "mesh",
                    .value = settings.mesh.ca_path,
                    .source = {},
                    .what = context.error(),
                    .remedy = "check identity.key_file and mesh.ca_path"});
}

}  // namespace

config::HostFacts host_facts() {
  return {.file =
              [](const std::string& path) {
                config::FileFacts out;
                struct stat info{};
                if (::stat(path.c_str(), &info) != 0) return out;
                out.exists = true;
                out.regular = S_ISREG(info.st_mode);
                out.directory = S_ISDIR(info.st_mode);
                out.readable = ::access(path.c_str(), R_OK) == 0;
                out.mode = info.st_mode & 07777U;
                out.owner = info.st_uid;
                out.credential = crypto::is_credential(path);
                return out;
              },
          .euid = ::geteuid(),
          // Capabilities and sysctls decide in the end; a wrong guess here would refuse what works.
          .low_ports_allowed = true,
          .hybrid_available = crypto::hybrid_available(),
          .shards = runtime::shards_for(0)};
}

std::expected<Configuration, Problems> read_configuration(const Sources& sources) {
  auto file = find_file(sources.config_path);
  if (!file) return std::unexpected(Problems{std::move(file.error())});
  const std::string name = *file ? (*file)->name : "";
  const config::HostFacts machine = host_facts();
  auto loaded =
      config::load({.file = std::move(*file), .environment = environment(), .flags = sources.flags},
                   sources.ask_machine ? &machine : nullptr);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  Configuration out{std::move(*loaded), name, {}};
  Problems errors;
  if (sources.ask_machine) {
    check_tls(out.loaded, errors);
    check_mesh(out, errors);
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return out;
}

std::expected<Configuration, Problems> read_one_file(const std::string& path) {
  auto file = find_file(path);
  if (!file) return std::unexpected(Problems{std::move(file.error())});
  auto loaded = config::load({.file = std::move(*file), .environment = {}, .flags = {}});
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return Configuration{std::move(*loaded), path, {}};
}

std::string configuration_text(const Configuration& configuration, Show show) {
  const config::Settings& settings = configuration.loaded.settings;
  std::string out;
  std::size_t index = 0;
  for (const config::KeyRow& row : config::keys()) {
    std::string line(row.name);
    line.resize(std::max<std::size_t>(line.size() + 1, 36), ' ');
    line +=
        show == Show::kAll ? config::value_text(row, settings) : config::shown_value(row, settings);
    line.resize(std::max<std::size_t>(line.size() + 1, 60), ' ');
    out += line + configuration.loaded.origins[index++] + '\n';
  }
  return out;
}

}  // namespace ron::setup
