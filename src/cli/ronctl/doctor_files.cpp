// ronctl doctor: sockets, keys and certificates: who may use them, and until when they hold.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "crypto/certificate.hpp"
#include "crypto/files.hpp"
#include "doctor.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

constexpr std::uint64_t kDay = 86'400;
constexpr std::uint64_t kWarnDays = 14;

std::string octal(mode_t mode) {
  std::string text = "0000";
  for (unsigned i = 0; i < 4; ++i) text[3 - i] = static_cast<char>('0' + ((mode >> (3 * i)) & 7U));
  return text;
}

// What is for the owner only: nobody else may have a right to it.
void check_private(const std::string& path, const char* mode, Findings& out) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    const int error = errno;
    if (error == EACCES) {
      out.warn("permissions", path + " cannot be judged by this user",
               "use the service's user, or root (sudo)");
    } else {
      out.fail("permissions", path + ": " + error_text(error), "check the path");
    }
    return;
  }
  const std::string text = path + " (mode " + octal(info.st_mode & 07777U) + ")";
  if ((info.st_mode & 077U) != 0) {
    out.fail("permissions", text + " is open to others", std::string("chmod ") + mode + " " + path);
  } else {
    out.ok("permissions", text + " is the owner's alone");
  }
}

void check_certificate(const std::string& path, Findings& out) {
  if (::access(path.c_str(), R_OK) != 0 && errno == EACCES) {
    out.warn("certificates", path + " cannot be judged by this user",
             "use the service's user, or root (sudo)");
    return;
  }
  const auto pem = crypto::read_public_file(path);
  if (!pem) {
    out.fail("certificates", pem.error(), "mend the file, or name another");
    return;
  }
  const auto facts = crypto::certificate_facts(*pem);
  if (!facts) {
    out.fail("certificates", path + ": " + facts.error(), "name a PEM certificate");
    return;
  }
  judge_certificate(path, facts->not_before.seconds, facts->not_after.seconds,
                    crypto::wall_clock().seconds, out);
}

// The node serves what it read; a newer file waits for a reload.
void check_served(const Json& status, const std::string& path, Findings& out) {
  const std::uint64_t served = count_at(status, "certificate_not_after");
  if (served == 0) return;
  const auto pem = crypto::read_public_file(path);
  const auto facts =
      pem ? crypto::certificate_facts(*pem) : std::unexpected(std::string(pem.error()));
  if (!facts) {  // the file is judged already: what matters to clients is what is served
    judge_certificate("the certificate the node serves", 0, served, crypto::wall_clock().seconds,
                      out);
  } else if (facts->not_after.seconds != served) {
    out.warn("certificates",
             "the node serves a certificate until " + date_text(served) +
                 ", the file holds until " + date_text(facts->not_after.seconds),
             "ronctl reload");
  }
}

void check_node_files(const Patient& patient, Findings& out) {
  const config::Settings& settings = *patient.settings;
  if (const std::string& path = settings.uds.path; !path.empty()) {
    const std::string directory = std::filesystem::path(path).parent_path().string();
    if (patient.reached || std::filesystem::exists(directory)) check_private(directory, "700", out);
    if (patient.reached) check_private(path, "600", out);
  }
  if (!settings.identity.key_file.empty()) check_private(settings.identity.key_file, "600", out);
  if (!settings.mesh.ca_path.empty()) check_certificate(settings.mesh.ca_path, out);
  if (!settings.tls.enabled) return;
  check_private(settings.tls.key_path, "600", out);
  check_certificate(settings.tls.cert_path, out);
  if (!settings.tls.client_ca_path.empty()) check_certificate(settings.tls.client_ca_path, out);
  check_served(patient.status, settings.tls.cert_path, out);
}

}  // namespace

void judge_certificate(const std::string& path, std::uint64_t not_before, std::uint64_t not_after,
                       std::uint64_t now, Findings& out) {
  if (now < not_before) {
    out.fail("certificates", path + " is not valid before " + date_text(not_before),
             "set this machine's clock, or issue the certificate anew");
  } else if (now >= not_after) {
    out.fail("certificates", path + " has expired on " + date_text(not_after),
             "issue a new one ('ronctl tls init' for development), then 'ronctl reload'");
  } else if (not_after - now < kWarnDays * kDay) {
    out.warn("certificates",
             path + " expires in " + std::to_string((not_after - now) / kDay) + " days, on " +
                 date_text(not_after),
             "issue a new one, then 'ronctl reload'");
  } else {
    out.ok("certificates", path + " holds until " + date_text(not_after));
  }
}

void check_files(const Context& context, const Patient& patient, Findings& out) {
  if (patient.settings) check_node_files(patient, out);
  if (!context.ca.empty()) check_certificate(context.ca, out);
  if (!context.cert.empty()) check_certificate(context.cert, out);
  if (!context.key.empty()) check_private(context.key, "600", out);
}

}  // namespace ron::cli
