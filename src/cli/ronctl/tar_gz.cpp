#include "tar_gz.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace ron::cli {
namespace {

constexpr std::size_t kRecord = 512;
constexpr std::size_t kStoredMost = 65'535;  // of a deflate block

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) * 0xedb88320U);
    table[i] = value;
  }
  return table;
}();

void put_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 255U);
}

void pad(std::string& tar) { tar.resize((tar.size() + kRecord - 1) / kRecord * kRecord, '\0'); }

// A number as `width` - 1 octal digits and a zero byte.
void put_octal(std::string& header, std::size_t at, std::size_t width, std::uint64_t value) {
  std::array<char, 32> text{};
  const int digits = std::snprintf(text.data(), text.size(), "%0*llo", static_cast<int>(width - 1),
                                   static_cast<unsigned long long>(value));
  header.replace(at, std::min(static_cast<std::size_t>(digits), width - 1), text.data(),
                 std::min(static_cast<std::size_t>(digits), width - 1));
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes)
    crc = (crc >> 8U) ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 255U];
  return ~crc;
}

void TarGz::add(std::string_view name, std::string_view bytes) {
  std::string header(kRecord, '\0');
  const std::string_view shown = name.substr(0, 99);
  header.replace(0, shown.size(), shown);
  put_octal(header, 100, 8, 0600);
  put_octal(header, 108, 8, 0);
  put_octal(header, 116, 8, 0);
  put_octal(header, 124, 12, bytes.size());
  put_octal(header, 136, 12, time_);
  header.replace(148, 8, "        ");  // the checksum counts as blanks in its own sum
  header[156] = '0';
  header.replace(257, 8, std::string_view("ustar\00000", 8));
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, 148, 7, sum);
  header[154] = '\0';
  tar_ += header;
  tar_ += bytes;
  pad(tar_);
}

std::string TarGz::finish() {
  tar_.append(2 * kRecord, '\0');
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  for (std::size_t from = 0; from < tar_.size(); from += kStoredMost) {
    const std::size_t size = std::min(kStoredMost, tar_.size() - from);
    out += static_cast<char>(from + size == tar_.size() ? 1 : 0);  // the last block says so
    put_le(out, static_cast<std::uint32_t>(size), 2);
    put_le(out, ~static_cast<std::uint32_t>(size), 2);
    out.append(tar_, from, size);
  }
  put_le(out, crc32(tar_), 4);
  put_le(out, static_cast<std::uint32_t>(tar_.size()), 4);
  return out;
}

}  // namespace ron::cli
