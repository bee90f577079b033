#include "contexts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "cli/common/tool.hpp"
#include "config/toml_text.hpp"

namespace ron::cli {
namespace {

namespace fs = std::filesystem;

std::unexpected<std::string> failed(const std::string& what) {
  return std::unexpected(what + ": " + error_text(errno));
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string* member(NamedNode& node, std::string_view name) {
  if (name == "url") return &node.url;
  if (name == "ca") return &node.ca;
  if (name == "cert") return &node.cert;
  if (name == "key") return &node.key;
  return nullptr;
}

bool store(Contexts& out, const config::Assignment& given) {
  if (given.key == "current") {
    out.current = given.text;
    return true;
  }
  std::string_view rest = given.key;
  if (!rest.starts_with("context.")) return false;
  rest.remove_prefix(8);
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos || !legal_context_name(rest.substr(0, dot))) return false;
  std::string* into = member(out.nodes[std::string(rest.substr(0, dot))], rest.substr(dot + 1));
  if (into != nullptr) *into = given.text;
  return into != nullptr;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

bool legal_context_name(std::string_view name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, legal);
}

std::expected<void, std::string> check_context_url(std::string_view url) {
  constexpr std::array<std::string_view, 3> kSchemes = {"unix:", "ron://", "rons://"};
  if (std::ranges::none_of(kSchemes, [url](auto scheme) { return url.starts_with(scheme); }))
    return std::unexpected("the url is not ron://host:port, rons://host:port or unix:/path");
  if (!url.starts_with("unix:") && url.find('@') != std::string_view::npos)
    return std::unexpected("a url carries no user or password");
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(url, control)) return std::unexpected("the url has control characters");
  return {};
}

std::expected<Contexts, std::string> parse_contexts(std::string_view text,
                                                    const std::string& name) {
  const auto given = config::parse_toml(text, name);
  if (!given) return std::unexpected(config::problem_text(given.error()));
  Contexts out;
  for (const config::Assignment& one : *given) {
    if (one.form != config::Form::kString || !store(out, one))
      return std::unexpected(one.source + ": " + one.key + " is not a setting of a context");
  }
  for (const auto& [each, node] : out.nodes) {
    if (const auto ok = check_context_url(node.url); !ok)
      return std::unexpected(name + ": context " + each + ": " + ok.error());
  }
  if (!out.current.empty() && !out.nodes.contains(out.current))
    return std::unexpected(name + ": current names no context");
  return out;
}

std::string contexts_text(const Contexts& contexts) {
  std::string out = "# Written by 'ronctl context'. Paths only: secrets stay in their files.\n";
  if (!contexts.current.empty()) out += "current = " + toml_string(contexts.current) + "\n";
  for (const auto& [name, node] : contexts.nodes) {
    out += "\n[context." + name + "]\nurl = " + toml_string(node.url) + "\n";
    if (!node.ca.empty()) out += "ca = " + toml_string(node.ca) + "\n";
    if (!node.cert.empty()) out += "cert = " + toml_string(node.cert) + "\n";
    if (!node.key.empty()) out += "key = " + toml_string(node.key) + "\n";
  }
  return out;
}

std::string contexts_path() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  // The XDG rules: a path that is not absolute counts as none.
  if (config != nullptr && *config == '/') return std::string(config) + "/ron/contexts.toml";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return std::string(home) + "/.config/ron/contexts.toml";
}

std::expected<Contexts, std::string> load_contexts(const std::string& path) {
  const int fd = path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (path.empty() || errno == ENOENT || errno == ENOTDIR) return Contexts{};
    return failed("cannot read " + path);
  }
  struct stat info{};
  std::string text;
  ssize_t got = 0;
  std::array<char, 16'384> part{};
  const bool safe = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
                    (info.st_mode & 022U) == 0 && (info.st_uid == ::geteuid() || info.st_uid == 0);
  while (safe && text.size() <= config::kMaxFileBytes &&
         (got = ::read(fd, part.data(), part.size())) > 0)
    text.append(part.data(), static_cast<std::size_t>(got));
  ::close(fd);
  if (!safe) return std::unexpected(path + " can be written by others: run  chmod 600 " + path);
  if (got < 0) return std::unexpected("cannot read " + path);
  return parse_contexts(text, path);
}

std::expected<void, std::string> save_contexts(const std::string& path, const Contexts& contexts) {
  if (path.empty()) return std::unexpected("neither HOME nor XDG_CONFIG_HOME names a directory");
  const fs::path directory = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return failed("cannot make " + directory.string());
  std::string beside = path + ".XXXXXX";
  const int fd = ::mkostemp(beside.data(), O_CLOEXEC);  // 0600
  if (fd < 0) return failed("cannot write " + beside);
  const bool wrote = write_all(fd, contexts_text(contexts));
  if (::close(fd) != 0 || !wrote || ::rename(beside.c_str(), path.c_str()) != 0) {
    auto problem = failed("cannot write " + path);
    ::unlink(beside.c_str());
    return problem;
  }
  return {};
}

Given with_context(Given given, const NamedNode& node) {
  const auto fill = [](std::optional<std::string>& into, const std::string& from) {
    if (!into && !from.empty()) into = from;
  };
  const bool credentials = given.cert || given.key;
  fill(given.url, node.url);
  fill(given.ca, node.ca);
  if (!credentials) {
    fill(given.cert, node.cert);
    fill(given.key, node.key);
  }
  return given;
}

}  // namespace ron::cli
