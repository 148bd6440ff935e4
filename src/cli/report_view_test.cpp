#include "cli/report_view.hpp"

#include <gtest/gtest.h>

namespace cordyna::cli {
namespace {

TaskReport sample() {
  TaskReport report;
  report.task = "sales";
  report.type = "load";
  report.state = TaskState::kCompleted;
  report.attempt = 2;
  report.attempts = 2;
  report.json = R"({"warnings": 1, "messages": ["column 'x' is new\u001b[2J"], "outputs": {
    "data": "/s/sales.parquet", "rows": 21000, "rows_in": 21613, "rejected": 13,
    "quarantined": 600, "quarantine_file": "/s/sales.quarantine.parquet",
    "schema": [{"name": "id", "type": "BIGINT"}, {"name": "mail", "type": "VARCHAR", "pii": true}],
    "null_rates": {"mail": 0.0234}, "seconds": 0.4125, "memory_peak_bytes": 84123456,
    "checks": [{"name": "id.required", "severity": "fail", "bad": 0},
               {"name": "mail.match", "severity": "quarantine", "bad": 600}]}})";
  return report;
}

TEST(ReportView, FilesThatAreNotThereAnyMoreAreSaidSo) {
  TaskReport report = sample();
  EXPECT_EQ(report_as_text(report, Palette(false)).find("removed"), std::string::npos);
  report.gone = {"data"};
  const std::string text = report_as_text(report, Palette(false));
  EXPECT_NE(text.find("/s/sales.parquet (removed: it held columns that tell about persons"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("quarantine.parquet (removed"), std::string::npos) << text;
  EXPECT_NE(report_as_json(report).find(R"("removed":["data"])"), std::string::npos);
}

TEST(ReportView, SaysAllThatATaskReported) {
  EXPECT_EQ(report_as_text(sample(), Palette(false)),
            "task sales\n"
            "  type         load\n"
            "  state        completed, attempt 2 of 2\n"
            "  rows         21,613 in, 21,000 out, 13 rejected, 600 quarantined\n"
            "  took         0.412 s\n"
            "  memory       84 MB at most\n"
            "columns\n"
            "  id    BIGINT\n"
            "  mail  VARCHAR     2.34 % null  pii\n"
            "checks\n"
            "  ✓ id.required  fail        all rows\n"
            "  ✗ mail.match   quarantine  600 rows bad\n"
            "warnings\n"
            "  column 'x' is new\\x1b[2J\n"
            "files\n"
            "  data         /s/sales.parquet\n"
            "  quarantine_file /s/sales.quarantine.parquet\n");
}

TEST(ReportView, OfATaskWithoutAReportSaysSo) {
  TaskReport report;
  report.task = "hello";
  report.type = "shell";
  report.state = TaskState::kError;
  report.attempt = report.attempts = 1;
  report.error = "EXIT_NONZERO: exit code 3";
  EXPECT_EQ(report_as_text(report, Palette(false)),
            "task hello\n"
            "  type         shell\n"
            "  state        error, attempt 1 of 1\n"
            "  error        EXIT_NONZERO: exit code 3\n"
            "  report       none: only data steps write one, at their end\n");
  EXPECT_EQ(report_as_json(report), R"({"task":"hello","type":"shell","state":"error","attempt":1,)"
                                    R"("error":"EXIT_NONZERO: exit code 3","report":null})");
}

TEST(ReportView, GivesAReportToProgramsAsItIs) {
  TaskReport report = sample();
  report.json = R"({"outputs":{"rows":1,"new_key":[1.5]}})";
  EXPECT_EQ(report_as_json(report),
            R"({"task":"sales","type":"load","state":"completed","attempt":2,)"
            R"("report":{"outputs":{"rows":1,"new_key":[1.5E0]}}})");
}

TEST(ReportView, DamagedReportsDoNoHarm) {
  for (const char* json : {"{", "[]", R"({"outputs": 5})",
                           R"({"outputs": {"schema": [1], "checks": ["x"], "targets": [2],
                               "rows": -1, "seconds": "x", "null_rates": []}, "messages": [3]})"}) {
    TaskReport report = sample();
    report.json = json;
    EXPECT_TRUE(report_as_text(report, Palette(false)).starts_with("task sales\n")) << json;
    EXPECT_FALSE(reports_as_table({report}).empty()) << json;
  }
}

TEST(ReportView, OneLineForEachTask) {
  TaskReport other;
  other.task = "by_zip";
  other.type = "transform";
  EXPECT_EQ(reports_as_table({sample(), other}),
            "TASK    TYPE       STATE          IN     OUT  REJECTED  QUARANTINED     TOOK  MEMORY\n"
            "sales   load       completed  21,613  21,000        13          600  0.412 s   84 MB\n"
            "by_zip  transform  pending\n");
}

}  // namespace
}  // namespace cordyna::cli
