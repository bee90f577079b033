#include "config/json_text.hpp"

#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "config/peer.hpp"
#include "config/toml_text.hpp"

namespace ron::config {
namespace {

using nlohmann::json;

// Counts lines while the parser reads, which tells the line of each key.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, std::size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

// Fed by the parser, value by value; false ends the parse, with `fault` filled.
class Flattener : public nlohmann::json_sax<json> {
 public:
  Flattener(std::string_view file, const std::size_t& line) : file_(file), line_(line) {}

  std::vector<Assignment> out;
  std::optional<Problem> fault;

  bool null() override { return scalar(Form::kOther, "null"); }
  bool boolean(bool value) override { return scalar(Form::kBoolean, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override {
    return scalar(Form::kInteger, std::to_string(value));
  }
  bool number_unsigned(std::uint64_t value) override {
    return scalar(Form::kInteger, std::to_string(value));
  }
  bool number_float(double /*value*/, const std::string& text) override {
    return scalar(Form::kOther, text);
  }
  bool string(std::string& value) override { return scalar(Form::kString, value); }
  bool binary(json::binary_t& /*value*/) override { return scalar(Form::kOther, "(binary)"); }

  bool start_object(std::size_t /*size*/) override {
    if (in_list() && list_->key == kPeersKey && depth_in_list_ == 0 && !entry_) {
      entry_.emplace();
      return true;
    }
    if (in_list()) return open_in_list();
    if (prefixes_.size() >= kMaxNesting) return wrong("is nested too deeply");
    prefixes_.push_back(prefixes_.empty() ? "" : key_ + ".");
    return true;
  }
  bool key(std::string& name) override {
    if (in_list()) {  // of a peer, or of an object where only scalars may stand
      if (depth_in_list_ == 0) entry_key_ = name;
      return true;
    }
    if (prefixes_.back().size() + name.size() > kMaxNameBytes) return wrong("has an overlong name");
    key_ = prefixes_.back() + name;
    key_line_ = line_;
    return true;
  }
  bool end_object() override {
    if (in_list() && depth_in_list_ > 0)
      --depth_in_list_;
    else if (in_list())
      end_peer();
    else
      prefixes_.pop_back();
    return true;
  }
  bool start_array(std::size_t /*size*/) override {
    if (in_list()) return open_in_list();
    if (prefixes_.empty()) return wrong("is not an object");
    list_ = assignment(Form::kList);
    return true;
  }
  bool end_array() override {
    if (depth_in_list_ > 0) {
      --depth_in_list_;
      return true;
    }
    out.push_back(std::move(*list_));
    list_.reset();
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& token,
                   const json::exception& /*error*/) override {
    constexpr std::size_t kTokenShown = 40;
    return wrong("is not valid JSON" +
                 (token.empty() ? std::string() : " near " + token.substr(0, kTokenShown)));
  }

 private:
  bool in_list() const { return list_.has_value(); }

  bool open_in_list() {
    list_->form = Form::kOther;
    if (++depth_in_list_ > kMaxNesting) return wrong("is nested too deeply");
    return true;
  }

  void add_item(std::string text) {
    list_->text += (list_->text.empty() ? "" : ",") + text;
    list_->items.push_back(std::move(text));
  }

  void end_peer() {
    if (auto text = entry_->text())
      add_item(std::move(*text));
    else
      list_->form = Form::kOther;
    entry_.reset();
  }

  Assignment assignment(Form form) const {
    return {.key = key_,
            .text = {},
            .items = {},
            .form = form,
            .layer = Layer::kFile,
            .source = std::string(file_) + ":" + std::to_string(key_line_)};
  }

  bool scalar(Form form, std::string text) {
    if (depth_in_list_ > 0) return true;
    if (entry_) {
      entry_->add(entry_key_, std::move(text), form == Form::kString);
      return true;
    }
    if (in_list()) {
      add_item(std::move(text));
      return true;
    }
    if (prefixes_.empty()) return wrong("is not an object");
    out.push_back(assignment(form));
    out.back().text = std::move(text);
    return true;
  }

  bool wrong(std::string what) {
    fault = Problem{.key = {},
                    .value = {},
                    .source = std::string(file_) + ":" + std::to_string(line_),
                    .what = std::move(what),
                    .remedy = "write {\"overlay\": {\"listen\": \"127.0.0.1:9500\"}} and so on"};
    return false;
  }

  std::string_view file_;
  const std::size_t& line_;
  std::vector<std::string> prefixes_;  // one for each object that is open
  std::string key_;
  std::size_t key_line_ = 1;
  std::optional<Assignment> list_;
  std::size_t depth_in_list_ = 0;
  std::optional<PeerEntry> entry_;  // an object in the list of peers
  std::string entry_key_;
};

}  // namespace

bool looks_like_json(std::string_view text, std::string_view file_name) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return file_name.ends_with(".json") || (first != std::string_view::npos && text[first] == '{');
}

std::expected<std::vector<Assignment>, Problem> parse_json(std::string_view text,
                                                           std::string_view file_name) {
  if (auto large = too_large(text, file_name)) return std::unexpected(std::move(*large));
  std::size_t line = 1;
  Flattener flattener(file_name, line);
  const char* const begin = std::to_address(text.begin());
  (void)json::sax_parse(Cursor(begin, &line), Cursor(begin + text.size(), &line), &flattener);
  if (flattener.fault) return std::unexpected(std::move(*flattener.fault));
  return std::move(flattener.out);
}

}  // namespace ron::config
