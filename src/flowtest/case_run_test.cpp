#include "flowtest/case_run.hpp"

#include "flowtest/case_run_fixture.hpp"

namespace cordyna::flowtest {
namespace {

using Messages = std::vector<std::string>;

class CaseRunTest : public CaseRunFixture {};

constexpr const char* kChain = R"(id: chain
inputs: [{id: mode, default: full}]
outputs: {rows: "{{ outputs.county.rows }}"}
tasks:
  - {id: county, type: shell, script: "true"}
  - {id: wait, type: pause, for: 3d, needs: county}
  - {id: listings, type: shell, script: "true", needs: wait, retry: {attempts: 5, delay: 1m}}
  - {id: merged, type: shell, script: "true", needs: [county, listings]}
errors:
  - {id: tell, type: log, message: "{{ error.task }}: {{ error.message }}"}
)";

TEST_F(CaseRunTest, ThreeDaysPassAtOnce) {
  const CaseResult result = run(kChain, R"(fixtures:
  county: {outputs: {rows: 12}, after: 5m}
  listings: {error: EXIT_NONZERO, exit_code: 75, attempts: 2}
  merged: {}
expect:
  state: completed
  tasks:
    county: {state: completed, outputs: {rows: 12}, ended_after: 5m}
    listings: {attempts: 3, error: EXIT_NONZERO, started_after: 72h5m}
    tell: skipped
  order: [county, wait, listings, merged]
  outputs: {rows: 12}
  duration: 72h7m)");
  EXPECT_EQ(messages(result), Messages{});
  EXPECT_TRUE(result.passed());
}

TEST_F(CaseRunTest, SaysWhatWasExpectedAndWhatWasFound) {
  const CaseResult result = run(kChain, R"(fixtures:
  county: {outputs: {rows: 12}}
  listings: {error: EXIT_NONZERO, message: "503"}
expect:
  tasks:
    county: {outputs: {rows: 13}}
    listings: completed
    merged: {state: blocked, blocked_by: county}
  order: [merged, county]
  duration: 1h)");
  EXPECT_EQ(messages(result),
            (Messages{
                ("7: state: expected completed or warning, found error\n"
                 "  listings: EXIT_NONZERO: 503\n"
                 "  where that is right, write it: state: error"),
                "8: tasks.county.outputs.rows: expected 13, found 12",
                "9: tasks.listings: expected completed, found error\n  EXIT_NONZERO: 503",
                "10: tasks.merged.blocked_by: expected county, found listings",
                "11: order: expected merged before county, found county began before",
                "12: duration: expected 1h00m, found 3d00h",
            }));
}

TEST_F(CaseRunTest, ATaskWithoutAFixtureFailsTheTest) {
  const CaseResult result = run(kChain, "fixtures: {county: {}}\nexpect: {state: error}");
  EXPECT_EQ(messages(result),
            (Messages{"2: task 'listings' (shell) has no fixture; write what it ends with under "
                      "'fixtures' ('listings: {}' for a good end), or 'listings: {real: true}' to "
                      "run it"}));
}

constexpr const char* kAsk = R"(id: ask
tasks:
  - {id: load, type: shell, script: "true"}
  - {id: ok, type: pause, needs: load, message: "share it?", timeout: 2d}
  - {id: out, type: log, needs: ok, message: "{{ outputs.ok.by }}"}
)";

TEST_F(CaseRunTest, APersonApprovesOrRejectsOrNobodyDoes) {
  EXPECT_EQ(
      messages(run(kAsk, R"(fixtures: {load: {}, ok: {approve: {by: ann, note: fine}, after: 1h}}
expect: {state: completed, tasks: {ok: {outputs: {by: ann, note: fine}}}, duration: 1h})")),
      Messages{});
  EXPECT_EQ(messages(run(kAsk, R"(fixtures: {load: {}, ok: {reject: {by: bob}}}
expect: {state: error, tasks: {ok: {error: HOLD_REJECTED}, out: blocked}})")),
            Messages{});
  EXPECT_EQ(messages(run(kAsk, R"(fixtures: {load: {}}
expect: {state: error, tasks: {ok: {error: TIMEOUT_TOTAL, ended_after: 2d}}})")),
            Messages{});
}

TEST_F(CaseRunTest, APersonGivesWhatAPauseAsksFor) {
  const char* const flow = R"(id: pay
tasks:
  - {id: ask, type: pause, inputs: [{id: amount, type: int, max: 9}, {id: why, default: none}]}
  - {id: out, type: log, message: "{{ outputs.ask.amount + 1 }} {{ outputs.ask.why }}"}
)";
  EXPECT_EQ(messages(run(flow, R"(fixtures: {ask: {approve: {by: ann, with: {amount: 5}}}}
expect: {state: completed, tasks: {ask: {outputs: {amount: 5, why: none, by: ann}}}})")),
            Messages{});
}

TEST_F(CaseRunTest, WhatIsHeldByAFixtureCanBeApproved) {
  const char* const flow = R"(id: held
tasks: [{id: out, type: shell, script: "true"}]
)";
  EXPECT_EQ(messages(run(flow, R"(fixtures: {out: {hold: half of it is gone}}
expect: {state: paused, tasks: {out: {held: true}}})")),
            Messages{});
  EXPECT_EQ(messages(run(flow, R"(fixtures: {out: {hold: half of it is gone, approve: {}}}
expect: {state: completed, tasks: {out: {held: false, attempts: 2}}})")),
            Messages{});
}

TEST_F(CaseRunTest, TimeLimitsEndWhatHangs) {
  const char* const flow = R"(id: slow
timeout: 1h
tasks: [{id: a, type: shell, script: "true"}, {id: b, type: shell, script: "true", timeout: 5m}]
)";
  EXPECT_EQ(messages(run(flow, R"(fixtures: {a: {hangs: true}, b: {hangs: true}}
expect: {state: error, duration: 1h, tasks: {b: {error: TIMEOUT_TOTAL, ended_after: 5m}}})")),
            Messages{});
}

TEST_F(CaseRunTest, TemplatesSeeTheVirtualTime) {
  const char* const flow = R"(id: times
triggers: [{id: nightly, type: schedule, cron: "0 2 * * *", inputs: {day: "{{ run.date }}"}}]
inputs: [{id: day, type: date, default: "{{ run.date }}"}]
outputs: {day: "{{ inputs.day }}", from: "{{ run.interval.start }}"}
tasks: [{id: late, type: wait_for, until: "{{ now >= '2026-03-30' }}", interval: 1h}]
)";
  EXPECT_EQ(messages(run(flow, R"(at: 2026-03-29T05:30:00Z
trigger: nightly
expect:
  outputs: {day: 2026-03-29, from: "2026-03-28T02:00:00.000Z"}
  duration: 19h)")),
            Messages{});
}

TEST_F(CaseRunTest, AConditionThatNeverHoldsIsSaid) {
  const char* const flow = R"(id: never
tasks: [{id: w, type: wait_for, until: "{{ now < '2000' }}", interval: 1s}]
)";
  const CaseResult result = run(flow, "expect: {}");
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_TRUE(result.findings[0].message.starts_with("the run did not end: it is 2026-01-"));
  EXPECT_TRUE(result.findings[0].message.ends_with("\n  w: condition {{ now < '2000' }}"));
  EXPECT_FALSE(result.passed());
}

TEST_F(CaseRunTest, WrongInputsFailTheTest) {
  const char* const flow = R"(id: wants
inputs: [{id: n, type: int}]
tasks: [{id: a, type: log, message: "{{ inputs.n }}"}]
)";
  const CaseResult result = run(flow, "expect: {}");
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_NE(result.findings[0].message.find("'n'"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::flowtest
