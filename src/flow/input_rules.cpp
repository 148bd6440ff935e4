#include "flow/input_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "flow/diagnostics.hpp"
#include "flow/json_text.hpp"
#include "flow/typed_input.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kValuesShownMax = 12;

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::int64_t characters(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

Result<> check_choice(const InputSpec& input, std::string_view text) {
  const std::vector<std::string_view> values(input.values.begin(), input.values.end());
  if (std::ranges::find(values, text) != values.end()) return {};
  const std::string wanted = values.size() <= kValuesShownMax
                                 ? join_or(values)
                                 : fmt::format("one of its {} values", values.size());
  // To one or two letters nearly every short value is near.
  const std::string hint = text.size() > 2 ? did_you_mean(text, values) : std::string();
  return refuse(fmt::format("wants {}, not {}{}", wanted, quoted(text), hint));
}

Result<> check_length(const InputSpec& input, std::string_view text) {
  const std::int64_t length = characters(text);
  if (input.min_length.has_value() && length < *input.min_length) {
    return refuse(fmt::format("wants at least {} characters, not {}", *input.min_length, length));
  }
  if (input.max_length.has_value() && length > *input.max_length) {
    return refuse(fmt::format("wants at most {} characters, not {}", *input.max_length, length));
  }
  return {};
}

Result<> check_match(const InputSpec& input, std::string_view text) {
  if (input.match.empty()) return {};
  TRY_ASSIGN(const bool matches, tmpl::matches_whole(input.match, text));
  if (matches) return {};
  return refuse(fmt::format("wants what matches {} as a whole, not {}", input.match, quoted(text)));
}

/// A bound as a person writes it: a date without its quotes.
std::string_view shown(std::string_view json) {
  return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
}

Result<> check_bounds(const InputSpec& input, std::string_view json, std::string_view text) {
  if (!input.min.empty() && compare_inputs(input.type, json, input.min) < 0) {
    return refuse(fmt::format("wants at least {}, not {}", shown(input.min), quoted(text)));
  }
  if (!input.max.empty() && compare_inputs(input.type, json, input.max) > 0) {
    return refuse(fmt::format("wants at most {}, not {}", shown(input.max), quoted(text)));
  }
  return {};
}

/// "a, b" → ["a","b"]; JSON as it is, but for blanks.
Result<std::string> as_json_list(std::string_view text) {
  if (!is_utf8(text)) return refuse("wants text in UTF-8, not other bytes");
  text = trimmed(text);
  std::string json = "[";
  if (text.starts_with('[')) {
    YamlTree tree;
    const auto node = tree.load_json(text);
    if (!node.has_value()) {
      return refuse(
          fmt::format(R"(wants a list like a,b,c or ["a","b","c"], not {})", quoted(text)));
    }
    json.clear();
    append_json(json, **node, KeyOrder::kSorted);
    return json;
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, end));
    if (item.empty() || end + 1 == text.size()) {
      return refuse(R"(has an empty item; leave out the comma, or write ["a",""])");
    }
    if (json.size() > 1) json += ',';
    append_json_string(json, item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return json + ']';
}

Result<std::string> typed_item(const InputSpec& input, const Node& item) {
  if (!item.is_scalar() || item.kind == NodeKind::kNull) {
    const std::string_view wanted =
        input.type == InputType::kArray ? to_string(input.items) : std::string_view("text");
    return refuse(fmt::format("wants one value ({}), not {}", wanted, describe(item.kind)));
  }
  if (input.type == InputType::kArray) return typed_input(input.items, item.text);
  TRY(check_choice(input, item.text));
  return typed_input(InputType::kString, item.text);
}

Result<> check_count(const InputSpec& input, std::size_t items) {
  const auto count = static_cast<std::int64_t>(items);
  const auto wrong = [count](std::string_view bound, std::int64_t wanted) {
    return refuse(
        fmt::format("wants at {} {} item{}, not {}", bound, wanted, wanted == 1 ? "" : "s", count));
  };
  if (input.min_items.has_value() && count < *input.min_items) {
    return wrong("least", *input.min_items);
  }
  if (input.max_items.has_value() && count > *input.max_items) {
    return wrong("most", *input.max_items);
  }
  return {};
}

}  // namespace

bool is_list(InputType type) {
  return type == InputType::kMultiselect || type == InputType::kArray;
}

std::expected<std::string, ListProblem> checked_list(const InputSpec& input, const Node& list) {
  std::vector<std::string> items;
  for (const Node* at = list.first; at != nullptr; at = at->next) {
    Result<std::string> item = typed_item(input, *at);
    std::string problem = item.has_value() ? std::string() : std::move(item.error().message);
    if (problem.empty() && input.type == InputType::kMultiselect &&
        std::ranges::find(items, *item) != items.end()) {
      problem = fmt::format("names {} a second time", quoted(at->text));
    }
    if (!problem.empty()) {
      return std::unexpected(ListProblem{at, fmt::format("item {} {}", items.size() + 1, problem)});
    }
    items.push_back(std::move(*item));
  }
  const Result<> count = check_count(input, items.size());
  if (!count.has_value()) return std::unexpected(ListProblem{&list, count.error().message});
  return fmt::format("[{}]", fmt::join(items, ","));
}

Result<std::string> checked_input(const InputSpec& input, std::string_view text) {
  if (is_list(input.type)) {
    TRY_ASSIGN(const std::string json, as_json_list(text));
    YamlTree tree;
    TRY_ASSIGN(const Node* const list, tree.load_json(json));
    auto checked = checked_list(input, *list);
    if (!checked.has_value()) return refuse(std::move(checked.error().message));
    return std::move(*checked);
  }
  TRY_ASSIGN(std::string json, typed_input(input.type, text));
  if (input.type == InputType::kSelect) TRY(check_choice(input, text));
  if (input.type == InputType::kString) {
    TRY(check_length(input, text));
    TRY(check_match(input, text));
  }
  TRY(check_bounds(input, json, text));
  return json;
}

Result<std::string> joined_list(const std::vector<std::string_view>& texts) {
  std::string all = "[";
  for (const std::string_view text : texts) {
    TRY_ASSIGN(const std::string list, as_json_list(text));
    if (list.size() <= 2) continue;  // no items
    if (all.size() > 1) all += ',';
    all += std::string_view(list).substr(1, list.size() - 2);
  }
  return all + ']';
}

}  // namespace cordyna::flow
