#include "flow/input_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "flow/input_rules.hpp"
#include "flow/json_text.hpp"
#include "flow/typed_input.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

const KeySpec& input_key(std::string_view name) {
  const KeySpec* spec = find_key(input_keys(), name);
  CHECK(spec != nullptr);
  return *spec;
}

bool fits(const InputKeyRule& rule, InputType type) {
  return std::ranges::find(rule.types, to_string(type)) != rule.types.end();
}

std::optional<std::int64_t>& count_of(InputSpec& input, std::string_view name) {
  if (name == "min_length") return input.min_length;
  if (name == "max_length") return input.max_length;
  return name == "min_items" ? input.min_items : input.max_items;
}

}  // namespace

InputSpec InputReader::read(const Node& node) {
  InputSpec input;
  if (!reader_.is_map(node, "inputs")) return input;
  const bool known = read_words(node, input);
  check_id(node, input);
  if (known) read_rules(node, input);
  const Node* preset = node.find("default");
  if (preset != nullptr && known) read_default(*preset, input);
  read_required(node, input);
  return input;
}

bool InputReader::read_words(const Node& node, InputSpec& input) {
  bool known = true;
  std::string json;
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const KeySpec* spec = find_key(input_keys(), key->text);
    const Node& value = *key->next;
    if (spec == nullptr) {
      reader_.unknown_key(*key, input_keys(), {}, {}, "of an input");
    } else if (spec->name == "id" && reader_.read(value, *spec, "id", json)) {
      input.id = value.text;
    } else if (spec->name == "type") {
      const auto place = reader_.word(value, *spec, "type");
      known = place.has_value();
      input.type = static_cast<InputType>(place.value_or(0));
    } else if (spec->name == "description" && reader_.read(value, *spec, "description", json)) {
      input.description = value.text;
    }
  }
  return known;
}

void InputReader::check_id(const Node& node, const InputSpec& input) {
  const Node* id = node.find("id");
  if (id == nullptr) {
    reporter_.error(node, Code::kMissingKey, "an input has no 'id'; it is required");
  } else if (!input.id.empty() && !seen_.insert(id->text).second) {
    reporter_.error(*id, Code::kDuplicateId,
                    fmt::format("a second input has the id {}", quoted(input.id)));
  }
}

void InputReader::read_rules(const Node& node, InputSpec& input) {
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const auto rule = std::ranges::find(input_key_rules(), key->text, &InputKeyRule::key);
    if (rule == input_key_rules().end()) continue;
    if (fits(*rule, input.type)) {
      read_rule(input_key(rule->key), *key->next, input);
      continue;
    }
    const std::vector<std::string_view> types(rule->types.begin(), rule->types.end());
    reporter_.error(*key, Code::kUnknownKey,
                    fmt::format("'{}' is a key of the type {}, not of {}", rule->key,
                                join_or(types), to_string(input.type)));
  }
  for (const InputKeyRule& rule : input_key_rules()) {
    if (!rule.required || !fits(rule, input.type) || node.find(rule.key) != nullptr) continue;
    reporter_.error(node, Code::kMissingKey,
                    fmt::format("an input of the type {} has no '{}'; it is required",
                                to_string(input.type), rule.key));
  }
  check_bounds(node, input);
}

void InputReader::read_rule(const KeySpec& spec, const Node& value, InputSpec& input) {
  if (spec.name == "values") {
    read_values(spec, value, input);
  } else if (spec.name == "items") {
    // The words are those of `type`, in the order of InputType.
    input.items = static_cast<InputType>(reader_.word(value, spec, spec.name).value_or(0));
  } else if (spec.name == "match") {
    read_match(spec, value, input);
  } else if (spec.name == "min") {
    read_bound(spec.name, value, input.type, input.min);
  } else if (spec.name == "max") {
    read_bound(spec.name, value, input.type, input.max);
  } else {
    count_of(input, spec.name) = reader_.integer(value, spec, spec.name);
  }
}

void InputReader::read_values(const KeySpec& spec, const Node& list, InputSpec& input) {
  std::string json;
  if (!reader_.read(list, spec, spec.name, json)) return;
  std::set<std::string_view> seen;
  for (const Node* value = list.first; value != nullptr; value = value->next) {
    input.values.emplace_back(value->text);
    if (seen.insert(value->text).second) continue;
    reporter_.error(*value, Code::kBadValue,
                    fmt::format("'values' has {} a second time", quoted(value->text)));
  }
}

void InputReader::read_match(const KeySpec& spec, const Node& value, InputSpec& input) {
  std::string json;
  if (!reader_.read(value, spec, spec.name, json)) return;
  const auto matches = tmpl::matches_whole(value.text, "");
  if (value.text.empty()) {
    reporter_.error(value, Code::kBadValue,
                    "'match' is empty; leave the key out where any text will do");
  } else if (matches.has_value()) {
    input.match = value.text;
  } else {
    reporter_.error(value, Code::kBadValue,
                    fmt::format("'match' is no regular expression: {}", matches.error().message));
  }
}

void InputReader::read_bound(std::string_view name, const Node& value, InputType type,
                             std::string& bound) {
  const auto given = reader_.text(value, name);
  if (!given.has_value()) return;
  if (tmpl::has_template(*given)) {
    reporter_.error_in(
        value, given->find('{'), Code::kTemplateNotAllowed,
        fmt::format("'{}' is not a template; it is read before values are known", name));
    return;
  }
  Result<std::string> typed = typed_input(type, *given);
  if (typed.has_value()) {
    bound = std::move(*typed);
  } else {
    reporter_.error(value, Code::kBadValue,
                    fmt::format("'{}' of a {} {}", name, to_string(type), typed.error().message));
  }
}

void InputReader::check_bounds(const Node& node, const InputSpec& input) {
  const auto wrong = [&](std::string_view key, std::string_view least) {
    reporter_.error(*node.find(key), Code::kBadValue,
                    fmt::format("'{}' is less than '{}'", key, least));
  };
  if (!input.min.empty() && !input.max.empty() &&
      compare_inputs(input.type, input.max, input.min) < 0) {
    wrong("max", "min");
  }
  if (input.min_length.has_value() && input.max_length < input.min_length &&
      input.max_length.has_value()) {
    wrong("max_length", "min_length");
  }
  if (!input.min_items.has_value()) return;
  if (input.max_items.has_value() && *input.max_items < *input.min_items) {
    wrong("max_items", "min_items");
  } else if (input.type == InputType::kMultiselect && !input.values.empty() &&
             *input.min_items > static_cast<std::int64_t>(input.values.size())) {
    reporter_.error(
        *node.find("min_items"), Code::kBadValue,
        fmt::format("'min_items' is more than the {} values that there are", input.values.size()));
  }
}

void InputReader::wrong_default(const Node& at, const InputSpec& input, std::string_view message) {
  reporter_.error(at, Code::kBadValue,
                  fmt::format("'default' of a {}: {}", to_string(input.type), message));
}

void InputReader::read_list_default(const Node& list, InputSpec& input) {
  std::string json;
  if (!reader_.read(list, input_key("default"), "default", json)) return;
  if (tmpl::has_template(json)) {
    input.default_value = std::move(json);
    return;
  }
  auto checked = checked_list(input, list);
  if (checked.has_value()) {
    input.default_value = std::move(*checked);
  } else {
    wrong_default(*checked.error().at, input, checked.error().message);
  }
}

void InputReader::read_default(const Node& value, InputSpec& input) {
  if (value.kind == NodeKind::kNull) return;
  input.line = value.mark.line;
  input.column = value.mark.column;
  if (is_list(input.type) && value.kind == NodeKind::kList) {
    read_list_default(value, input);
    return;
  }
  if (input.type == InputType::kJson) {
    std::string json;
    if (reader_.read(value, input_key("default"), "default", json)) {
      input.default_value = std::move(json);
    }
    return;
  }
  const auto given = reader_.text(value, "default");
  if (!given.has_value()) return;
  if (tmpl::has_template(*given)) {
    uses_.templates.push_back({&value, ValueKind::kTemplate});
    append_json_string(input.default_value, *given);
    return;
  }
  const bool bool_written = value.kind == NodeKind::kBool && input.type == InputType::kBool;
  Result<std::string> typed = checked_input(input, bool_written ? scalar_as_json(value) : *given);
  if (typed.has_value()) {
    input.default_value = std::move(*typed);
  } else {
    wrong_default(value, input, typed.error().message);
  }
}

void InputReader::read_required(const Node& node, InputSpec& input) {
  input.required = node.find("default") == nullptr;
  const Node* required = node.find("required");
  if (required == nullptr) return;
  input.required = reader_.boolean(*required, "required").value_or(input.required);
  if (input.required && !input.default_value.empty()) {
    reporter_.error(*required, Code::kBadValue,
                    "an input with a default is not required; leave one of them out");
  }
}

}  // namespace cordyna::flow
