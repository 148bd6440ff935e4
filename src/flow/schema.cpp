#include <fmt/format.h>

#include <algorithm>

#include "flow/case_file.hpp"
#include "flow/case_keys.hpp"
#include "flow/flow_file.hpp"
#include "flow/git_file.hpp"
#include "flow/git_keys.hpp"
#include "flow/json_text.hpp"
#include "flow/key_spec.hpp"
#include "flow/team_keys.hpp"
#include "flow/teams_file.hpp"

// JSON Schema, draft 2020-12, from the tables of key_spec.hpp.
namespace cordyna::flow {
namespace {

std::string schema_of(const KeySpec& spec);

std::string string_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string object_json(JsonFields fields) {
  std::string out;
  append_json_object(out, fields, KeyOrder::kAsWritten);
  return out;
}

std::string list_json(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ","));
}

std::string words_json(std::span<const std::string_view> words) {
  std::vector<std::string> items;
  for (const std::string_view word : words) items.push_back(string_json(word));
  return list_json(items);
}

constexpr std::string_view kPathPattern = "^[a-z0-9][a-z0-9._/-]*$";
constexpr std::string_view kIdPattern = "^[a-z0-9][a-z0-9._-]{0,127}$";
constexpr std::string_view kPluginPattern =
    "^[a-z0-9][a-z0-9._-]{0,127}/[a-z0-9][a-z0-9._-]{0,127}$";
constexpr std::string_view kEnvPattern = "^(?!DYNA_)[A-Za-z_][A-Za-z0-9_]*$";
constexpr std::string_view kDurationPattern =
    "^([0-9]+(ms|s|m|h|d))+$|^P([0-9]+W)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9.]+S)?)?$";
constexpr std::string_view kSizePattern = "^[0-9]+(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$";
// Numbers and booleans stand for their own text wherever a string is wanted.
constexpr std::string_view kTextTypes = R"(["string","number","boolean"])";

JsonFields pattern(std::string_view regex) {
  return {{"type", "\"string\""}, {"pattern", string_json(regex)}};
}

JsonFields bounded(std::string_view type, const KeySpec& spec) {
  JsonFields fields{{"type", string_json(type)}, {"minimum", fmt::format("{}", spec.least)}};
  if (spec.most != std::numeric_limits<std::int64_t>::max()) {
    fields.emplace_back("maximum", fmt::format("{}", spec.most));
  }
  return fields;
}

JsonFields object_schema(std::span<const KeySpec> keys) {
  JsonFields properties;
  std::vector<std::string> required;
  for (const KeySpec& key : keys) {
    if (key.not_yet) continue;
    properties.emplace_back(key.name, schema_of(key));
    if (key.required) required.push_back(string_json(key.name));
  }
  JsonFields fields{{"type", "\"object\""}, {"properties", object_json(std::move(properties))}};
  if (!required.empty()) fields.emplace_back("required", list_json(required));
  fields.emplace_back("additionalProperties", "false");
  return fields;
}

JsonFields list_schema(const KeySpec& spec) {
  const std::string_view any = spec.name == "inputs" ? R"({"$ref":"#/$defs/any_input"})" : "true";
  const std::string item = spec.item == nullptr ? std::string(any) : schema_of(*spec.item);
  JsonFields list{{"type", "\"array\""}, {"items", item}};
  if (spec.least > 0) list.emplace_back("minItems", fmt::format("{}", spec.least));
  if (!spec.one_or_list) return list;
  return {{"anyOf", list_json({item, object_json(std::move(list))})}};
}

JsonFields map_schema(const KeySpec& spec) {
  JsonFields fields{{"type", "\"object\""}, {"additionalProperties", schema_of(*spec.item)}};
  if (spec.env_names) fields.emplace_back("propertyNames", object_json(pattern(kEnvPattern)));
  if (spec.least > 0) fields.emplace_back("minProperties", fmt::format("{}", spec.least));
  return fields;
}

JsonFields object_or_short(const KeySpec& spec) {
  JsonFields object = object_schema(spec.fields);
  std::string single;
  if (spec.name == "contract" || names_connection(spec)) single = R"({"type":"string"})";
  if (!spec.short_field.empty()) single = schema_of(*find_key(spec.fields, spec.short_field));
  if (single.empty()) return object;
  return {{"anyOf", list_json({single, object_json(std::move(object))})}};
}

JsonFields fields_of(const KeySpec& spec) {
  switch (spec.kind) {
    case ValueKind::kText:
    case ValueKind::kTemplate:
    case ValueKind::kCondition:
    case ValueKind::kShell:
    case ValueKind::kPython:
    case ValueKind::kVerbatim:
    case ValueKind::kSql:
    case ValueKind::kUrl:
    case ValueKind::kRetryOn:
    case ValueKind::kScalar: return {{"type", std::string(kTextTypes)}};
    case ValueKind::kId:
    case ValueKind::kNamespace: return pattern(kIdPattern);
    case ValueKind::kTask:
    case ValueKind::kDataTask: return pattern(kPathPattern);
    case ValueKind::kNeed:
      return {{"anyOf", list_json({object_json(pattern(kPathPattern)),
                                   object_json(object_schema(spec.fields))})}};
    case ValueKind::kDataColumn: return pattern("^[a-z0-9][a-z0-9._-]*[.].+$");
    case ValueKind::kColumnType:
      return pattern(
          R"(^(string|int32|int64|double|date|timestamp|bool|decimal\([0-9]+, ?[0-9]+\))$)");
    case ValueKind::kInt: return bounded("integer", spec);
    case ValueKind::kNumber: return bounded("number", spec);
    case ValueKind::kCpu:
      return {{"type", string_json("number")},
              {"minimum", "0.01"},
              {"maximum", fmt::format("{}", spec.most)}};
    case ValueKind::kBool: return {{"type", "\"boolean\""}};
    case ValueKind::kDuration: return pattern(kDurationPattern);
    case ValueKind::kSize: return pattern(kSizePattern);
    case ValueKind::kEnum: return {{"enum", words_json(spec.words)}};
    case ValueKind::kAny: return {};
    case ValueKind::kList: return list_schema(spec);
    case ValueKind::kTasks:
      return {{"type", "\"array\""}, {"items", R"({"$ref":"#/$defs/any_task"})"}};
    case ValueKind::kMap: return map_schema(spec);
    case ValueKind::kObject: return object_or_short(spec);
  }
  return {};
}

std::string schema_of(const KeySpec& spec) {
  JsonFields fields = fields_of(spec);
  if (!spec.description.empty()) {
    fields.emplace_back("description", string_json(spec.description));
  }
  if (!spec.preset.empty()) fields.emplace_back("default", spec.preset);
  return object_json(std::move(fields));
}

/// One type's task: the keys of all tasks, and its own.
std::string task_schema(const TaskType& type) {
  std::vector<KeySpec> keys(task_keys().begin(), task_keys().end());
  keys.insert(keys.end(), type.keys.begin(), type.keys.end());
  const std::string_view only[] = {type.name};
  for (KeySpec& key : keys) {
    if (key.name == "type") key.words = only;
  }
  JsonFields fields = object_schema(keys);
  if (type.name == "shell") {
    fields.emplace_back("anyOf", R"([{"required":["script"]},{"required":["file"]}])");
  }
  fields.emplace_back("description", string_json(type.description));
  return object_json(std::move(fields));
}

/// A task of any plugin: the words of its type are those of a project, which nobody knows here.
std::string plugin_schema() {
  const TaskType& type = plugin_task_type(false);
  std::vector<KeySpec> keys(task_keys().begin(), task_keys().end());
  keys.insert(keys.end(), type.keys.begin(), type.keys.end());
  JsonFields properties;
  for (const KeySpec& key : keys) {
    if (key.not_yet) continue;
    JsonFields name = pattern(kPluginPattern);
    properties.emplace_back(key.name,
                            key.name == "type" ? object_json(std::move(name)) : schema_of(key));
  }
  return object_json({{"type", "\"object\""},
                      {"properties", object_json(std::move(properties))},
                      {"required", R"(["id","type"])"},
                      {"additionalProperties", "false"},
                      {"description", string_json(type.description)}});
}

std::string trigger_schema(const TriggerKind& kind) {
  std::vector<KeySpec> keys(trigger_keys().begin(), trigger_keys().end());
  keys.insert(keys.end(), kind.keys.begin(), kind.keys.end());
  const std::string_view only[] = {kind.name};
  for (KeySpec& key : keys) {
    if (key.name == "type") key.words = only;
  }
  JsonFields fields = object_schema(keys);
  if (kind.name == "webhook") {
    fields.emplace_back("anyOf",
                        R"([{"required":["path_secret"]},{"required":["signing_secret"]}])");
  }
  fields.emplace_back("description", string_json(kind.description));
  return object_json(std::move(fields));
}

/// The keys of an input, and that some of them are only for some types.
JsonFields input_schema() {
  JsonFields fields = object_schema(input_keys());
  std::vector<std::string> rules;
  for (const InputKeyRule& rule : input_key_rules()) {
    // Without `type` an input is a string: the condition holds for a missing one, too.
    const bool preset = std::ranges::find(rule.types, "string") != rule.types.end();
    rules.push_back(
        fmt::format(R"({{"if":{{"properties":{{"type":{{"enum":{}}}}}{}}},"then":{{{}}},)"
                    R"("else":{{"properties":{{"{}":false}}}}}})",
                    words_json(rule.types), preset ? "" : R"(,"required":["type"])",
                    rule.required ? fmt::format(R"("required":["{}"])", rule.key) : "", rule.key));
  }
  fields.emplace_back("allOf", list_json(rules));
  return fields;
}

std::string definitions() {
  JsonFields fields;
  std::vector<std::string> tasks;
  for (const TaskType& type : task_types()) {
    if (type.not_yet) continue;
    fields.emplace_back(type.name, task_schema(type));
    tasks.push_back(fmt::format(R"({{"$ref":"#/$defs/{}"}})", type.name));
  }
  fields.emplace_back("plugin", plugin_schema());
  tasks.emplace_back(R"({"$ref":"#/$defs/plugin"})");
  fields.emplace_back("any_task", fmt::format(R"({{"oneOf":{}}})", list_json(tasks)));
  fields.emplace_back("any_input", object_json(input_schema()));
  std::vector<std::string> triggers;
  for (const TriggerKind& kind : trigger_kinds()) triggers.push_back(trigger_schema(kind));
  fields.emplace_back("any_trigger", fmt::format(R"({{"oneOf":{}}})", list_json(triggers)));
  return object_json(std::move(fields));
}

}  // namespace

std::string json_schema() {
  std::vector<KeySpec> keys;
  JsonFields properties;
  std::vector<std::string> required;
  for (const KeySpec& key : flow_keys()) {
    if (key.not_yet) continue;
    if (key.required) required.push_back(string_json(key.name));
    if (key.kind != ValueKind::kList) {
      properties.emplace_back(key.name, schema_of(key));
      continue;
    }
    // The lists of a flow: inputs, triggers, and the sections of tasks.
    const std::string_view item = key.name == "inputs"     ? "any_input"
                                  : key.name == "triggers" ? "any_trigger"
                                                           : "any_task";
    JsonFields list{{"type", "\"array\""},
                    {"items", fmt::format(R"({{"$ref":"#/$defs/{}"}})", item)},
                    {"description", string_json(key.description)}};
    if (key.least > 0) list.emplace_back("minItems", fmt::format("{}", key.least));
    properties.emplace_back(key.name, object_json(std::move(list)));
  }
  return object_json({{"$schema", "\"https://json-schema.org/draft/2020-12/schema\""},
                      {"title", "\"Cordyna flow\""},
                      {"type", "\"object\""},
                      {"properties", object_json(std::move(properties))},
                      {"required", list_json(required)},
                      {"additionalProperties", "false"},
                      {"$defs", definitions()}});
}

std::vector<BuiltInType> built_in_types() {
  std::vector<BuiltInType> types;
  for (const TaskType& type : task_types()) {
    if (type.not_yet) continue;
    types.push_back({std::string(type.name), std::string(type.description), task_schema(type)});
  }
  return types;
}

std::string case_json_schema() {
  JsonFields fields{{"$schema", "\"https://json-schema.org/draft/2020-12/schema\""},
                    {"title", "\"Tests of a Cordyna flow\""}};
  for (auto& field : object_schema(case_detail::kFileFields)) fields.push_back(std::move(field));
  return object_json(std::move(fields));
}

std::string teams_json_schema() {
  JsonFields fields{{"$schema", "\"https://json-schema.org/draft/2020-12/schema\""},
                    {"title", "\"Cordyna's teams.yaml\""}};
  for (auto& field : object_schema(kTeamFileKeys)) fields.push_back(std::move(field));
  return object_json(std::move(fields));
}

std::string git_json_schema() {
  JsonFields fields{{"$schema", "\"https://json-schema.org/draft/2020-12/schema\""},
                    {"title", "\"Cordyna's git.yaml\""}};
  for (auto& field : object_schema(kGitFileKeys)) fields.push_back(std::move(field));
  return object_json(std::move(fields));
}

}  // namespace cordyna::flow
