#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "flow/diagnostic_codes.hpp"
#include "flow/flow_file.hpp"
#include "flow/key_spec.hpp"
#include "flow/reference.hpp"
#include "model/task_error.hpp"

namespace cordyna::flow {
namespace {

boost::json::object schema() {
  return boost::json::parse(json_schema()).as_object();
}

TEST(Schema, IsDraft202012AndClosed) {
  const boost::json::object root = schema();
  EXPECT_EQ(root.at("$schema").as_string(), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_FALSE(root.at("additionalProperties").as_bool());
  EXPECT_EQ(boost::json::serialize(root.at("required")), R"(["id","tasks"])");
}

TEST(Schema, HasEachTypeWithItsKeysAndThoseOfAllTasks) {
  const boost::json::object root = schema();
  const boost::json::object& defs = root.at("$defs").as_object();
  for (const TaskType& type : task_types()) {
    EXPECT_EQ(defs.contains(boost::json::string_view(type.name.data(), type.name.size())),
              !type.not_yet)
        << type.name;
    if (type.not_yet) continue;
    const boost::json::object& task = defs.at({type.name.data(), type.name.size()}).as_object();
    EXPECT_FALSE(task.at("additionalProperties").as_bool());
    const boost::json::object& properties = task.at("properties").as_object();
    for (const std::span<const KeySpec> keys : {task_keys(), type.keys}) {
      for (const KeySpec& key : keys) {
        const bool there = properties.contains({key.name.data(), key.name.size()});
        const KeySpec* own = find_key(type.keys, key.name);  // goes before one of all tasks
        EXPECT_EQ(there, !(own == nullptr ? key : *own).not_yet) << type.name << "." << key.name;
      }
    }
    EXPECT_EQ(boost::json::serialize(properties.at("type").at("enum")),
              "[\"" + std::string(type.name) + "\"]");
  }
}

/// Whether each key of `value`, and of what is in it, has a property in `schema`.
void expect_known(const boost::json::value& value, const boost::json::value& schema) {
  if (!value.is_object() || !schema.is_object()) return;
  const auto* properties = schema.as_object().if_contains("properties");
  if (properties == nullptr) return;
  for (const auto& [key, inner] : value.as_object()) {
    ASSERT_TRUE(properties->as_object().contains(key)) << key;
    expect_known(inner, properties->as_object().at(key));
  }
}

TEST(Schema, KnowsWhatTheParserAccepts) {
  const Parsed parsed = parse(R"(
id: f
owner: me
labels: {a: b}
inputs: [{id: x, type: int, default: 1, description: d}]
retry: {attempts: 2, delay: 1s}
timeouts: {complete: 1m}
resources: {cpu: 0.5, memory: 64MB, disk: 1GB, time: 1m}
env: {A: b}
tasks:
  - {id: a, type: shell, script: x, interpreter: bash, run_if: true, needs: []}
  - {id: l, type: load, from: a, contract: {columns: {a: string}}, rejects: {max_percent: 1}}
  - {id: c, type: check, of: l, rules: [{name: r, sql: a}], memory: 1GB}
)",
                              "f", "/");
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  const boost::json::object root = schema();
  const boost::json::value flow = boost::json::parse(parsed.canonical);
  expect_known(flow, root);
  for (const boost::json::value& task : flow.at("tasks").as_array()) {
    expect_known(task, root.at("$defs").at(task.at("type").as_string()));
  }
  expect_known(flow.at("inputs").at(0), root.at("$defs").at("any_input"));
}

TEST(Reference, NamesEachKeyTypeAndCode) {
  const std::string page = reference_as_markdown();
  for (const TaskType& type : task_types()) {
    const bool there = page.find("### " + std::string(type.name) + "\n") != std::string::npos;
    EXPECT_EQ(there, !type.not_yet) << type.name;
  }
  for (const CodeInfo& row : code_table()) {
    EXPECT_NE(page.find("`" + std::string(row.name) + "`"), std::string::npos) << row.name;
  }
  for (const TaskErrorInfo& row : task_error_table()) {
    EXPECT_NE(page.find("`" + std::string(row.name) + "`"), std::string::npos) << row.name;
  }
  EXPECT_NE(page.find("| `contract.columns.*.type` |"), std::string::npos);
  EXPECT_NE(page.find("| 130 |"), std::string::npos);
}

TEST(Codes, AreInTheOrderOfTheirNumbersAndDifferent) {
  std::vector<std::string_view> names;
  for (const CodeInfo& row : code_table()) {
    EXPECT_EQ(to_string(row.code), row.name);
    EXPECT_EQ(std::count(names.begin(), names.end(), row.name), 0);
    names.push_back(row.name);
  }
}

}  // namespace
}  // namespace cordyna::flow
