#include "flow/trigger_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/calendar.hpp"
#include "base/check.hpp"
#include "flow/input_rules.hpp"
#include "flow/json_text.hpp"
#include "schedule/cron.hpp"
#include "schedule/zone.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

const KeySpec& trigger_key(std::string_view name) {
  const KeySpec* spec = find_key(trigger_keys(), name);
  CHECK(spec != nullptr);
  return *spec;
}

}  // namespace

TriggerSpec TriggerReader::read(const Node& node) {
  TriggerSpec trigger;
  if (!reader_.is_map(node, "triggers") || !check_type(node)) return trigger;
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const KeySpec* spec = find_key(trigger_keys(), key->text);
    if (spec != nullptr) {
      read_key(*spec, *key->next, trigger);
    } else {
      reader_.unknown_key(*key, trigger_keys(), {}, renamed_trigger_keys(), "of a trigger");
    }
  }
  for (const KeySpec& spec : trigger_keys()) {
    if (!spec.required || node.find(spec.name) != nullptr) continue;
    reporter_.error(node, Code::kMissingKey,
                    fmt::format("a trigger has no '{}'; it is required", spec.name));
  }
  check_id(node, trigger);
  check_required(node, trigger);
  return trigger;
}

bool TriggerReader::check_type(const Node& node) {
  const Node* type = node.find("type");
  if (type == nullptr) return true;  // reported as missing
  if (type->is_scalar() && std::ranges::count(later_trigger_types(), type->text) > 0) {
    reporter_.error(*type, Code::kNotYet,
                    fmt::format("triggers of type {} are not supported by this version; only "
                                "schedule is",
                                quoted(type->text)));
    return false;
  }
  return true;
}

void TriggerReader::check_id(const Node& node, const TriggerSpec& trigger) {
  const Node* id = node.find("id");
  if (id == nullptr || trigger.id.empty()) return;
  const auto [first, added] = lines_.emplace(id->text, id->mark.line);
  if (added) return;
  reporter_.error(*id, Code::kDuplicateId,
                  fmt::format("a second trigger has the id '{}'; the first is in line {}",
                              trigger.id, first->second));
}

void TriggerReader::read_key(const KeySpec& spec, const Node& value, TriggerSpec& trigger) {
  std::string json;
  const auto word = [&] {
    return static_cast<std::uint8_t>(reader_.word(value, spec, spec.name).value_or(0));
  };
  if (spec.name == "id") {
    if (reader_.read(value, spec, spec.name, json)) trigger.id = value.text;
  } else if (spec.name == "type") {
    (void)word();
  } else if (spec.name == "description") {
    if (reader_.read(value, spec, spec.name, json)) trigger.description = value.text;
  } else if (spec.name == "cron") {
    read_cron(value, trigger);
  } else if (spec.name == "timezone") {
    read_timezone(value, trigger);
  } else if (spec.name == "catch_up") {
    trigger.catch_up = static_cast<CatchUp>(word());
  } else if (spec.name == "window") {
    trigger.window = reader_.duration(value, spec, spec.name).value_or(0);
  } else if (spec.name == "jitter") {
    trigger.jitter = reader_.duration(value, spec, spec.name).value_or(0);
  } else if (spec.name == "on_gap") {
    trigger.on_gap = static_cast<OnGap>(word());
  } else if (spec.name == "on_overlap") {
    trigger.on_overlap = static_cast<OnOverlap>(word());
  } else if (spec.name == "holidays") {
    read_holidays(spec, value, trigger);
  } else if (spec.name == "inputs") {
    read_inputs(value, trigger);
  } else {
    CHECK(spec.name == "disabled");
    trigger.disabled = reader_.boolean(value, spec.name).value_or(false);
  }
}

void TriggerReader::read_cron(const Node& value, TriggerSpec& trigger) {
  std::string json;
  if (!reader_.read(value, trigger_key("cron"), "cron", json)) return;
  trigger.cron = value.text;
  const auto cron = schedule::Cron::parse(value.text);
  if (cron.has_value()) return;
  reporter_.error(value, Code::kBadValue, fmt::format("'cron': {}", cron.error().message));
}

void TriggerReader::read_timezone(const Node& value, TriggerSpec& trigger) {
  std::string json;
  if (!reader_.read(value, trigger_key("timezone"), "timezone", json)) return;
  trigger.timezone = value.text;
  const auto zone = schedule::Zone::find(value.text);
  if (zone.has_value()) return;
  reporter_.error(value, Code::kBadValue, fmt::format("'timezone': {}", zone.error().message));
}

void TriggerReader::read_holidays(const KeySpec& spec, const Node& value, TriggerSpec& trigger) {
  std::string json;
  if (!reader_.read(value, spec, spec.name, json)) return;
  const bool list = value.kind == NodeKind::kList;
  for (const Node* day = list ? value.first : &value; day != nullptr;
       day = list ? day->next : nullptr) {
    const auto date = parse_date(day->text);
    if (date.has_value()) {
      trigger.holidays.push_back(date->seconds / kDaySeconds);
    } else {
      reporter_.error(
          *day, Code::kBadValue,
          fmt::format("'holidays' wants dates like 2026-12-25, not {}", quoted(day->text)));
    }
  }
  std::ranges::sort(trigger.holidays);
  const auto rest = std::ranges::unique(trigger.holidays);
  trigger.holidays.erase(rest.begin(), rest.end());
}

void TriggerReader::read_inputs(const Node& map, TriggerSpec& trigger) {
  if (!reader_.is_map(map, "inputs")) return;
  std::vector<std::string_view> known;
  known.reserve(inputs_.size());
  for (const InputSpec& input : inputs_) known.emplace_back(input.id);
  for (const Node* key = map.first; key != nullptr; key = key->next->next) {
    const auto input = std::ranges::find(inputs_, key->text, &InputSpec::id);
    if (input != inputs_.end()) {
      read_input(*input, *key->next, trigger);
      continue;
    }
    std::string hint = did_you_mean(key->text, known);
    if (hint.empty()) hint = known.empty() ? "; the flow has none" : "; it has " + join_or(known);
    reporter_.error(*key, Code::kUnknownKey,
                    fmt::format("unknown input {}{}", quoted(key->text), hint));
  }
  std::ranges::sort(trigger.inputs);
}

void TriggerReader::read_input(const InputSpec& input, const Node& value, TriggerSpec& trigger) {
  if (input.type == InputType::kJson) {
    std::string json;
    if (reader_.read(value, *trigger_key("inputs").item, input.id, json)) {
      trigger.inputs.emplace_back(input.id, std::move(json));
    }
  } else if (value.kind == NodeKind::kNull) {
    wrong_input(value, input, "has no value; leave it out, so that its default counts");
  } else if (value.is_scalar()) {
    read_single(input, value, trigger);
  } else if (is_list(input.type) && value.kind == NodeKind::kList) {
    read_list(input, value, trigger);
  } else {
    reporter_.error(value, Code::kWrongType,
                    fmt::format("input '{}' wants {} ({}), not {}", input.id,
                                is_list(input.type) ? "a list" : "one value", to_string(input.type),
                                describe(value.kind)));
  }
}

void TriggerReader::read_single(const InputSpec& input, const Node& value, TriggerSpec& trigger) {
  const bool bool_written = value.kind == NodeKind::kBool && input.type == InputType::kBool;
  std::string text = bool_written ? scalar_as_json(value) : std::string(value.text);
  if (tmpl::has_template(text)) {
    uses_.templates.push_back({&value, ValueKind::kTemplate});
  } else if (const auto checked = checked_input(input, text); !checked.has_value()) {
    return wrong_input(value, input, checked.error().message);
  }
  trigger.inputs.emplace_back(input.id, std::move(text));
}

void TriggerReader::read_list(const InputSpec& input, const Node& list, TriggerSpec& trigger) {
  auto checked = checked_list(input, list);
  if (!checked.has_value()) {
    return wrong_input(*checked.error().at, input, checked.error().message);
  }
  if (tmpl::has_template(*checked)) {
    reporter_.error(list, Code::kTemplateNotAllowed,
                    fmt::format("the list for input '{}' has a template; write one text instead, "
                                "such as \"a,{{{{ run.date }}}}\"",
                                input.id));
    return;
  }
  trigger.inputs.emplace_back(input.id, std::move(*checked));
}

void TriggerReader::wrong_input(const Node& at, const InputSpec& input, std::string_view message) {
  reporter_.error(at, Code::kBadValue, fmt::format("input '{}' {}", input.id, message));
}

void TriggerReader::check_required(const Node& node, const TriggerSpec& trigger) {
  const Node* given = node.find("inputs");
  for (const InputSpec& input : inputs_) {
    if (!input.required) continue;
    if (given != nullptr && given->kind == NodeKind::kMap && given->find(input.id) != nullptr) {
      continue;
    }
    reporter_.error(given != nullptr ? *given : node, Code::kMissingKey,
                    fmt::format("input '{}' is required, and trigger '{}' does not give it; add it "
                                "to its 'inputs', or give the input a default",
                                input.id, trigger.id));
  }
}

}  // namespace cordyna::flow
