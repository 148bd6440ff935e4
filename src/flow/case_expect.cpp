// What a test expects of the end of its run.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "flow/case_keys.hpp"
#include "flow/case_reader.hpp"
#include "flow/json_text.hpp"

namespace cordyna::flow {
namespace {

constexpr std::array kInsideExpect{std::string_view("tasks"), std::string_view("rows")};

CasePlace place_at(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  return node == nullptr ? CasePlace{} : CasePlace{node->mark.line, node->mark.column};
}

}  // namespace

Expectation CaseReader::read_expect(const Node& node) {
  Expectation expect;
  expect.place = place_of(node);
  if (!check_keys(node, case_detail::kExpectFields, "expect", kInsideExpect)) return expect;
  expect.state = parse_run_state(text_of(node, "state").value_or(""));
  expect.state_place = place_at(node, "state");
  expect.outputs = map_of(node, "outputs");
  expect.outputs_place = place_at(node, "outputs");
  expect.duration = duration_of(node, "duration");
  expect.duration_place = place_at(node, "duration");
  const Node* tasks = node.find("tasks");
  if (tasks != nullptr && values_.is_map(*tasks, "tasks")) {
    for (const Node* name = tasks->first; name != nullptr; name = name->next->next) {
      read_task(*name, expect);
    }
  }
  const Node* rows = node.find("rows");
  if (rows != nullptr && values_.is_map(*rows, "rows")) {
    for (const Node* name = rows->first; name != nullptr; name = name->next->next) {
      read_rows(*name, expect);
    }
  }
  const Node* order = node.find("order");
  if (order != nullptr && order->kind == NodeKind::kList) read_order(*order, expect);
  return expect;
}

void CaseReader::read_task(const Node& name, Expectation& expect) {
  if (!find_path(name).has_value()) return;
  const Node& value = *name.next;
  TaskExpectation task;
  task.path = name.text;
  task.place = place_of(value);
  if (value.kind != NodeKind::kMap) {
    std::string ignored;
    if (!values_.read(value, case_detail::kTaskItem, name.text, ignored)) return;
    task.state = parse_task_state(value.text);
    expect.tasks.push_back(std::move(task));
    return;
  }
  if (!check_keys(value, case_detail::kTaskFields, name.text, {})) return;
  task.state = parse_task_state(text_of(value, "state").value_or(""));
  task.attempts = number_of(value, "attempts");
  task.outputs = map_of(value, "outputs");
  if (is_error_code(value, "error")) task.error = *text_of(value, "error");
  task.message = text_of(value, "message").value_or("");
  const Node* blocked_by = value.find("blocked_by");
  if (blocked_by != nullptr && find_path(*blocked_by).has_value()) {
    task.blocked_by = blocked_by->text;
  }
  task.warnings = number_of(value, "warnings");
  task.held = flag_of(value, "held");
  task.started_after = duration_of(value, "started_after");
  task.ended_after = duration_of(value, "ended_after");
  expect.tasks.push_back(std::move(task));
}

void CaseReader::read_order(const Node& list, Expectation& expect) {
  expect.order_place = place_of(list);
  for (const Node* name = list.first; name != nullptr; name = name->next) {
    if (name->is_scalar() && find_path(*name).has_value()) expect.order.emplace_back(name->text);
  }
}

void CaseReader::read_rows(const Node& name, Expectation& expect) {
  const auto task = find_path(name);
  if (!task.has_value()) return;
  const Node& value = *name.next;
  const TaskType* type = find_task_type(flow_.tasks[*task].type);
  if (type == nullptr || !type->data) {
    reporter_.error(name, Code::kNoData,
                    fmt::format("'{}' ({}) gives no rows; they are those of load, check, "
                                "standardize, secure, merge, transform and guard",
                                name.text, flow_.tasks[*task].type));
    return;
  }
  RowsExpectation rows;
  rows.path = name.text;
  rows.place = place_of(value);
  if (value.kind == NodeKind::kInt) {
    rows.count = values_.integer(value, KeySpec{.kind = ValueKind::kInt}, name.text);
  } else if (value.kind != NodeKind::kList) {
    reporter_.error(value, Code::kWrongType,
                    fmt::format("'{}' wants how many rows, or a list of them", name.text));
    return;
  } else if (!rows_of(value, name.text, rows.rows)) {
    return;
  }
  expect.rows.push_back(std::move(rows));
}

bool CaseReader::rows_of(const Node& list, std::string_view name, std::vector<std::string>& rows) {
  bool good = true;
  for (const Node* row = list.first; row != nullptr; row = row->next) {
    if (row->kind != NodeKind::kMap) {
      reporter_.error(*row, Code::kWrongType,
                      fmt::format("a row of '{}' is a map of columns to values", name));
      good = false;
      continue;
    }
    std::string json;
    append_json(json, *row, KeyOrder::kAsWritten);
    rows.push_back(std::move(json));
  }
  return good;
}

}  // namespace cordyna::flow
