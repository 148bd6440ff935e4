#include "process/local/outcome.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "process/local/local_test_support.hpp"

namespace cordyna::local {
namespace {

using local_test::write_text;

struct OutputsRow {
  const char* name;
  std::string text;
  std::string result;  ///< empty: refused
};

class ParsedOutputs : public testing::TestWithParam<OutputsRow> {};

TEST_P(ParsedOutputs, Are) {
  const auto result = parse_outputs(GetParam().text);
  ASSERT_EQ(result.has_value(), !GetParam().result.empty());
  EXPECT_EQ(result.value_or(""), GetParam().result);
  EXPECT_TRUE(result.has_value() || !result.error().message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ParsedOutputs,
    testing::Values(OutputsRow{"empty", "", "{}"}, OutputsRow{"blank", " \n\n", "{}"},
                    OutputsRow{"lines", "a=1\nb-c.d=x=y z\n", R"({"a":"1","b-c.d":"x=y z"})"},
                    OutputsRow{"no_end", "a=1", R"({"a":"1"})"},
                    OutputsRow{"crlf", "a=1\r\n", R"({"a":"1"})"},
                    OutputsRow{"empty_value", "a=", R"({"a":""})"},
                    OutputsRow{"later_wins", "a=1\na=2\n", R"({"a":"2"})"},
                    OutputsRow{"utf8", "a=\xc3\xbc", "{\"a\":\"\xc3\xbc\"}"},
                    OutputsRow{"json", R"( {"n": 3, "l": [1, {"x": null}]})",
                               R"({"n":3,"l":[1,{"x":null}]})"},
                    OutputsRow{"json_merged", "{\"a\":1,\"b\":2}\n{\"b\":3}{\"c\":4}\n",
                               R"({"a":1,"b":3,"c":4})"},
                    OutputsRow{"not_a_line", "hello\n", ""}, OutputsRow{"bad_name", "1a=2\n", ""},
                    OutputsRow{"no_name", "=2\n", ""}, OutputsRow{"bad_utf8", "a=\xff\n", ""},
                    OutputsRow{"escape", "a=\x1b[0m\n", ""}, OutputsRow{"cut_json", R"({"a":)", ""},
                    OutputsRow{"json_then_text", R"({"a":1} tail)", ""},
                    OutputsRow{"json_then_number", R"({"a":1} 3)", ""},
                    OutputsRow{"deep", "{\"a\":" + std::string(100'000, '['), ""}),
    [](const auto& row) { return std::string(row.param.name); });

ExitRecord exited(int code) {
  ExitRecord record;
  record.exit_code = code;
  record.started = 1000;
  record.ended = 3000;
  return record;
}

class OutcomeTest : public testing::Test {
 protected:
  OutcomeTest() { std::filesystem::create_directory(artifacts_); }

  [[nodiscard]] Outcome of(const ExitRecord& record, ReportTrust trust = ReportTrust::kNone) const {
    return make_outcome(record, folder_, trust);
  }
  void expect_failed(const ExitRecord& record, TaskErrorCode code, const std::string& message) {
    const Outcome outcome = of(record);
    EXPECT_EQ(outcome.state, AttemptState::kFailed);
    ASSERT_TRUE(outcome.error.has_value());
    EXPECT_EQ(info(outcome.error->code).name, info(code).name);
    EXPECT_EQ(outcome.error->message, message);
  }

  local_test::TestState state_;
  std::string folder_ = state_.layout().folder();
  std::string artifacts_ = folder_ + "/artifacts";
  std::string outputs_ = folder_ + "/outputs";
};

TEST_F(OutcomeTest, ExitCodeZeroCompletes) {
  write_text(outputs_, "rows=3\n");
  Outcome wanted;
  wanted.outputs = R"({"rows":"3"})";
  EXPECT_EQ(of(exited(0)), wanted);
}

TEST_F(OutcomeTest, EachEndHasItsCodeAndWords) {
  ExitRecord record = exited(3);
  expect_failed(record, TaskErrorCode::kExitNonzero, "exit code 3");
  record.last_error_line = "no such table";
  expect_failed(record, TaskErrorCode::kExitNonzero, "exit code 3: no such table");
  record.timeout = true;
  expect_failed(record, TaskErrorCode::kTimeoutComplete,
                "not completed within 2.0s; it was ended: no such table");
  record.disk_error = "its log cannot be written: No space left on device";
  expect_failed(record, TaskErrorCode::kNoSpace, record.disk_error);

  expect_failed(exited(137), TaskErrorCode::kOutOfMemory,
                "exit code 137 (killed), most often because memory ran out");
  ExitRecord killed = exited(-1);
  killed.signal = SIGKILL;
  expect_failed(killed, TaskErrorCode::kOutOfMemory,
                "killed by SIGKILL from outside, most often because memory ran out");
  killed.signal = SIGSEGV;
  expect_failed(killed, TaskErrorCode::kSignalled, "ended by signal 11 (SIGSEGV)");
  ExitRecord never = exited(-1);
  never.spawn_error = "program 'x' does not exist";
  expect_failed(never, TaskErrorCode::kSpawnFailed, never.spawn_error);
}

TEST_F(OutcomeTest, CancelledIsNeitherFailedNorCompleted) {
  ExitRecord record = exited(0);
  record.cancelled = true;
  EXPECT_EQ(of(record).state, AttemptState::kCancelled);
}

TEST_F(OutcomeTest, OutputsThatAreNoFileAreRefused) {
  write_text(folder_ + "/shadow", "a=1\n");
  ASSERT_EQ(symlink((folder_ + "/shadow").c_str(), outputs_.c_str()), 0);
  expect_failed(exited(0), TaskErrorCode::kOutputInvalid,
                "$DYNA_OUTPUTS: outputs is a symbolic link; it must be a regular file");
  ASSERT_EQ(unlink(outputs_.c_str()), 0);
  ASSERT_EQ(mkfifo(outputs_.c_str(), 0600), 0);
  expect_failed(exited(0), TaskErrorCode::kOutputInvalid,
                "$DYNA_OUTPUTS: outputs is not a regular file");
}

TEST_F(OutcomeTest, OutputsOfAMebibyteAreTakenAndNotAByteMore) {
  write_text(outputs_, "a=" + std::string(kOutputsBytesMax - 2, 'x'));
  EXPECT_EQ(of(exited(0)).state, AttemptState::kCompleted);
  write_text(outputs_, "a=" + std::string(kOutputsBytesMax - 1, 'x'));
  expect_failed(exited(0), TaskErrorCode::kOutputInvalid,
                "$DYNA_OUTPUTS: outputs has more than 1048576 bytes");
}

TEST_F(OutcomeTest, ArtifactsAreListedWithoutLinks) {
  std::filesystem::create_directories(artifacts_ + "/deep/er");
  write_text(artifacts_ + "/a.csv", "x");
  write_text(artifacts_ + "/deep/er/b \"q\".txt", "x");
  ASSERT_EQ(symlink("/etc", (artifacts_ + "/etc").c_str()), 0);
  ASSERT_EQ(symlink("/etc/passwd", (artifacts_ + "/passwd").c_str()), 0);
  const std::string outputs = of(exited(0)).outputs;
  EXPECT_NE(outputs.find("\"a.csv\":\"" + artifacts_ + "/a.csv\""), std::string::npos) << outputs;
  EXPECT_NE(outputs.find(R"("deep/er/b \"q\".txt":)"), std::string::npos) << outputs;
  EXPECT_EQ(outputs.find("etc"), std::string::npos) << outputs;
  write_text(outputs_, "files=mine\n");
  EXPECT_EQ(of(exited(0)).state, AttemptState::kFailed);
}

TEST_F(OutcomeTest, AnArtifactFolderThatBecameALinkIsNotFollowed) {
  std::filesystem::remove(artifacts_);
  ASSERT_EQ(symlink("/etc", artifacts_.c_str()), 0);
  EXPECT_EQ(of(exited(0)), Outcome{});
}

TEST_F(OutcomeTest, TooManyArtifactsAreRefused) {
  for (std::size_t i = 0; i <= kArtifactsMax; ++i) {
    write_text(artifacts_ + "/" + std::to_string(i), "");
  }
  expect_failed(exited(0), TaskErrorCode::kOutputInvalid,
                "$DYNA_ARTIFACTS: more than 10000 artifacts");
}

TEST_F(OutcomeTest, AReportCountsOnlyForTypesThatMayGiveOne) {
  write_text(folder_ + "/report",
             R"({"outputs":{"rows":5},"warnings":2,)"
             R"("error":{"code":"CHECK_FAILED","message":"4 bad","phase":"result"}})");
  const Outcome untrusted = of(exited(1));
  EXPECT_EQ(untrusted.error->code, TaskErrorCode::kExitNonzero);
  const Outcome trusted = of(exited(1), ReportTrust::kAll);
  EXPECT_EQ(trusted.error->code, TaskErrorCode::kCheckFailed);
  EXPECT_EQ(trusted.error->message, "4 bad");
  EXPECT_EQ(trusted.error->phase, Phase::kResult);
  EXPECT_EQ(trusted.warnings, 2U);
}

TEST_F(OutcomeTest, AReportAddsOutputs) {
  write_text(outputs_, R"({"a":1,"rows":0})");
  write_text(folder_ + "/report", R"({"outputs":{"rows":5},"warnings":1})");
  Outcome wanted;
  wanted.outputs = R"({"a":1,"rows":5})";
  wanted.warnings = 1;
  EXPECT_EQ(of(exited(0), ReportTrust::kAll), wanted);
  write_text(folder_ + "/report", "[");
  EXPECT_EQ(of(exited(0), ReportTrust::kAll).error->code, TaskErrorCode::kOutputInvalid);
}

TEST_F(OutcomeTest, OfTheUsersOwnProcessOnlyACodeIsBelieved) {
  const std::string rest =
      R"(,"outputs":{"a":1},"warnings":3,"hold":"x","measurement":{"series":"s","verdict":"ok","facts":{}}})";
  const auto failed = [&](const std::string& code, const ExitRecord& record) {
    write_text(folder_ + "/report", R"({"error":{"code":")" + code +
                                        R"(","phase":"prepare","message":"secret"})" + rest);
    return of(record, ReportTrust::kCode);
  };
  ExitRecord record = exited(1);
  record.last_error_line = "arguments/day: must be a date";
  const Outcome told = failed("INPUT_INVALID", record);
  ASSERT_TRUE(told.error.has_value());
  EXPECT_EQ(told.error->code, TaskErrorCode::kInputInvalid);
  EXPECT_EQ(told.error->phase, Phase::kPrepare);
  EXPECT_EQ(told.error->message, "arguments/day: must be a date");
  EXPECT_EQ(told.error->exit_code, 1);
  EXPECT_EQ(told.warnings, 0U);
  EXPECT_TRUE(told.hold.empty());
  EXPECT_FALSE(told.measurement.has_value());
  // What only the machinery knows nobody says of himself.
  EXPECT_EQ(failed("LOST", record).error->code, TaskErrorCode::kExitNonzero);
  const Outcome completed = failed("INPUT_INVALID", exited(0));
  EXPECT_EQ(completed.state, AttemptState::kCompleted);
  EXPECT_EQ(completed.outputs, "");
}

}  // namespace
}  // namespace cordyna::local
