// Judging one value against its row, and showing it again.
#include <algorithm>

#include "config/address.hpp"
#include "config/keys.hpp"

namespace ron::config {
namespace {

struct Fault {
  std::string what;
  std::string remedy;  // empty: "write <what the row accepts>"
};
using Judged = std::expected<void, Fault>;

template <typename T>
T& member(const KeyRow& row, Settings& settings) {
  return std::get<T& (*)(Settings&)>(row.slot)(settings);
}

// Reading needs no second table of slots: they only form a reference.
template <typename T>
const T& member(const KeyRow& row, const Settings& settings) {
  return member<T>(row, const_cast<Settings&>(settings));
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::unexpected<Fault> wrong(std::string what, std::string remedy = {}) {
  return std::unexpected(Fault{std::move(what), std::move(remedy)});
}

Judged within(const KeyRow& row, std::uint64_t value) {
  if (value < row.low) return wrong("is below the minimum");
  if (value > row.high) return wrong("is above the maximum");
  return {};
}

Judged store_choice(const KeyRow& row, const std::string& text, Settings& into) {
  const auto choices = split(row.choices, '|');
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end()) return wrong("is none of the choices");
  member<std::uint8_t>(row, into) = static_cast<std::uint8_t>(found - choices.begin());
  return {};
}

Judged store_number(const KeyRow& row, const std::string& text, Settings& into) {
  const auto number = row.type == Type::kSize ? parse_size(text) : parse_count(text);
  if (!number) return wrong(number.error());
  if (const auto ok = within(row, *number); !ok) return ok;
  member<std::uint64_t>(row, into) = *number;
  return {};
}

Judged store_duration(const KeyRow& row, const Assignment& given, Settings& into) {
  const auto value = parse_duration(given.text);
  if (!value) return wrong(value.error());
  if (const auto ok = within(row, static_cast<std::uint64_t>(value->count())); !ok) return ok;
  member<Millis>(row, into) = *value;
  return {};
}

Judged store_switch(const KeyRow& row, const std::string& text, Settings& into) {
  const auto value = parse_switch(text);
  if (!value) return wrong(value.error());
  member<bool>(row, into) = *value;
  return {};
}

// Bytes of the character that starts here, 0 if none does. Strict: no overlong forms, surrogates,
// or code points above U+10FFFF, as TOML and JSON demand.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xc2 ? 0U : lead < 0xe0 ? 2U : lead < 0xf0 ? 3U : 4U;
  if (length == 0 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool outside = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
  return overlong || outside ? 0 : length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
}

Judged store_text(const KeyRow& row, const std::string& text, Settings& into) {
  if (has_control(text)) return wrong("contains control characters", "remove them");
  if (!is_utf8(text)) return wrong("is not valid UTF-8", "write it in UTF-8");
  const bool bounded = row.high != 0;
  if (bounded && (text.size() < row.low || text.size() > row.high))
    return wrong("has " + std::to_string(text.size()) + " bytes");
  if (row.type == Type::kListenAddress && !text.empty()) {
    if (const auto ok = parse_listen_address(text); !ok) return wrong(ok.error());
  }
  if (row.type == Type::kPublicAddress && !text.empty()) {
    if (const auto ok = parse_public_address(text); !ok) return wrong(ok.error());
  }
  member<std::string>(row, into) = text;
  return {};
}

// Lists come as TOML arrays, or comma-separated in flags and environment.
std::vector<std::string> elements(const Assignment& given) {
  if (given.form == Form::kList) return given.items;
  std::vector<std::string> out;
  for (std::string_view part : split(given.text, ',')) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

Judged store_list(const KeyRow& row, const Assignment& given, Settings& into) {
  const auto items = elements(given);
  if (items.size() > row.high) return wrong("has " + std::to_string(items.size()) + " elements");
  if (row.type == Type::kTextList) {
    for (const auto& item : items)
      if (item.empty() || has_control(item) || !is_utf8(item))
        return wrong("has an empty or unprintable element");
    member<std::vector<std::string>>(row, into) = items;
    return {};
  }
  std::vector<std::uint32_t> numbers;
  for (const auto& item : items) {
    const auto number = parse_count(item);
    if (!number || *number >= UINT32_MAX)
      return wrong("has the element \"" + item + "\", which is no id");
    numbers.push_back(static_cast<std::uint32_t>(*number));
  }
  member<std::vector<std::uint32_t>>(row, into) = numbers;
  return {};
}

// TOML tells 5 from "5": a value of the wrong kind is refused rather than reinterpreted.
Judged form_fits(const KeyRow& row, const Assignment& given) {
  const bool list = row.type == Type::kTextList || row.type == Type::kCountList;
  const bool whole = row.type == Type::kCount || row.type == Type::kSize;
  switch (given.form) {
    case Form::kAnyText: return {};
    case Form::kString:
      if (list) return wrong("is a string, not a list");
      if (row.type == Type::kSwitch)
        return wrong("is a string", "write true or false without quotes");
      if (row.type == Type::kCount) return wrong("is a string", "write the number without quotes");
      return {};
    case Form::kInteger:
      if (row.type == Type::kDuration) return wrong("has no unit");
      return whole ? Judged{} : wrong("is a number");
    case Form::kBoolean: return row.type == Type::kSwitch ? Judged{} : wrong("is true or false");
    case Form::kList: return list ? Judged{} : wrong("is a list");
    case Form::kOther: break;
  }
  return wrong("is of a type no key takes");
}

bool is_default(const KeyRow& row, const Assignment& given) {
  const bool list = row.type == Type::kTextList || row.type == Type::kCountList;
  if (list) return elements(given).empty();
  if (row.type != Type::kSwitch) return given.text == row.micronode;
  const auto value = parse_switch(given.text);
  return value && *value == (row.micronode == "true");
}

// A file may name what is not there yet as long as it does not ask for it.
Judged judge_reserved(const KeyRow& row, const Assignment& given) {
  if (is_default(row, given)) return {};
  return wrong(
      "is not supported by this version",
      "remove it" + (row.micronode.empty() ? "" : ", or write " + std::string(row.micronode)));
}

Judged judge(const KeyRow& row, const Assignment& given, Settings& into) {
  if (const auto ok = form_fits(row, given); !ok) return ok;
  if (row.effect == Effect::kReserved) return judge_reserved(row, given);
  switch (row.type) {
    case Type::kSwitch: return store_switch(row, given.text, into);
    case Type::kCount:
    case Type::kSize: return store_number(row, given.text, into);
    case Type::kDuration: return store_duration(row, given, into);
    case Type::kChoice: return store_choice(row, given.text, into);
    case Type::kText:
    case Type::kListenAddress:
    case Type::kPublicAddress:
    case Type::kPath: return store_text(row, given.text, into);
    case Type::kTextList:
    case Type::kCountList: return store_list(row, given, into);
  }
  return wrong("cannot be judged");
}

std::string list_text(const KeyRow& row, const Settings& from) {
  std::string out;
  if (row.type == Type::kTextList)
    for (const auto& item : member<std::vector<std::string>>(row, from))
      out += (out.empty() ? "" : ",") + item;
  else
    for (const auto item : member<std::vector<std::uint32_t>>(row, from))
      out += (out.empty() ? "" : ",") + std::to_string(item);
  return out;
}

std::string range_text(const std::string& low, const std::string& high) {
  return low == high ? "exactly " + low : low + " to " + high;
}

}  // namespace

std::expected<void, Problem> store(const KeyRow& row, const Assignment& given, Settings& into) {
  const auto judged = judge(row, given, into);
  if (judged) return {};
  const bool hide = row.privacy == Privacy::kSecret && !given.text.empty();
  std::string remedy = judged.error().remedy;
  if (remedy.empty()) remedy = "write " + accepts_text(row);
  return std::unexpected(Problem{.key = std::string(row.name),
                                 .value = hide ? "(hidden)" : given.text,
                                 .source = given.source,
                                 .what = judged.error().what,
                                 .remedy = std::move(remedy)});
}

std::string value_text(const KeyRow& row, const Settings& from) {
  if (row.effect == Effect::kReserved) return std::string(row.micronode);
  switch (row.type) {
    case Type::kSwitch: return member<bool>(row, from) ? "true" : "false";
    case Type::kCount: return std::to_string(member<std::uint64_t>(row, from));
    case Type::kSize: return size_text(member<std::uint64_t>(row, from));
    case Type::kDuration: return duration_text(member<Millis>(row, from));
    case Type::kChoice:
      return std::string(split(row.choices, '|')[member<std::uint8_t>(row, from)]);
    case Type::kText:
    case Type::kListenAddress:
    case Type::kPublicAddress:
    case Type::kPath: return member<std::string>(row, from);
    case Type::kTextList:
    case Type::kCountList: return list_text(row, from);
  }
  return {};
}

std::string shown_value(const KeyRow& row, const Settings& from) {
  std::string text = value_text(row, from);
  if (text.empty()) return text;
  switch (row.privacy) {
    case Privacy::kPublic: return text;
    case Privacy::kPath: {
      const std::size_t slash = text.rfind('/');
      return slash == std::string::npos ? text : "..." + text.substr(slash);
    }
    case Privacy::kIdentity: {
      const std::size_t count = row.type == Type::kTextList
                                    ? member<std::vector<std::string>>(row, from).size()
                                    : member<std::vector<std::uint32_t>>(row, from).size();
      return "(entries: " + std::to_string(count) + ")";
    }
    case Privacy::kSecret: break;
  }
  return "(hidden)";
}

void copy_value(const KeyRow& row, const Settings& from, Settings& to) {
  std::visit(
      [&](auto slot) {
        if constexpr (!std::is_same_v<decltype(slot), std::monostate>)
          slot(to) = slot(const_cast<Settings&>(from));
      },
      row.slot);
}

std::string accepts_text(const KeyRow& row) {
  if (row.effect == Effect::kReserved)
    return row.micronode.empty() ? "only the empty value" : "only " + std::string(row.micronode);
  switch (row.type) {
    case Type::kSwitch: return "true or false";
    case Type::kCount:
      return "a whole number, " + range_text(std::to_string(row.low), std::to_string(row.high));
    case Type::kSize: return "a size, " + range_text(size_text(row.low), size_text(row.high));
    case Type::kDuration:
      return "a duration, " +
             range_text(duration_text(Millis(row.low)), duration_text(Millis(row.high)));
    case Type::kChoice: {
      std::string out;
      for (const auto choice : split(row.choices, '|'))
        out += (out.empty() ? "" : ", ") + std::string(choice);
      return "one of " + out;
    }
    case Type::kText:
      return "text of " + range_text(std::to_string(row.low), std::to_string(row.high)) + " bytes";
    case Type::kListenAddress: return "IP:PORT, [IPv6]:PORT or localhost:PORT";
    case Type::kPublicAddress: return "HOST:PORT";
    case Type::kPath:
      return row.high != 0 ? "a path of at most " + std::to_string(row.high) + " bytes" : "a path";
    case Type::kTextList: return "a list of at most " + std::to_string(row.high) + " texts";
    case Type::kCountList:
      return "a list of at most " + std::to_string(row.high) + " whole numbers";
  }
  return {};
}

}  // namespace ron::config
