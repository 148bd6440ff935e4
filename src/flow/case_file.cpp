#include "flow/case_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/durations.hpp"
#include "flow/case_keys.hpp"
#include "flow/case_reader.hpp"
#include "flow/inputs_file.hpp"
#include "flow/json_text.hpp"
#include "flow/text_file.hpp"
#include "schedule/schedule.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

constexpr std::array kInsideTest{std::string_view("inputs"), std::string_view("fixtures"),
                                 std::string_view("expect")};

/// The path of a task in the first item of each foreach that it stands in: "each[0]/clean".
std::string first_item(const Flow& flow, TaskIndex task) {
  std::string path = flow.tasks[task].id;
  for (TaskIndex in = flow.tasks[task].inside; in != kNoTask; in = flow.tasks[in].inside) {
    if (!flow.tasks[in].foreach.items.empty()) path.insert(flow.tasks[in].id.size(), "[0]");
  }
  return path;
}

/// With 0 instead of each number in brackets: "each[0]/clean" of "each[2]/clean".
std::string as_first_item(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    out += path[at];
    if (path[at] != '[') continue;
    const std::size_t end = path.find_first_not_of("0123456789", at + 1);
    if (end == std::string_view::npos || end == at + 1 || path[end] != ']') continue;
    out += '0';
    at = end - 1;
  }
  return out;
}

/// "flow.yaml" for "flow.test.yaml"; the other ending where only that is there.
std::string flow_beside(const std::string& file) {
  const std::string front = file.substr(0, file.rfind(".test."));
  std::error_code ignored;
  const std::string other = front + ".yml";
  return !fs::exists(front + ".yaml", ignored) && fs::exists(other, ignored) ? other
                                                                             : front + ".yaml";
}

std::string flow_of(const Node* root, const std::string& file) {
  const Node* named = root == nullptr ? nullptr : root->find("flow");
  if (named == nullptr || !named->is_scalar()) return flow_beside(file);
  const fs::path path(named->text);
  return path.is_absolute() ? path.string() : (fs::path(file).parent_path() / path).string();
}

/// Reads the flow; what is wrong with it is added to the file's diagnostics.
void load_flow(const Node* root, CaseFile& found, Reporter& reporter, const PluginTypes* types) {
  found.flow_file = flow_of(root, found.file);
  const Node* named = root == nullptr ? nullptr : root->find("flow");
  const Mark at = named == nullptr ? Mark{1, 1} : named->mark;
  auto parsed = parse_file(found.flow_file, types);
  if (!parsed.has_value()) {
    reporter.error(at, Code::kBadValue, "the flow " + parsed.error().message);
    return;
  }
  found.flow_file = parsed->file;
  if (parsed->flow == nullptr) {
    reporter.error(at, Code::kBadValue, fmt::format("the flow {} has errors", found.flow_file));
  }
  found.flow = std::move(parsed->flow);
  found.canonical = std::move(parsed->canonical);
  found.diagnostics = std::move(parsed->diagnostics);
}

/// The keys of the file itself. Null: there are no tests to read.
const Node* tests_of(const Node& root, ValueReader& values, Reporter& reporter) {
  if (!values.is_map(root, "a file of tests")) return nullptr;
  for (const Node* key = root.first; key != nullptr; key = key->next->next) {
    if (find_key(case_detail::kFileFields, key->text) == nullptr) {
      values.unknown_key(*key, case_detail::kFileFields, {}, {}, "of a file of tests");
    }
  }
  const Node* flow = root.find("flow");
  if (flow != nullptr) (void)values.text(*flow, "flow");
  const Node* tests = root.find("tests");
  if (tests == nullptr) {
    reporter.error(root, Code::kMissingKey, "a file of tests has no 'tests'; it is required");
    return nullptr;
  }
  if (!values.is_list(*tests, "tests")) return nullptr;
  if (tests->first == nullptr) {
    reporter.error(*tests, Code::kBadValue, "'tests' has 0 items; it wants at least 1");
  }
  return tests;
}

/// As a server makes it of a request (server/hooks/hook_event.hpp), or of what an input tells
/// (input/host). Null: an empty one.
std::string event_json(const Node* event, const TriggerSpec& trigger, Millis at) {
  const auto member = [event](std::string_view key, std::string_view otherwise) {
    const Node* node = event == nullptr ? nullptr : event->find(key);
    if (node == nullptr) return std::string(otherwise);
    std::string out;
    append_json(out, *node, KeyOrder::kAsWritten);
    return out;
  };
  std::string id;
  const Node* named = event == nullptr ? nullptr : event->find("id");
  append_json_string(id, named == nullptr ? std::string_view("test") : named->text);
  // A case has one event.
  const auto whole = [&trigger](std::string fields) {
    if (!trigger.gather.is_on()) return '{' + fields + '}';
    if (trigger.gather.debounce > 0) return fmt::format(R"({{{},"count":1}})", fields);
    return fmt::format(R"({{{0},"count":1,"events":[{{{0}}}]}})", fields);
  };
  const std::string begun = fmt::format(R"("id":{},"trigger":"{}","at":"{}","data":{})", id,
                                        trigger.id, format_timestamp(at), member("data", "null"));
  if (tells_of_things(trigger.type)) {
    return whole(fmt::format(R"({},"location":{},"operation":{})", begun,
                             member("location", "\"\""), member("operation", "\"create\"")));
  }
  return whole(fmt::format(R"({},"headers":{},"query":{})", begun, member("headers", "{}"),
                           member("query", "{}")));
}

}  // namespace

std::string case_file_beside(const std::string& flow_file) {
  std::error_code ignored;
  for (const std::string_view ending : {".yaml", ".yml"}) {
    if (!flow_file.ends_with(ending)) continue;
    const std::string front = flow_file.substr(0, flow_file.size() - ending.size());
    for (const char* name : {".test.yaml", ".test.yml"}) {
      if (fs::exists(front + name, ignored)) return front + name;
    }
  }
  return {};
}

bool is_case_file(std::string_view name) {
  return name.ends_with(".test.yaml") || name.ends_with(".test.yml");
}

CaseReader::CaseReader(const Flow& flow, Reporter& reporter, std::string folder)
    : flow_(flow), reporter_(reporter), values_(reporter, uses_), folder_(std::move(folder)) {}

std::vector<FlowCase> CaseReader::read(const Node& root) {
  std::vector<FlowCase> cases;
  const Node* tests = tests_of(root, values_, reporter_);
  if (tests == nullptr) return cases;
  for (const Node* test = tests->first; test != nullptr; test = test->next) {
    FlowCase one = read_case(*test);
    const bool taken = std::ranges::any_of(
        cases, [&one](const FlowCase& other) { return !one.id.empty() && other.id == one.id; });
    if (taken) {
      reporter_.error(*test->find("id"), Code::kDuplicateId,
                      fmt::format("there is a test {} already", quoted(std::string_view(one.id))));
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

FlowCase CaseReader::read_case(const Node& node) {
  FlowCase test;
  test.place = place_of(node);
  const std::string_view name = node.find("id") == nullptr ? std::string_view("a test") : "test";
  if (!check_keys(node, case_detail::kTestFields, name, kInsideTest)) return test;
  test.id = text_of(node, "id").value_or("");
  test.description = text_of(node, "description").value_or("");
  test.slots = static_cast<std::uint32_t>(number_of(node, "slots").value_or(4));
  test.timeout = duration_of(node, "timeout").value_or(300'000);
  const std::string_view run = text_of(node, "run").value_or("data");
  test.real = run == "all" ? RunReal::kAll : run == "none" ? RunReal::kNone : RunReal::kData;
  read_time(node, test);
  read_trigger(node, test);
  read_secrets(node, test);
  if (const Node* inputs = node.find("inputs"); inputs != nullptr) {
    test.inputs = read_inputs(flow_, *inputs, reporter_, folder_);
  }
  if (const Node* fixtures = node.find("fixtures"); fixtures != nullptr) {
    read_fixtures(*fixtures, test);
  }
  if (const Node* expect = node.find("expect"); expect != nullptr) {
    test.expect = read_expect(*expect);
  }
  return test;
}

void CaseReader::read_time(const Node& node, FlowCase& test) {
  constexpr Millis kFirstOf2026 = 1'767'225'600'000;
  test.at = time_of(node, "at").value_or(kFirstOf2026);
  test.scheduled.at = time_of(node, "scheduled_for").value_or(0);
  test.scheduled.interval_from = test.scheduled.at;
}

void CaseReader::read_trigger(const Node& node, FlowCase& test) {
  const Node* named = node.find("trigger");
  if (named == nullptr || !named->is_scalar()) return;
  const auto found = std::ranges::find(flow_.triggers, named->text, &TriggerSpec::id);
  if (found == flow_.triggers.end()) {
    std::vector<std::string_view> known;
    known.reserve(flow_.triggers.size());
    for (const TriggerSpec& trigger : flow_.triggers) known.emplace_back(trigger.id);
    std::string hint = did_you_mean(named->text, known);
    if (hint.empty()) hint = known.empty() ? "; it has none" : "; it has " + join_or(known);
    reporter_.error(*named, Code::kBadValue,
                    fmt::format("the flow has no trigger {}{}", quoted(named->text), hint));
    return;
  }
  if (const Node* inputs = node.find("inputs"); inputs != nullptr) {
    reporter_.error(*inputs, Code::kBadValue,
                    "the trigger gives the inputs; leave 'inputs' or 'trigger' out");
  }
  test.trigger = static_cast<std::size_t>(found - flow_.triggers.begin());
  test.scheduled.trigger = found->id;
  const Node* event = node.find("event");
  if (found->type != TriggerType::kSchedule) {
    test.event = event_json(event, *found, test.at);
    return;
  }
  if (event != nullptr) {
    reporter_.error(*event, Code::kBadKey,
                    fmt::format("trigger '{}' is of type {}, which has no events", found->id,
                                to_string(found->type)));
  }
  const auto times = schedule::Schedule::of(*found);
  if (!times.has_value()) return;  // the flow was checked
  if (test.scheduled.at == 0) test.scheduled.at = times->previous(test.at + 1).value_or(test.at);
  test.scheduled.interval_from = times->previous(test.scheduled.at).value_or(test.scheduled.at);
}

void CaseReader::read_secrets(const Node& node, FlowCase& test) {
  const Node* secrets = node.find("secrets");
  if (secrets == nullptr || secrets->kind != NodeKind::kMap) return;
  for (const Node* key = secrets->first; key != nullptr; key = key->next->next) {
    if (!is_env_name(key->text) || key->text == "KEY") {
      reporter_.error(*key, Code::kBadKey,
                      fmt::format("{} is no name of a secret; those are letters, digits and '_', "
                                  "begin with no digit, and are not KEY",
                                  quoted(key->text)));
    }
    test.secrets.emplace_back(key->text, key->next->text);
  }
}

bool CaseReader::check_keys(const Node& node, std::span<const KeySpec> keys, std::string_view what,
                            std::span<const std::string_view> inside) {
  if (!values_.is_map(node, what)) return false;
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const KeySpec* field = find_key(keys, key->text);
    if (field == nullptr) {
      values_.unknown_key(*key, keys, {}, {}, fmt::format("of '{}'", what));
      continue;
    }
    if (std::ranges::find(inside, field->name) != inside.end()) continue;
    std::string ignored;
    (void)values_.read(*key->next, *field, field->name, ignored);
  }
  for (const KeySpec& field : keys) {
    if (!field.required || node.find(field.name) != nullptr) continue;
    reporter_.error(node, Code::kMissingKey,
                    fmt::format("'{}' has no '{}'; it is required", what, field.name));
  }
  return true;
}

std::optional<std::string_view> CaseReader::text_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  if (node == nullptr || !node->is_scalar() || node->kind == NodeKind::kNull) return std::nullopt;
  return node->text;
}

std::optional<std::int64_t> CaseReader::number_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  if (node == nullptr || node->kind != NodeKind::kInt) return std::nullopt;
  const std::string json = scalar_as_json(*node);
  std::int64_t value = 0;
  std::from_chars(json.data(), json.data() + json.size(), value);
  return value;
}

std::optional<bool> CaseReader::flag_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  if (node == nullptr || node->kind != NodeKind::kBool) return std::nullopt;
  return scalar_as_json(*node) == "true";
}

std::optional<Millis> CaseReader::duration_of(const Node& map, std::string_view key) {
  const auto text = text_of(map, key);
  if (!text.has_value()) return std::nullopt;
  const auto parsed = parse_duration(*text);
  return parsed.has_value() ? std::optional(*parsed) : std::nullopt;
}

CasePlace CaseReader::place_of(const Node& node) {
  return {node.mark.line, node.mark.column};
}

std::string CaseReader::map_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  std::string json;
  if (node != nullptr && values_.is_map(*node, key)) append_json(json, *node, KeyOrder::kAsWritten);
  return json;
}

std::optional<TaskIndex> CaseReader::find_path(const Node& name) {
  const std::string wanted = as_first_item(name.text);
  for (TaskIndex task = 0; task < flow_.tasks.size(); ++task) {
    const std::string first = first_item(flow_, task);
    if (wanted == first) return task;
    if (name.text != flow_.tasks[task].id) continue;
    reporter_.error(name, Code::kUnknownTask,
                    fmt::format("{} runs once for each item of '{}'; name one, as {}",
                                quoted(name.text), first.substr(0, first.find('[')), first));
    return std::nullopt;
  }
  return find_task(name);
}

std::optional<TaskIndex> CaseReader::find_task(const Node& name) {
  std::vector<std::string_view> known;
  known.reserve(flow_.tasks.size());
  for (TaskIndex task = 0; task < flow_.tasks.size(); ++task) {
    if (name.is_scalar() && flow_.tasks[task].id == name.text) return task;
    known.emplace_back(flow_.tasks[task].id);
  }
  std::string hint = reporter_.may_suggest() ? did_you_mean(name.text, known) : "";
  if (hint.empty() && known.size() <= 8) hint = "; it has " + join_or(known);
  reporter_.error(name, Code::kUnknownTask,
                  fmt::format("flow '{}' has no task {}{}", flow_.id, quoted(name.text), hint));
  return std::nullopt;
}

bool CaseReader::is_error_code(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  if (node == nullptr || !node->is_scalar()) return false;
  if (parse_task_error_code(node->text).has_value()) return true;
  std::vector<std::string_view> known;
  known.reserve(task_error_table().size());
  for (const TaskErrorInfo& row : task_error_table()) known.push_back(row.name);
  reporter_.error(*node, Code::kBadValue,
                  fmt::format("'{}' is a code of task errors, such as EXIT_NONZERO, not {}{}", key,
                              quoted(node->text), did_you_mean(node->text, known)));
  return false;
}

std::optional<Millis> CaseReader::time_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  if (node == nullptr || !node->is_scalar()) return std::nullopt;
  const auto time = parse_timestamp(node->text);
  if (time.has_value() && *time > 0) return time;
  reporter_.error(*node, Code::kBadValue,
                  fmt::format("'{}' is a time after 1970, such as 2026-03-29 or "
                              "2026-03-29T01:59:00Z, not {}",
                              key, quoted(node->text)));
  return std::nullopt;
}

Result<CaseFile> read_case_file(const std::string& path, const PluginTypes* types) {
  CaseFile found;
  found.file = path;
  TRY_ASSIGN(const std::string whole, read_text_file(path, kCaseBytesMax));
  std::string_view text = whole;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Findings findings;
  Reporter reporter(findings, path, text);
  YamlTree tree;
  const Node* root = tree.load(text, reporter);
  load_flow(root, found, reporter, types);
  if (root != nullptr && found.flow != nullptr) {
    std::error_code ignored;
    const std::string folder = fs::absolute(path, ignored).parent_path().string();
    found.cases = CaseReader(*found.flow, reporter, folder).read(*root);
  }
  found.good = !findings.has_error() && found.flow != nullptr;
  for (Diagnostic& one : findings.take(path)) found.diagnostics.push_back(std::move(one));
  return found;
}

}  // namespace cordyna::flow
