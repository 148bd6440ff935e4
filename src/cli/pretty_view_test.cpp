#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli_fixtures.hpp"
#include "cli/renderer.hpp"

namespace cordyna::cli {
namespace {

using namespace testing_support;

constexpr TerminalSize kSize{70, 24};

FollowedRun followed(std::shared_ptr<const Flow> flow) {
  return {7, RunId{"01a1fdf1-297b-7406-8fa9-d3d429eb9043"}, std::move(flow)};
}

std::string frame(Renderer& view, Millis now, TerminalSize size = kSize) {
  std::string out;
  view.frame(now, size, out);
  return out;
}

class PrettyViewTest : public testing::Test {
 protected:
  void begin(std::shared_ptr<const Flow> flow) {
    std::string out;
    view_->begin(followed(std::move(flow)), out);
    view_->update(run_update(kNoon, 1, RunState::kRunning), out);
    EXPECT_EQ(out, "");
  }
  void update(const Update& update) {
    std::string out;
    view_->update(update, out);
    EXPECT_EQ(out, "");
  }

  std::unique_ptr<Renderer> view_ = make_pretty_view({});
};

TEST_F(PrettyViewTest, ShowsTheTasksOfAShortFlowWithTimes) {
  begin(make_flow({{"load", "shell"}, {"share", "shell"}}));
  update(task_update(kNoon + 10, 2, "load", TaskState::kStarted));
  EXPECT_EQ(frame(*view_, kNoon + 50), "");  // a run of a moment is drawn once, at its end
  EXPECT_EQ(frame(*view_, kNoon + 3100),
            "● homes · run 7 · 3s  ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  0/2 · 1 running\n"
            "  ● load          3s\n"
            "  ○ share           \n");
  EXPECT_EQ(view_->next_frame(kNoon + 3100), 1000);  // only time passes
}

TEST_F(PrettyViewTest, DrawsOverWhatItDrew) {
  begin(make_flow({{"load", "shell"}, {"share", "shell"}}));
  update(task_update(kNoon + 10, 2, "load", TaskState::kStarted));
  frame(*view_, kNoon + 200);
  update(task_update(kNoon + 210, 3, "load", TaskState::kError, "LOST: gone"));
  EXPECT_EQ(frame(*view_, kNoon + 220), "");  // at most ten times a second
  EXPECT_EQ(view_->next_frame(kNoon + 220), 80);
  EXPECT_EQ(frame(*view_, kNoon + 300),
            "\r\x1b[3A\x1b[J"
            "● homes · run 7 · 0s  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌  1/2 · 1 failed\n"
            "  ✗ load       200ms  LOST: gone\n"
            "  ○ share           \n");
}

TEST_F(PrettyViewTest, OutputGoesAboveWhatIsLiveAndIsBounded) {
  begin(make_flow({{"load", "shell"}}));
  update(task_update(kNoon + 10, 2, "load", TaskState::kStarted));
  frame(*view_, kNoon + 200);
  std::string out;
  for (int i = 0; i < 1000; ++i) view_->output({kNoon, 7, "load", 1, 'o', false, "line"}, out);
  EXPECT_EQ(out, "");
  const std::string drawn = frame(*view_, kNoon + 300);
  EXPECT_TRUE(drawn.starts_with("\r\x1b[2A\x1b[Jload │ line\n"));
  EXPECT_NE(drawn.find("… 940 more lines: dyna logs 7\n"), std::string::npos);
  EXPECT_TRUE(drawn.ends_with("  line\n"));  // the last words of what runs
}

TEST_F(PrettyViewTest, ErasesMoreRowsAfterTheTerminalBecameNarrower) {
  begin(make_flow({{"load", "shell"}}));
  update(task_update(kNoon + 10, 2, "load", TaskState::kStarted, ""));
  frame(*view_, kNoon + 200);
  update(task_update(kNoon + 220, 3, "load", TaskState::kCompleted));
  const std::string drawn = frame(*view_, kNoon + 400, {25, 24});
  // The head had 59 columns and now fills three rows; the task's line fits into one.
  EXPECT_TRUE(drawn.starts_with("\r\x1b[4A\x1b[J")) << drawn.substr(0, 12);
}

TEST_F(PrettyViewTest, ALongFlowShowsOnlyWhatMatters) {
  std::vector<std::pair<std::string, std::string>> tasks;
  tasks.reserve(5000);
  for (int i = 0; i < 5000; ++i) tasks.emplace_back("t" + std::to_string(i), "shell");
  begin(make_flow(tasks));
  std::int64_t seq = 2;
  for (int i = 0; i < 3000; ++i) {
    update(task_update(kNoon, seq++, "t" + std::to_string(i), TaskState::kCompleted));
  }
  for (int i = 3000; i < 3030; ++i) {
    update(task_update(kNoon, seq++, "t" + std::to_string(i), TaskState::kStarted));
  }
  const std::string drawn = frame(*view_, kNoon + 200);
  EXPECT_NE(drawn.find("3,000/5,000 · 30 running"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("… 14 more"), std::string::npos) << drawn;
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 18);
}

TEST_F(PrettyViewTest, ARetryIsWaitedForInTheList) {
  begin(make_flow({{"load", "shell"}}));
  update(task_update(kNoon + 10, 2, "load", TaskState::kStarted));
  Update failed = task_update(kNoon + 20, 3, "load", TaskState::kPending, "LOST: gone");
  failed.task_state.reset();
  failed.attempt_state = AttemptState::kFailed;
  update(failed);
  const std::string drawn = frame(*view_, kNoon + 200);
  EXPECT_NE(drawn.find("will be tried again  LOST: gone"), std::string::npos) << drawn;
}

TEST_F(PrettyViewTest, TheEndStaysOnTheTerminal) {
  begin(make_flow({{"load", "shell"}}));
  update(task_update(kNoon + 10, 2, "load", TaskState::kStarted));
  update(task_update(kNoon + 60, 3, "load", TaskState::kCompleted));
  update(run_update(kNoon + 70, 4, RunState::kCompleted));
  std::string out;
  view_->finish(kNoon + 80, kSize, out);
  EXPECT_EQ(out,
            "✓ homes · run 7 · 0s  ━━━━━━━━━━━━━━━━━━━━  1/1\n"
            "  ✓ load        50ms\n");
}

TEST(PrettyColourTest, NoLineIsWiderThanTheTerminalAndColoursAreClosed) {
  const auto view = make_pretty_view({true, false});
  std::string out;
  view->begin(followed(make_flow({{std::string(120, 'x'), "shell"}})), out);
  view->update(run_update(kNoon, 1, RunState::kRunning), out);
  view->update(task_update(kNoon, 2, std::string(120, 'x'), TaskState::kError,
                           "LOST: " + std::string(300, 'y')),
               out);
  view->frame(kNoon + 200, {40, 10}, out);
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t end = out.find('\n', at);
    std::string line = out.substr(at, end - at);
    std::size_t escapes = 0;
    for (std::size_t e = line.find('\x1b'); e != std::string::npos; e = line.find('\x1b')) {
      line.erase(e, line.find('m', e) - e + 1);
      ++escapes;
    }
    EXPECT_EQ(escapes % 2, 0U);
    std::size_t columns = 0;
    for (const char byte : line) columns += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    EXPECT_LT(columns, 40U) << line;
    at = end + 1;
  }
}

}  // namespace
}  // namespace cordyna::cli
