// ronctl doctor: descriptors, clock, TLS library, kernel limits.
#include <sys/resource.h>
#include <sys/timex.h>

#include <array>
#include <fstream>

#include "config/load.hpp"
#include "crypto/library.hpp"
#include "doctor.hpp"
#include "moment.hpp"
#include "version.hpp"

namespace ron::cli {
namespace {

// What a node needs beside its sessions: listeners, libraries, logs (as its fd_limit_low says).
constexpr std::uint64_t kSpareFiles = 64;
constexpr std::uint64_t kBusyPercent = 80;
// What Linux grants by default; less slows sessions over long distances.
constexpr std::uint64_t kSocketBuffer = 212'992;

config::Settings settings_or_defaults(const Patient& patient) {
  return patient.settings ? *patient.settings : config::defaults(config::Profile::kMicronode);
}

std::optional<std::uint64_t> kernel_value(const std::string& name) {
  std::ifstream file("/proc/sys/" + name);
  std::uint64_t value = 0;
  if (!(file >> value)) return std::nullopt;
  return value;
}

void check_kernel_value(const char* path, const char* name, std::uint64_t wanted, Findings& out) {
  const auto value = kernel_value(path);
  if (!value) return;  // not every kernel or container shows it
  const std::string text = std::string(name) + " is " + count_text(*value);
  if (*value >= wanted) {
    out.ok("kernel", text);
  } else {
    out.warn("kernel", text + ", " + count_text(wanted) + " are wanted",
             std::string("sysctl -w ") + name + "=" + std::to_string(wanted) +
                 ", and in /etc/sysctl.d to keep it");
  }
}

}  // namespace

void check_descriptors(const Patient& patient, Findings& out) {
  const std::uint64_t wanted = settings_or_defaults(patient).transport.max_conns + kSpareFiles;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);  // a node raises its own to the hard limit
  const bool told = !patient.status.is_null();
  const std::uint64_t have = told ? count_at(patient.status, "process.max_fds") : limit.rlim_max;
  const std::string text = std::string(told ? "the node may open " : "this user may open ") +
                           count_text(have) + " files";
  if (have < wanted) {
    out.fail("fds", text + ", transport.max_conns needs " + count_text(wanted),
             "raise it (ulimit -n, LimitNOFILE=), or lower transport.max_conns");
    return;
  }
  const std::uint64_t open = count_at(patient.status, "process.open_fds");
  if (told && have > 0 && open * 100 / have >= kBusyPercent) {
    out.warn("fds", text + ", " + count_text(open) + " are open",
             "raise the limit (LimitNOFILE=): at 95 % the node is not ready");
    return;
  }
  out.ok("fds", text + (told ? ", " + count_text(open) + " are open" : ""));
}

void check_clock(Findings& out) {
  const std::string today = timestamp_text(now()).substr(0, 10);
  const std::string built = std::string(kBuildDate).substr(0, 10);
  if (built.size() == 10 && built[4] == '-' && today < built) {
    out.fail("clock", "it is " + today + " here, before this program was built (" + built + ")",
             "set the clock: certificates are judged by it");
    return;
  }
  timex state{};
  const int result = ::adjtimex(&state);
  if (result == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    out.warn("clock", "nothing keeps this clock in step (NTP)",
             "run a time service: timedatectl set-ntp true");
  } else {
    out.ok("clock", "kept in step (NTP), error at most " +
                        time_text(std::chrono::microseconds(state.maxerror)));
  }
}

void check_tls_library(const Patient& patient, Findings& out) {
  const std::string library = crypto::library_version();
  if (crypto::hybrid_available()) {
    out.ok("tls", library + " has X25519MLKEM768");
  } else if (settings_or_defaults(patient).overlay.pq_mode == config::PqMode::kOff) {
    out.warn("tls", library + " has no X25519MLKEM768",
             "build with OpenSSL 3.5 or later for quantum-safe key exchange");
  } else {
    out.fail("tls", library + " has no X25519MLKEM768, which overlay.pq_mode wants",
             "build with OpenSSL 3.5 or later, or set overlay.pq_mode = \"off\"");
  }
}

void check_kernel(const Patient& patient, Findings& out) {
  check_kernel_value("net/core/somaxconn", "net.core.somaxconn",
                     settings_or_defaults(patient).transport.backlog, out);
  check_kernel_value("net/core/rmem_max", "net.core.rmem_max", kSocketBuffer, out);
  check_kernel_value("net/core/wmem_max", "net.core.wmem_max", kSocketBuffer, out);
}

}  // namespace ron::cli
