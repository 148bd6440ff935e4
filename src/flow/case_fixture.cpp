// Fixtures of a test: tasks that are not run, and how each ends.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "flow/case_keys.hpp"
#include "flow/case_reader.hpp"
#include "flow/inputs_file.hpp"
#include "flow/json_text.hpp"
#include "flow/path_input.hpp"

namespace cordyna::flow {
namespace {

/// A key that only stands beside some others.
struct Beside {
  std::string_view key;
  std::array<std::string_view, 3> others;  // at least one of them
};

constexpr std::array kBeside{
    Beside{"message", {"error", "", ""}},
    Beside{"exit_code", {"error", "", ""}},
    Beside{"attempts", {"error", "", ""}},
};

/// How an attempt ends: one of these, or none.
constexpr std::array kEnds{std::string_view("error"), std::string_view("data"),
                           std::string_view("hold"), std::string_view("hangs"),
                           std::string_view("real")};

}  // namespace

void CaseReader::read_fixtures(const Node& node, FlowCase& test) {
  if (!values_.is_map(node, "fixtures")) return;
  for (const Node* name = node.first; name != nullptr; name = name->next->next) {
    const auto task = find_task(*name);
    if (!task.has_value() || !may_have_fixture(*name, *task)) continue;
    Fixture fixture;
    fixture.task = *task;
    const Node& value = *name->next;
    if (value.kind != NodeKind::kList) {
      read_attempt(value, name->text, fixture);
    } else if (value.first == nullptr) {
      reporter_.error(value, Code::kBadValue,
                      fmt::format("'{}' has 0 items; it wants one for each attempt", name->text));
    }
    const bool list = value.kind == NodeKind::kList;
    for (const Node* one = list ? value.first : nullptr; one != nullptr; one = one->next) {
      read_attempt(*one, name->text, fixture);
    }
    if (std::ranges::count(fixture.attempts, FixtureKind::kData, &FixtureAttempt::kind) > 1) {
      reporter_.error(value, Code::kBadValue,
                      fmt::format("'{}' has several tables; one stands in for it", name->text));
    }
    test.fixtures.push_back(std::move(fixture));
  }
}

/// Tasks of the engine do nothing that a fixture could spare; a pause waits for a person.
bool CaseReader::may_have_fixture(const Node& name, TaskIndex task) {
  const TaskSpec& spec = flow_.tasks[task];
  if (spec.kind != TaskKind::kEngine) return true;
  const Node& value = *name.next;
  if (spec.wait.what == WaitFor::kPerson) {
    const bool decides = value.kind == NodeKind::kMap &&
                         (value.find("approve") != nullptr || value.find("reject") != nullptr);
    if (decides) return true;
    reporter_.error(value, Code::kBadValue,
                    fmt::format("'{}' is a pause: its fixture is approve: {{}} or reject: {{}}, "
                                "with by and note",
                                spec.id));
    return false;
  }
  reporter_.error(name, Code::kBadValue,
                  fmt::format("'{}' ({}) is done by the engine itself, by the virtual clock; it "
                              "has no fixture",
                              spec.id, spec.type));
  return false;
}

bool CaseReader::check_together(const Node& node, std::string_view name) {
  bool good = true;
  for (const Beside& row : kBeside) {
    const Node* key = node.find(row.key);
    if (key == nullptr || node.find(row.others[0]) != nullptr) continue;
    reporter_.error(*key, Code::kBadValue,
                    fmt::format("'{}' stands beside '{}' only", row.key, row.others[0]));
    good = false;
  }
  std::vector<std::string_view> ends;
  for (const std::string_view end : kEnds) {
    if (node.find(end) != nullptr) ends.push_back(end);
  }
  if (ends.size() > 1) {
    reporter_.error(
        node, Code::kBadValue,
        fmt::format("'{}' ends in one way: '{}' or '{}', not both", name, ends[0], ends[1]));
    good = false;
  }
  if (node.find("approve") != nullptr && node.find("reject") != nullptr) {
    reporter_.error(node, Code::kBadValue,
                    fmt::format("'{}' is approved or rejected, not both", name));
    good = false;
  }
  const bool outputs = node.find("outputs") != nullptr;
  if (outputs && (ends.size() == 1 && (ends[0] == "data" || ends[0] == "real"))) {
    reporter_.error(*node.find("outputs"), Code::kBadValue,
                    fmt::format("'{}' gives its own outputs beside '{}'", name, ends[0]));
    good = false;
  }
  return good;
}

void CaseReader::read_attempt(const Node& node, std::string_view name, Fixture& fixture) {
  if (!check_keys(node, case_detail::kFixtureFields, name, {})) return;
  if (!check_together(node, name)) return;
  const bool decides = node.find("approve") != nullptr || node.find("reject") != nullptr;
  if (decides) read_decision(node, fixture);
  FixtureAttempt attempt;
  attempt.after = decides ? 0 : duration_of(node, "after").value_or(0);
  attempt.outputs = map_of(node, "outputs");
  attempt.warnings = static_cast<std::uint32_t>(number_of(node, "warnings").value_or(0));
  attempt.hold = text_of(node, "hold").value_or("");
  if (node.find("error") != nullptr) return read_failure(node, std::move(attempt), fixture);
  if (flag_of(node, "hangs").value_or(false)) attempt.kind = FixtureKind::kHangs;
  if (flag_of(node, "real").value_or(false)) attempt.kind = FixtureKind::kReal;
  const TaskSpec& spec = flow_.tasks[fixture.task];
  for (const std::string_view key : {"real", "data"}) {
    if (spec.kind != TaskKind::kRun || node.find(key) == nullptr) continue;
    reporter_.error(*node.find(key), Code::kBadValue,
                    fmt::format("'{}' runs flow {}, which a test does not, and gives no data; "
                                "write its 'outputs', or its 'error'",
                                name, spec.subflow.name()));
    return;
  }
  if (node.find("data") != nullptr) read_data(node, fixture.task, attempt);
  // Only a person's word: the task itself, a guard or a pause, does what it does.
  bool says_more = false;
  for (const std::string_view key : {"outputs", "hold", "hangs", "real", "data", "warnings"}) {
    says_more = says_more || node.find(key) != nullptr;
  }
  if (decides && !says_more) return;
  if (!attempt.hold.empty()) {
    // Approved, it is handed out again, and then completes.
    fixture.attempts.push_back(attempt);
    attempt.hold.clear();
  }
  fixture.attempts.push_back(std::move(attempt));
}

void CaseReader::read_decision(const Node& node, Fixture& fixture) {
  const Node* approve = node.find("approve");
  const Node& said = approve != nullptr ? *approve : *node.find("reject");
  FixtureDecision decision;
  decision.approve = approve != nullptr;
  decision.by = text_of(said, "by").value_or("test");
  decision.note = text_of(said, "note").value_or("");
  decision.after = duration_of(node, "after").value_or(0);
  if (decision.approve) read_answers(said, fixture.task, decision);
  fixture.decision = std::move(decision);
}

/// What a person gives to a pause that asks for it; all that it must have.
void CaseReader::read_answers(const Node& said, TaskIndex task, FixtureDecision& decision) {
  const TaskSpec& spec = flow_.tasks[task];
  const Node* with = said.find("with");
  if (with != nullptr && spec.inputs.empty()) {
    reporter_.error(*with, Code::kBadValue,
                    fmt::format("'{}' asks for no inputs; leave 'with' out", spec.id));
    return;
  }
  if (with != nullptr) {
    decision.with = read_inputs(questions_of(flow_, task), *with, reporter_, folder_);
  }
  for (const InputSpec& input : spec.inputs) {
    const bool named = with != nullptr && with->find(input.id) != nullptr;
    if (!input.required || named) continue;
    reporter_.error(said, Code::kMissingKey,
                    fmt::format("'{}' asks for the input '{}' ({}); give it in 'with'", spec.id,
                                input.id, to_string(input.type)));
  }
}

void CaseReader::read_failure(const Node& node, FixtureAttempt attempt, Fixture& fixture) {
  if (!is_error_code(node, "error")) return;
  const auto code = parse_task_error_code(*text_of(node, "error"));
  const std::string outputs = std::exchange(attempt.outputs, {});
  attempt.kind = FixtureKind::kFails;
  std::string message(text_of(node, "message").value_or(info(*code).meaning));
  attempt.error = make_task_error(*code, Phase::kRun, std::move(message));
  if (*code == TaskErrorCode::kExitNonzero) {
    attempt.error->exit_code = static_cast<std::int32_t>(number_of(node, "exit_code").value_or(1));
  } else if (const Node* exit = node.find("exit_code"); exit != nullptr) {
    reporter_.error(*exit, Code::kBadValue, "'exit_code' stands beside EXIT_NONZERO only");
  }
  const auto times = number_of(node, "attempts");
  for (std::int64_t i = 0; i < std::min<std::int64_t>(times.value_or(1), 1000); ++i) {
    fixture.attempts.push_back(attempt);
  }
  if (times.has_value()) {
    attempt.kind = FixtureKind::kCompletes;
    attempt.error.reset();
    attempt.outputs = outputs;
    fixture.attempts.push_back(std::move(attempt));
  } else if (!outputs.empty()) {
    reporter_.error(*node.find("outputs"), Code::kBadValue,
                    "it fails each time, and has no 'outputs'; 'attempts' says how often it fails");
  }
}

void CaseReader::read_data(const Node& node, TaskIndex task, FixtureAttempt& attempt) {
  const Node& data = *node.find("data");
  attempt.kind = FixtureKind::kData;
  const TaskSpec& spec = flow_.tasks[task];
  const TaskType* type = find_task_type(spec.type);
  if (type == nullptr || !type->data) {
    reporter_.error(data, Code::kNoData,
                    fmt::format("'{}' ({}) gives no data; 'data' is for load, check, standardize, "
                                "secure, merge, transform and guard",
                                spec.id, spec.type));
    return;
  }
  if (data.kind == NodeKind::kList) {
    (void)rows_of(data, "data", attempt.rows);
    return;
  }
  const auto path = values_.text(data, "data");
  if (!path.has_value()) return;
  auto found = readable_file(*path, folder_);
  if (!found.has_value()) {
    reporter_.error(data, Code::kBadValue, fmt::format("'data' {}", found.error().message));
    return;
  }
  attempt.file = std::move(*found);
}

}  // namespace cordyna::flow
