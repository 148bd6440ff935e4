#include "process/data/lineage.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace cordyna::data {
namespace {

namespace json = boost::json;

constexpr Millis kNoon = 1'795'262'400'000;

Step load_step() {
  Step step;
  step.id = "county";
  step.flow = "homes.sales";
  step.attempt = {"01a1fdf1-297b-7406-8fa9-d3d429eb9043", "county", 2};
  LoadParams load;
  load.from = "https://example.org/files/county.csv?signature=abc";
  step.params = load;
  return step;
}

StepReport good_report() {
  StepReport report;
  report.rows = 9;
  report.rows_in = 10;
  report.schema = {{"id", "BIGINT"}, {"price", "INTEGER"}};
  report.checks = {{"price.min", Severity::kFail, 0}, {"id.unique", Severity::kWarn, 2}};
  return report;
}

json::object event_of(LineageMoment moment, const Step& step, const StepReport& report,
                      const TaskError* error = nullptr) {
  return json::parse(lineage_event(moment, step, report, error, "acme", kNoon)).as_object();
}

TEST(LineageTest, ACompletedLoadTellsSourceSchemaAndRows) {
  const json::object event = event_of(LineageMoment::kComplete, load_step(), good_report());
  EXPECT_EQ(event.at("eventType"), "COMPLETE");
  EXPECT_EQ(event.at("eventTime"), "2026-11-21T12:00:00.000Z");
  EXPECT_EQ(event.at("job").at("namespace"), "acme");
  EXPECT_EQ(event.at("job").at("name"), "homes.sales.county");
  const json::value& input = event.at("inputs").at(0);
  EXPECT_EQ(input.at("namespace"), "https://example.org");
  EXPECT_EQ(input.at("name"), "/files/county.csv") << "never the query";
  EXPECT_EQ(input.at("inputFacets").at("dataQualityMetrics").at("rowCount"), 10);
  const json::value& assertions =
      input.at("inputFacets").at("dataQualityAssertions").at("assertions");
  EXPECT_EQ(
      json::serialize(assertions),
      R"([{"assertion":"price.min","success":true},{"assertion":"id.unique","success":false}])");
  const json::value& output = event.at("outputs").at(0);
  EXPECT_EQ(output.at("name"), "homes.sales/county");
  EXPECT_EQ(json::serialize(output.at("facets").at("schema").at("fields")),
            R"([{"name":"id","type":"BIGINT"},{"name":"price","type":"INTEGER"}])");
  EXPECT_EQ(output.at("outputFacets").at("outputStatistics").at("rowCount"), 9);
}

TEST(LineageTest, AllEventsOfAnAttemptHaveItsIdAndItsRunAsParent) {
  const Step step = load_step();
  const json::object start = event_of(LineageMoment::kStart, step, {});
  const json::object end = event_of(LineageMoment::kComplete, step, good_report());
  EXPECT_EQ(start.at("run").at("runId"), end.at("run").at("runId"));
  EXPECT_EQ(start.at("run").at("facets").at("parent").at("run").at("runId"),
            json::value(step.attempt.run));
  const std::string id = json::value_to<std::string>(start.at("run").at("runId"));
  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '8');
  Step next = step;
  next.attempt.number = 3;
  EXPECT_NE(event_of(LineageMoment::kStart, next, {}).at("run").at("runId"),
            start.at("run").at("runId"));
}

TEST(LineageTest, AFailureTellsItsErrorAndClaimsNoOutput) {
  const TaskError error = make_task_error(TaskErrorCode::kSchemaChanged, Phase::kRun, "no column");
  const json::object event = event_of(LineageMoment::kFail, load_step(), {}, &error);
  EXPECT_EQ(event.at("eventType"), "FAIL");
  EXPECT_EQ(event.at("run").at("facets").at("errorMessage").at("message"),
            "SCHEMA_CHANGED: no column");
  EXPECT_FALSE(event.at("outputs").at(0).as_object().contains("outputFacets"));
}

TEST(LineageTest, AShareNamesItsTargetsAsOthersDo) {
  Step step = load_step();
  ShareParams share;
  share.to = {"/data/out/a.csv", "s3://bucket/gold/a.parquet"};
  TableTarget table;
  table.connection.host = "db";
  table.connection.database = "dwh";
  table.table = {"gold", "a"};
  share.tables = {table};
  step.params = share;
  step.upstream = {{"by_zip", "/x.parquet", {{"n", "BIGINT"}}}};
  StepReport report;
  report.rows = 4;
  report.guard.emplace();
  report.guard->point.metrics = {{"rows", 4}, {"nulls(n)", 25}};
  const json::object event = event_of(LineageMoment::kComplete, step, report);
  EXPECT_EQ(event.at("inputs").at(0).at("name"), "homes.sales/by_zip");
  EXPECT_EQ(event.at("inputs")
                .at(0)
                .at("inputFacets")
                .at("dataQualityMetrics")
                .at("columnMetrics")
                .at("n")
                .at("nullCount"),
            1);
  const json::array& outputs = event.at("outputs").as_array();
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_EQ(outputs[0].at("namespace"), "file");
  EXPECT_EQ(outputs[0].at("name"), "/data/out/a.csv");
  EXPECT_EQ(outputs[1].at("namespace"), "s3://bucket");
  EXPECT_EQ(outputs[1].at("name"), "gold/a.parquet");
  EXPECT_EQ(outputs[2].at("namespace"), "postgres://db:5432");
  EXPECT_EQ(outputs[2].at("name"), "dwh.gold.a");
}

class LineageFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/lineage_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  std::string send(std::map<std::string, std::string> environment) {
    const Lineage lineage([&](const char* name) { return environment[name]; });
    std::string said;
    lineage.send(LineageMoment::kStart, load_step(), {}, nullptr, kNoon,
                 [&](std::string_view line) { said += line; });
    return said;
  }
  std::string folder_;
};

TEST_F(LineageFileTest, EventsAreAppendedAsLines) {
  const std::string path = folder_ + "/events.jsonl";
  EXPECT_EQ(send({{"OPENLINEAGE_URL", "file://" + path}}), "");
  EXPECT_EQ(send({{"OPENLINEAGE_URL", "file://" + path}, {"OPENLINEAGE_NAMESPACE", "x"}}), "");
  EXPECT_EQ(send({{"OPENLINEAGE_URL", "file://" + path}, {"OPENLINEAGE_DISABLED", "true"}}), "");
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(json::parse(lines[1]).at("job").at("namespace"), "x");
}

TEST_F(LineageFileTest, WhatCannotBeDeliveredIsOnlySaid) {
  const std::string said = send({{"OPENLINEAGE_URL", "file://" + folder_ + "/not/there"}});
  EXPECT_NE(said.find("the START event was not delivered"), std::string::npos) << said;
  EXPECT_EQ(send({}), "");
  EXPECT_NE(send({{"OPENLINEAGE_URL", "ftp://x"}}), "");
}

}  // namespace
}  // namespace cordyna::data
