#include "google/bigquery.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "http/server_fixture.hpp"

namespace cordyna::google {
namespace {

using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

std::string job(const std::string& state, const std::string& more = "") {
  return fmt::format(
      R"({{"jobReference":{{"jobId":"j","location":"EU"}},"status":{{"state":"{}"{}}}}})", state,
      more);
}

class BigqueryTest : public testing::Test {
 protected:
  void serve(TestServer::Handler handler) {
    server_ = std::make_unique<TestServer>(std::move(handler));
    http::TryOptions tries;
    tries.attempts = 2;
    tries.delay = 1;
    tries.wait = [this](Millis) { return goes_on_; };
    bigquery_ =
        std::make_unique<Bigquery>(Caller({}, "", tries), BigqueryPlace{server_->url(""), "p", ""});
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const SeenRequest& request : server_->seen()) {
      out.push_back(request.method + " " + request.target);
    }
    return out;
  }

  bool goes_on_ = true;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<Bigquery> bigquery_;
};

TEST_F(BigqueryTest, AQueryIsBegunAndWaitedForWhereItRuns) {
  serve([](const SeenRequest&, int number) {
    return Reply{answer(200, job(number < 2 ? "RUNNING" : "DONE"))};
  });
  const auto begun =
      bigquery_->begin_query("j", "SELECT @dyna_1", {{"dyna_1", "STRING", "a'b"}}, "gold", "w");
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  EXPECT_TRUE(bigquery_->wait("j", *begun, "w").has_value());
  EXPECT_EQ(asked(), (std::vector<std::string>{"POST /bigquery/v2/projects/p/jobs",
                                               "GET /bigquery/v2/projects/p/jobs/j?location=EU",
                                               "GET /bigquery/v2/projects/p/jobs/j?location=EU"}));
  EXPECT_EQ(server_->seen()[0].body,
            R"({"jobReference":{"projectId":"p","jobId":"j"},"configuration":{"query":{)"
            R"("query":"SELECT @dyna_1","useLegacySql":false,"defaultDataset":{"projectId":"p",)"
            R"("datasetId":"gold"},"parameterMode":"NAMED","queryParameters":[{"name":"dyna_1",)"
            R"("parameterType":{"type":"STRING"},"parameterValue":{"value":"a'b"}}]}}})");
}

TEST_F(BigqueryTest, AJobThatIsThereAlreadyIsTheSameJob) {
  serve([](const SeenRequest&, int number) {
    return Reply{number == 0 ? answer(409, "{}") : answer(200, job("DONE"))};
  });
  const auto begun = bigquery_->begin_query("j", "SELECT 1", {}, "", "w");
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  EXPECT_TRUE(begun->done);
}

TEST_F(BigqueryTest, WhoIsAskedToEndCancelsTheJob) {
  serve([](const SeenRequest&, int) { return Reply{answer(200, job("RUNNING"))}; });
  goes_on_ = false;
  const auto ended = bigquery_->wait("j", {"EU", false, {}}, "w");
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(asked(),
            (std::vector<std::string>{"POST /bigquery/v2/projects/p/jobs/j/cancel?location=EU"}));
}

TEST_F(BigqueryTest, WhatAJobFailedAtIsTold) {
  const auto state = parse_job(
      job("DONE",
          R"(,"errorResult":{"reason":"invalid","message":"Error while reading data","location":"x"},)"
          R"("errors":[{"reason":"invalid","message":"Error while reading data","location":"x"},)"
          R"({"reason":"invalid","message":"Field id has changed type"}])"),
      "w");
  ASSERT_TRUE(state.has_value());
  ASSERT_TRUE(state->error.has_value());
  EXPECT_EQ(state->error->code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(state->error->message,
            "w: invalid: Error while reading data (at x); invalid: Field id has changed type");
  for (const auto& [reason, code] :
       {std::pair<const char*, ErrorCode>{"notFound", ErrorCode::kNotFound},
        {"accessDenied", ErrorCode::kDenied},
        {"backendError", ErrorCode::kUnavailable},
        {"stopped", ErrorCode::kUnavailable}}) {
    const auto failed =
        parse_job(job("DONE", fmt::format(R"(,"errorResult":{{"reason":"{}"}})", reason)), "w");
    EXPECT_EQ(failed->error->code, code) << reason;
  }
}

TEST_F(BigqueryTest, RowsAreLinesOfCsv) {
  const auto page = parse_rows(
      R"({"jobComplete":true,"totalRows":"3","pageToken":"t","schema":{"fields":[
        {"name":"id","type":"INTEGER"},{"name":"tags","type":"STRING","mode":"REPEATED"},
        {"name":"at","type":"RECORD","fields":[{"name":"x","type":"FLOAT"},
                                               {"name":"ok","type":"BOOLEAN"}]}]},
        "rows":[{"f":[{"v":"1"},{"v":[{"v":"a\"b"},{"v":"c"}]},{"v":{"f":[{"v":"1.5"},{"v":"true"}]}}]},
                {"f":[{"v":null},{"v":[]},{"v":null}]}]})",
      "w");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  ASSERT_TRUE(page->has_value());
  EXPECT_EQ((*page)->rows,
            "\"1\",\"[\"\"a\\\"\"b\"\",\"\"c\"\"]\",\"{\"\"x\"\":1.5E0,\"\"ok\"\":true}\"\n"
            ",\"[]\",\n");
  EXPECT_EQ((*page)->count, 2U);
  EXPECT_EQ((*page)->total, 3U);
  EXPECT_EQ((*page)->next, "t");
}

TEST_F(BigqueryTest, AnAnswerThatIsNoneIsAnError) {
  EXPECT_FALSE(parse_rows("{", "w").has_value());
  EXPECT_FALSE(parse_rows(R"({"jobComplete":true})", "w").has_value());  // DDL has no rows
  EXPECT_FALSE(parse_rows(R"({"totalRows":"1","schema":{"fields":[{"name":"a","type":"STRING"}]},
                              "rows":[{"f":[]}]})",
                          "w")
                   .has_value());
  EXPECT_FALSE(parse_job("{}", "w").has_value());
  const auto waits = parse_rows(R"({"jobComplete":false})", "w");
  ASSERT_TRUE(waits.has_value());
  EXPECT_FALSE(waits->has_value());
}

TEST_F(BigqueryTest, ALoadBeginsWithItsLastByte) {
  std::string path = testing::TempDir() + "bigquery-XXXXXX";
  ASSERT_GE(mkstemp(path.data()), 0);
  std::ofstream(path) << "PAR1";
  serve([](const SeenRequest& request, int) {
    if (request.target.starts_with("/upload/")) {
      return Reply{answer(200, "", "Location: /session\r\n")};
    }
    return Reply{answer(200, job(request.method == "PUT" ? "PENDING" : "DONE"))};
  });
  auto upload = bigquery_->stage_load("j", {"p", "gold", "t"}, true, path, "w");
  ASSERT_TRUE(upload.has_value()) << upload.error().message;
  EXPECT_EQ(
      asked(),
      (std::vector<std::string>{"POST /upload/bigquery/v2/projects/p/jobs?uploadType=resumable"}));
  EXPECT_NE(server_->seen()[0].body.find(R"("writeDisposition":"WRITE_APPEND")"),
            std::string::npos);
  const auto done = bigquery_->finish_load("j", *upload);
  EXPECT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(server_->seen()[1].body, "PAR1");
  std::filesystem::remove(path);
}

TEST_F(BigqueryTest, AnEndWhoseAnswerWasLostIsLookedUp) {
  std::string path = testing::TempDir() + "bigquery-XXXXXX";
  ASSERT_GE(mkstemp(path.data()), 0);
  serve([](const SeenRequest& request, int) {
    if (request.target.starts_with("/upload/")) {
      return Reply{answer(200, "", "Location: /session\r\n")};
    }
    return Reply{request.method == "PUT" ? answer(404, "{}") : answer(200, job("DONE"))};
  });
  auto upload = bigquery_->stage_load("j", {"p", "gold", "t"}, false, path, "w");
  ASSERT_TRUE(upload.has_value());
  const auto done = bigquery_->finish_load("j", *upload);
  EXPECT_TRUE(done.has_value()) << done.error().message;
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace cordyna::google
