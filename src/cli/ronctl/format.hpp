// How a received message is printed.
#pragma once

#include <expected>
#include <string>

#include <ron/message.hpp>

namespace ron::cli {

enum class Format : std::uint8_t { kText, kRaw, kJson, kHex };

std::expected<Format, std::string> parse_format(const std::string& name);

struct FormatOptions {
  Format format = Format::kText;
  bool color = false;
  bool newline = false;  // raw: one after each message
};

/// The bytes to print for a message.
///   text  topic: data            control characters escaped, so a message cannot drive a terminal
///   raw   data                   byte for byte
///   json  {"topic":..,"data":..} one object a line; "data_hex" where the data is not UTF-8
///   hex   topic: 68 65 6c 6c 6f
std::string format_message(const sdk::Message& message, const FormatOptions& options);

/// UTF-8 text stays, control characters and bytes that are not UTF-8 become \n, \t, \xHH.
std::string escaped(std::string_view data);

}  // namespace ron::cli
