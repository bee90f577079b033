// What `ronctl debug bundle` collects: parts of bounded size, redacted.
#pragma once

#include <string>
#include <vector>

#include "doctor.hpp"

namespace ron::cli {

inline constexpr std::size_t kPartMost = 1U << 20U;
inline constexpr std::size_t kBundleMost = 16U << 20U;

struct Part {
  std::string name;
  std::string bytes;
};

struct Bundle {
  std::vector<Part> parts;
  std::vector<std::string> missing;  // "status: cannot connect to ..."
};

/// Everything that can be had; what cannot is named in `missing`.
Bundle collect(const Context& context, const DoctorArgs& args, bool with_peers);

/// The bundle as .tar.gz, with a manifest; parts beyond the bounds are cut or left out, and named.
std::string archive(Bundle bundle, bool with_peers);

}  // namespace ron::cli
