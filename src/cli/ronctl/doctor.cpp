#include "doctor.hpp"

#include <algorithm>
#include <array>

#include "format.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

constexpr std::array<const char*, 3> kNames = {"ok", "warn", "fail"};
constexpr std::array<const char*, 3> kColors = {"\x1b[32m", "\x1b[33m", "\x1b[31m"};

const char* name_of(Level level) { return kNames[static_cast<std::size_t>(level)]; }

}  // namespace

void Findings::ok(std::string check, std::string what) {
  all_.push_back({std::move(check), Level::kOk, std::move(what), {}});
}

void Findings::warn(std::string check, std::string what, std::string remedy) {
  all_.push_back({std::move(check), Level::kWarn, std::move(what), std::move(remedy)});
}

void Findings::fail(std::string check, std::string what, std::string remedy) {
  all_.push_back({std::move(check), Level::kFail, std::move(what), std::move(remedy)});
}

std::size_t Findings::count(Level level) const {
  return static_cast<std::size_t>(std::ranges::count(all_, level, &Finding::level));
}

int exit_code(const Findings& findings) {
  if (findings.count(Level::kFail) > 0) return kBroken;
  return findings.count(Level::kWarn) > 0 ? kWarnings : kOk;
}

nlohmann::ordered_json json_of(const Findings& findings) {
  nlohmann::ordered_json out{{"ok", findings.count(Level::kOk)},
                             {"warnings", findings.count(Level::kWarn)},
                             {"failures", findings.count(Level::kFail)}};
  auto& list = out["findings"] = nlohmann::ordered_json::array();
  for (const Finding& one : findings.all()) {
    list.push_back({{"check", one.check}, {"level", name_of(one.level)}, {"what", one.what}});
    if (!one.remedy.empty()) list.back()["remedy"] = one.remedy;
  }
  return out;
}

std::string text_of(const Findings& findings, bool color) {
  std::size_t wide = 0;
  for (const Finding& one : findings.all()) wide = std::max(wide, one.check.size());
  std::string out;
  for (const Finding& one : findings.all()) {
    std::string level = name_of(one.level);
    level.resize(4, ' ');
    const auto index = static_cast<std::size_t>(one.level);
    out += color ? kColors[index] + level + "\x1b[0m" : level;
    out += "  " + one.check + std::string(wide - one.check.size(), ' ') + "  " + escaped(one.what) +
           "\n";
    if (!one.remedy.empty())
      out += std::string(wide + 8, ' ') + "to mend it: " + escaped(one.remedy) + "\n";
  }
  return out + count_text(findings.count(Level::kOk)) + " ok, " +
         count_text(findings.count(Level::kWarn)) + " warnings, " +
         count_text(findings.count(Level::kFail)) + " failures\n";
}

Findings examine(const Context& context, const DoctorArgs& args) {
  Findings out;
  Patient patient;
  check_configuration(args, patient, out);
  check_node(context, args, patient, out);
  check_ports(patient, out);
  check_files(context, patient, out);
  check_descriptors(patient, out);
  check_clock(out);
  check_tls_library(patient, out);
  check_kernel(patient, out);
  return out;
}

}  // namespace ron::cli
