// A .tar.gz in memory: POSIX ustar, gzip with stored blocks. No compression, but also no program or
// library that a rescue system may lack.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ron::cli {

class TarGz {
 public:
  /// `time`: seconds since the epoch, for every file.
  explicit TarGz(std::uint64_t time) : time_(time) {}

  /// A regular file, mode 0600. Names have at most 99 bytes.
  void add(std::string_view name, std::string_view bytes);
  /// Bytes so far, without the end of the archive.
  std::size_t size() const { return tar_.size(); }
  /// The whole file; nothing can be added afterwards.
  std::string finish();

 private:
  std::uint64_t time_;
  std::string tar_;
};

/// CRC-32 as gzip has it.
std::uint32_t crc32(std::string_view bytes);

}  // namespace ron::cli
