#include "engine/loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/hash.hpp"
#include "base/json_text.hpp"

namespace cordyna::engine {
namespace {

constexpr std::int64_t kEndMax = 1'000'000'000'000'000;

/// Where each element of a JSON list or object begins, and behind the last, the place of its end.
/// The text is what an evaluator wrote, so it is well formed.
std::vector<std::uint32_t> elements(std::string_view json) {
  std::vector<std::uint32_t> begin;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') {
      if (++depth == 1) begin.push_back(static_cast<std::uint32_t>(i + 1));
    } else if (c == ']' || c == '}') {
      if (--depth == 0) begin.push_back(static_cast<std::uint32_t>(i + 1));
    } else if (c == ',' && depth == 1) {
      begin.push_back(static_cast<std::uint32_t>(i + 1));
    }
  }
  const bool none =
      begin.size() == 2 &&
      json.substr(begin[0], begin[1] - begin[0] - 1).find_first_not_of(" \t\r\n") == json.npos;
  if (none) begin.resize(1);
  return begin;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < -kEndMax || value > kEndMax) return std::nullopt;
  return value;
}

std::string_view kind_of(std::string_view json) {
  if (json.empty() || json == "null") return "nothing";
  if (json[0] == '"') return "a text";
  if (json[0] == '{') return "an object";
  return json == "true" || json == "false" ? "true or false" : "a number";
}

Result<Items> too_many(std::uint64_t count) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("there are {} items, and at most {} are allowed", count, kItemsMax));
}

}  // namespace

Result<Items> Items::parse(std::string json) {
  const std::string_view text = trimmed(json);
  if (text.starts_with('{')) return parse_range(text);
  if (!text.starts_with('[')) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("it gives {}, and wants a list, or from and to of a range", kind_of(text)));
  }
  if (json.size() >= std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::kInvalidArgument, "the list is larger than 4 GiB");
  }
  Items items;
  items.begin_ = elements(json);
  if (items.begin_.size() - 1 > kItemsMax) return too_many(items.begin_.size() - 1);
  items.count_ = static_cast<std::uint32_t>(items.begin_.size() - 1);
  items.json_ = std::move(json);
  items.begin_.shrink_to_fit();
  return items;
}

Result<Items> Items::parse_range(std::string_view json) {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  std::optional<std::int64_t> step = 1;
  const std::vector<std::uint32_t> begin = elements(json);
  for (std::size_t i = 0; i + 1 < begin.size(); ++i) {
    const std::string_view member = json.substr(begin[i], begin[i + 1] - begin[i] - 1);
    const std::size_t colon = member.find(':');
    const std::string_view key = trimmed(member.substr(0, colon));
    const auto value = whole_number(member.substr(std::min(colon, member.size() - 1) + 1));
    if (key == "\"from\"") {
      from = value;
    } else if (key == "\"to\"") {
      to = value;
    } else if (key == "\"step\"") {
      step = value;
    } else {
      return fail(ErrorCode::kInvalidArgument,
                  "it gives an object, and wants a list, or from and to of a range");
    }
  }
  if (!from.has_value() || !to.has_value() || !step.has_value()) {
    return fail(ErrorCode::kInvalidArgument,
                "a range wants whole numbers in from and to, and in step, if there is one");
  }
  if (*step == 0) return fail(ErrorCode::kInvalidArgument, "the step of a range is not 0");
  Items items;
  items.from_ = *from;
  items.step_ = *step;
  const std::int64_t count = (*to - *from) / *step + 1;
  const bool empty = *step > 0 ? *to < *from : *to > *from;
  if (empty) return items;
  if (count > kItemsMax) return too_many(static_cast<std::uint64_t>(count));
  items.count_ = static_cast<std::uint32_t>(count);
  return items;
}

Items Items::unknown(std::uint32_t count) {
  Items items;
  items.count_ = count;
  return items;
}

std::string Items::at(std::uint32_t item) const {
  if (item + 1 < begin_.size()) {
    return std::string(
        trimmed(std::string_view(json_).substr(begin_[item], begin_[item + 1] - begin_[item] - 1)));
  }
  if (step_ == 0) return "null";
  return fmt::format("{}", from_ + static_cast<std::int64_t>(item) * step_);
}

std::uint64_t Items::hash() const {
  return json_.empty() ? fnv1a(fmt::format("{}/{}/{}", from_, step_, count_)) : fnv1a(json_);
}

void Loop::begin_items(Items all) {
  items = std::move(all);
  begun.assign(items.size(), false);
  ended.assign(items.size(), false);
}

void Loop::end_item(std::uint32_t item, bool ended_badly, std::string result) {
  if (item >= ended.size() || ended[item]) return;
  begun[item] = true;
  ended[item] = true;
  ++(ended_badly ? failed : completed);
  if (ended_badly) first_failed = std::min(first_failed, item);
  // Without any outputs there is no list; with some, each item without costs "{},".
  if (result.empty() || results_too_large()) return;
  if (results.empty()) results_bytes = std::size_t{3} * items.size();
  results_bytes += result.size();
  if (results_too_large()) {
    results.clear();
  } else {
    results.emplace(item, std::move(result));
  }
}

std::string Loop::outputs() const {
  std::string out = fmt::format(R"({{"items":{},"completed":{},"failed":{},"results":[)",
                                items.size(), completed, failed);
  if (!results.empty()) {
    auto next_result = results.begin();
    for (std::uint32_t item = 0; item < items.size(); ++item) {
      if (item > 0) out += ',';
      const bool has = next_result != results.end() && next_result->first == item;
      out += has ? (next_result++)->second : "{}";
    }
  }
  return out + "]}";
}

void append_result(std::string& result, std::string_view name, std::string_view outputs) {
  result += result.empty() ? '{' : ',';
  append_json_string(result, name);
  result += ':';
  result += outputs;
}

std::string Loop::progress() const {
  return fmt::format("{} of {} items have ended{}", completed + failed, items.size(),
                     failed == 0 ? "" : fmt::format(", {} of them badly", failed));
}

}  // namespace cordyna::engine
