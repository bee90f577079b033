// Named nodes of `ronctl context`: where they are and which files prove who asks. Never secrets
// themselves, only paths.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ron::cli {

/// What a context fills where the command line and the environment are silent.
struct NamedNode {
  std::string url, ca, cert, key;
  friend bool operator==(const NamedNode&, const NamedNode&) = default;
};

struct Contexts {
  std::string current;  // empty: none
  std::map<std::string, NamedNode> nodes;
  friend bool operator==(const Contexts&, const Contexts&) = default;
};

/// Letters, digits, '-' and '_', at most 64.
bool legal_context_name(std::string_view name);

/// A url with a scheme ronctl knows and without user information (a password has no place here).
std::expected<void, std::string> check_context_url(std::string_view url);

/// TOML of contexts.toml; the error names the line.
std::expected<Contexts, std::string> parse_contexts(std::string_view text, const std::string& name);
std::string contexts_text(const Contexts& contexts);

/// $XDG_CONFIG_HOME/ron/contexts.toml, or ~/.config/ron/contexts.toml; empty without a home.
std::string contexts_path();

/// Empty where there is no file. A file that others may write is refused: it names nodes to trust.
std::expected<Contexts, std::string> load_contexts(const std::string& path);

/// Written beside and renamed, mode 0600; the directory is made with 0700.
std::expected<void, std::string> save_contexts(const std::string& path, const Contexts& contexts);

/// What was given by flag or environment; nothing where the option was not given.
struct Given {
  std::optional<std::string> url, ca, cert, key;
};

/// `into` where nothing was given. Certificate and key come from one place: a certificate given
/// elsewhere never meets this context's key.
Given with_context(Given given, const NamedNode& node);

}  // namespace ron::cli
