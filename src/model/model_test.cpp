#include <gtest/gtest.h>

#include "model/exit_codes.hpp"
#include "model/log_format.hpp"
#include "model/states.hpp"
#include "model/task_error.hpp"

namespace cordyna {
namespace {

TEST(StatesTest, WordsRoundTrip) {
  for (int i = 0; i <= static_cast<int>(RunState::kCancelled); ++i) {
    const auto state = static_cast<RunState>(i);
    EXPECT_EQ(parse_run_state(to_string(state)), state);
  }
  for (int i = 0; i <= static_cast<int>(TaskState::kCancelled); ++i) {
    const auto state = static_cast<TaskState>(i);
    EXPECT_EQ(parse_task_state(to_string(state)), state);
  }
  for (int i = 0; i <= static_cast<int>(AttemptState::kCancelled); ++i) {
    const auto state = static_cast<AttemptState>(i);
    EXPECT_EQ(parse_attempt_state(to_string(state)), state);
  }
  EXPECT_FALSE(parse_task_state("Completed").has_value());
}

TEST(StatesTest, FinalIsFinal) {
  EXPECT_TRUE(is_final(AttemptState::kFailed));
  EXPECT_FALSE(is_final(AttemptState::kStarted));
  EXPECT_TRUE(is_final(TaskState::kBlocked));
  EXPECT_FALSE(is_final(RunState::kPaused));
  EXPECT_FALSE(can_follow(AttemptState::kFailed, AttemptState::kStarted));
  EXPECT_FALSE(can_follow(AttemptState::kStarted, AttemptState::kAcknowledged));
  EXPECT_TRUE(can_follow(TaskState::kStarted, TaskState::kPending)) << "between attempts";
}

TEST(StatesTest, ThePublishedGraphComesFromTheTables) {
  const std::string page = states_as_markdown();
  EXPECT_NE(page.find("  dispatched --> acknowledged\n"), std::string::npos);
  EXPECT_NE(page.find("  blocked --> [*]\n"), std::string::npos);
  EXPECT_EQ(page.find("completed --> started"), std::string::npos);
}

TEST(TaskErrorTest, EveryCodeHasItsRowAndRoundTrips) {
  for (const TaskErrorInfo& row : task_error_table()) {
    EXPECT_EQ(info(row.code).name, row.name);
    EXPECT_EQ(parse_task_error_code(row.name), row.code);
    EXPECT_FALSE(row.meaning.empty());
  }
  EXPECT_EQ(make_task_error(TaskErrorCode::kLost, Phase::kInfra, "x").retryable, true);
}

TEST(ExitCodeTest, OutcomesAndErrorsHaveTheirCodes) {
  EXPECT_EQ(exit_code(RunState::kWarning), ExitCode::kOk);
  EXPECT_EQ(exit_code(RunState::kError), ExitCode::kRunError);
  EXPECT_EQ(exit_code(RunState::kCancelled), ExitCode::kCancelled);
  EXPECT_EQ(exit_code(ErrorCode::kInvalidArgument), ExitCode::kUsage);
  EXPECT_EQ(exit_code(ErrorCode::kCorrupt), ExitCode::kCorrupt);
  EXPECT_EQ(exit_code_table().size(), 11u);
}

TEST(LogFormatTest, ReadsRecordsAndRefusesWhatIsNone) {
  const auto record = parse_log_record("e 1795247400123 two words");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->stream, 'e');
  EXPECT_EQ(record->at, 1795247400123);
  EXPECT_EQ(record->text, "two words");
  EXPECT_TRUE(parse_log_record("O 1 rest")->continued);
  EXPECT_EQ(parse_log_record("o 5 ")->text, "");
  for (const char* bad : {"", "x 1 a", "o", "o ", "o 12", "o x a", "o1 a"}) {
    EXPECT_FALSE(parse_log_record(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace cordyna
