// Tables and quantities for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ron::cli {

enum class Align : std::uint8_t { kLeft, kRight };

/// Columns as wide as they need to be. Cells are escaped: what a peer chose cannot drive a
/// terminal.
class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
    std::size_t most = 48;  ///< wider cells end in an ellipsis
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// One cell a column; missing ones are empty.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// The title line and the rows; lines longer than `width` are cut (0: none is).
  std::string text(std::size_t width = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "name      value" lines, aligned; empty values are left out.
class Facts {
 public:
  void add(std::string name, const std::string& value);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
};

/// Characters a UTF-8 text takes on a terminal, all counted as one column wide.
std::size_t columns_of(std::string_view text);
/// At most so many columns; the last is an ellipsis where something is missing.
std::string shortened(std::string_view text, std::size_t columns);

/// "512 B", "1.5 KiB", "12 MiB".
std::string bytes_text(double bytes);
/// "12s", "3m 20s", "5h 12m", "3d 4h".
std::string age_text(double seconds);
/// "0", "3.5", "120", "12.3k", "4.5M": a rate in four or five characters.
std::string short_count(double value);
/// Days since the epoch as "2026-01-31".
std::string date_text(std::uint64_t unix_seconds);

}  // namespace ron::cli
