// What `ronctl doctor` finds: each finding with a remedy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "node_answer.hpp"

namespace ron::cli {

enum class Level : std::uint8_t { kOk, kWarn, kFail };

struct Finding {
  std::string check;  // "fds", "clock": stable names for programs
  Level level = Level::kOk;
  std::string what;
  std::string remedy;  // an imperative; empty with kOk
};

class Findings {
 public:
  void ok(std::string check, std::string what);
  void warn(std::string check, std::string what, std::string remedy);
  void fail(std::string check, std::string what, std::string remedy);
  const std::vector<Finding>& all() const { return all_; }
  std::size_t count(Level level) const;

 private:
  std::vector<Finding> all_;
};

/// kOk, kWarnings where nothing is worse than a warning, else kBroken.
int exit_code(const Findings& findings);
/// {"ok","warnings","failures","findings":[{"check","level","what","remedy"}]}
nlohmann::ordered_json json_of(const Findings& findings);
std::string text_of(const Findings& findings, bool color);

struct DoctorArgs {
  std::string config;  // path of a configuration file; empty: what the node says
  std::string admin;   // HOST:PORT; empty: what node or file say
};

/// What is known about the node while the checks run.
struct Patient {
  bool reached = false;                      // a session or the admin listener answered
  Json status;                               // over the Unix socket; else null
  std::optional<config::Settings> settings;  // of the file, or of the node over the Unix socket
  std::string admin;                         // HOST:PORT; empty: not known
};

// In the order of the report; each appends to `out`.
void check_configuration(const DoctorArgs& args, Patient& patient, Findings& out);
void check_node(const Context& context, const DoctorArgs& args, Patient& patient, Findings& out);
void check_ports(const Patient& patient, Findings& out);
void check_files(const Context& context, const Patient& patient, Findings& out);
void check_descriptors(const Patient& patient, Findings& out);
void check_clock(Findings& out);
void check_tls_library(const Patient& patient, Findings& out);
void check_kernel(const Patient& patient, Findings& out);

/// All of them.
Findings examine(const Context& context, const DoctorArgs& args);

/// Judges the validity of a certificate at `now` (seconds since the epoch); `path` for the text.
void judge_certificate(const std::string& path, std::uint64_t not_before, std::uint64_t not_after,
                       std::uint64_t now, Findings& out);

}  // namespace ron::cli
