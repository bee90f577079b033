// How an interval of `ronctl top` looks: a screen, a line, or JSON.
#pragma once

#include <string>

#include "rates.hpp"

namespace ron::cli {

/// A screen of at most `rows` lines of `columns` characters, without control characters.
std::string top_screen(const Interval& interval, std::string_view time, std::size_t rows,
                       std::size_t columns);

/// One line, for a pipe or a file.
std::string top_line(const Interval& interval, std::string_view time);

/// One object; `most` of the sessions.
nlohmann::ordered_json top_json(const Interval& interval, std::string_view time, std::size_t most);

}  // namespace ron::cli
