// Taking out what must not leave the machine: secrets always, who the peers are unless asked for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace ron::cli {

class Redactor {
 public:
  /// `with_peers`: addresses and names of peers stay.
  explicit Redactor(bool with_peers) : with_peers_(with_peers) {}

  /// A copy without secrets: members named like one, PEM blocks anywhere. The members "peer" and
  /// "name" of sessions, "node" and "addr" of peers become "peer-1", "peer-2" ..., the same for the
  /// same one throughout.
  nlohmann::ordered_json json(const nlohmann::ordered_json& value);

  /// PEM blocks become "[redacted]".
  static std::string text(std::string_view text);

 private:
  std::string mask(const std::string& who);

  bool with_peers_;
  std::map<std::string, std::string> masks_;
};

}  // namespace ron::cli
