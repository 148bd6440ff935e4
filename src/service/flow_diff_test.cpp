#include "service/flow_diff.hpp"

#include <gtest/gtest.h>

#include "flow/flow_file.hpp"

namespace cordyna {
namespace {

const Millis kNoon = parse_timestamp("2026-11-21T12:00:00").value();

TEST(FlowDiffTest, TheReadableFormHasALineForEachValue) {
  const std::string text =
      R"({"id":"a","tasks":[{"id":"b","script":"one\ntwo\n","needs":["x","y"],"type":"shell"},)"
      R"({"id":"c","message":"{{ inputs.x }}","type":"log","values":[[1,2],[]]}],"namespace":"n"})";
  EXPECT_EQ(readable(text).value(),
            "id: a\n"
            "namespace: n\n"
            "tasks:\n"
            "  - id: b\n"
            "    type: shell\n"
            "    script: |\n"
            "      one\n"
            "      two\n"
            "    needs:\n"
            "      - x\n"
            "      - y\n"
            "  - id: c\n"
            "    type: log\n"
            "    message: \"{{ inputs.x }}\"\n"
            "    values:\n"
            "      -\n"
            "        - 1\n"
            "        - 2\n"
            "      - []\n");
  EXPECT_EQ(readable(R"({"a":"1","b":1,"c":"true","d":"1 000"})").value(),
            "a: \"1\"\nb: 1\nc: \"true\"\nd: 1 000\n")
      << "a text is not what it looks like";
  EXPECT_EQ(readable("nothing").error().code, ErrorCode::kCorrupt);
}

TEST(FlowDiffTest, PartsAreNamedWhereverTheyStand) {
  const std::string before =
      R"({"id":"a","inputs":[{"id":"x"}],"tasks":[{"id":"one"},{"id":"two","message":"hi"},)"
      R"({"id":"choose","cases":{"p":[{"id":"in"},{"id":"out"}]},"default":[{"id":"else"}]}],)"
      R"("triggers":[{"id":"t","cron":"0 0 * * *"}]})";
  const std::string after =
      R"({"id":"a","inputs":[{"id":"x"},{"id":"y"}],"tasks":[{"id":"two","message":"ho"},)"
      R"({"id":"choose","cases":{"p":[{"id":"in","type":"log"}]},"default":[{"id":"else"}]}],)"
      R"("finally":[{"id":"last"}],"triggers":[{"id":"t","cron":"0 1 * * *"}]})";
  const FlowDiff diff = diff_flows(before, after).value();
  EXPECT_EQ(diff.tasks.added, std::vector<std::string>{"last"});
  EXPECT_EQ(diff.tasks.changed, (std::vector<std::string>{"choose/in", "two"}));
  EXPECT_EQ(diff.tasks.removed, (std::vector<std::string>{"choose/out", "one"}));
  EXPECT_EQ(diff.triggers.changed, std::vector<std::string>{"t"});
  EXPECT_EQ(diff.inputs.added, std::vector<std::string>{"y"});
  EXPECT_FALSE(diff.lines.empty());
  const FlowDiff same = diff_flows(before, before).value();
  EXPECT_TRUE(same.tasks.empty() && same.triggers.empty() && same.inputs.empty());
  EXPECT_TRUE(same.lines.empty());
}

TEST(FlowDiffTest, NewWorkIsWhatAnEarlierRunHasNotDone) {
  const std::string before =
      R"({"id":"a","inputs":[{"id":"x"}],"tasks":[{"id":"one"},{"id":"two","message":"hi"}],)"
      R"("vars":{"v":1},"description":"old"})";
  const std::string after =
      R"({"id":"a","inputs":[{"id":"x","type":"int"},{"id":"y"}],"tasks":[{"id":"new"},)"
      R"({"id":"two","message":"ho"}],"vars":{"v":1},"description":"new"})";
  const NewWork work = new_work(before, after).value();
  EXPECT_EQ(work.tasks, (std::vector<std::string>{"new", "two"}));
  EXPECT_EQ(work.inputs, (std::vector<std::string>{"y", "x"}));
  EXPECT_FALSE(work.shared) << "a description is no work";
  const NewWork same = new_work(before, before).value();
  EXPECT_TRUE(same.tasks.empty() && same.inputs.empty() && !same.shared);
  EXPECT_TRUE(new_work(before, R"({"id":"a","vars":{"v":2}})").value().shared);
  EXPECT_TRUE(new_work(before, R"({"id":"a"})").value().shared);
}

TEST(FlowDiffTest, AFlowThatIsNewHasAllOfItAdded) {
  const FlowDiff diff = diff_flows("", R"({"id":"a","tasks":[{"id":"one"}]})").value();
  EXPECT_EQ(diff.tasks.added, std::vector<std::string>{"one"});
  EXPECT_EQ(diff_flows("{", "{}").error().code, ErrorCode::kCorrupt);
}

std::shared_ptr<const Flow> flow_with(const std::string& triggers) {
  const flow::Parsed parsed = flow::parse(
      "id: a\ntasks: [{id: b, type: log, message: hi}]\ntriggers:\n" + triggers, "a.yaml", "/");
  EXPECT_NE(parsed.flow, nullptr);
  return parsed.flow;
}

TEST(FlowDiffTest, NextTimesAreToldWhereTheyDiffer) {
  const auto before = flow_with(
      "  - {id: same, type: schedule, cron: '0 3 * * *'}\n"
      "  - {id: moved, type: schedule, cron: '0 13 * * *'}\n"
      "  - {id: gone, type: schedule, cron: '0 14 * * *'}\n");
  const auto after = flow_with(
      "  - {id: same, type: schedule, cron: '0 3 * * *'}\n"
      "  - {id: moved, type: schedule, cron: '0 15 * * *'}\n"
      "  - {id: off, type: schedule, cron: '0 16 * * *', disabled: true}\n"
      "  - {id: fresh, type: schedule, cron: '0 17 * * *'}\n");
  const auto times = changed_times(before.get(), after.get(), kNoon);
  ASSERT_EQ(times.size(), 3U);
  constexpr Millis kHour = 3'600'000;
  EXPECT_EQ(times[0].trigger, "fresh");
  EXPECT_EQ(times[0].before, 0);
  EXPECT_EQ(times[0].after, kNoon + 5 * kHour);
  EXPECT_EQ(times[1].trigger, "gone");
  EXPECT_EQ(times[1].after, 0);
  EXPECT_EQ(times[2].before, kNoon + kHour);
  EXPECT_EQ(times[2].after, kNoon + 3 * kHour);
  EXPECT_EQ(next_time(*before, kNoon), kNoon + kHour);
  EXPECT_EQ(changed_times(nullptr, before.get(), kNoon).size(), 3U);
}

}  // namespace
}  // namespace cordyna
