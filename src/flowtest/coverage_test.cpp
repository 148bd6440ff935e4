#include "flowtest/coverage.hpp"

#include "flowtest/case_run_fixture.hpp"

namespace cordyna::flowtest {
namespace {

class CoverageTest : public CaseRunFixture {
 protected:
  std::vector<std::string> missing(const Coverage& covered) {
    std::vector<std::string> out;
    for (const Coverage::Branch& branch : covered.branches()) {
      if (!branch.reached) out.push_back(branch.task + " " + branch.what);
    }
    return out;
  }
};

constexpr const char* kFlow = R"(id: covered
inputs: [{id: mode, default: full}]
tasks:
  - {id: a, type: shell, script: "true", retry: {attempts: 2}, run_if: "{{ inputs.mode != 'no' }}"}
  - id: how
    type: switch
    value: "{{ inputs.mode }}"
    cases:
      full: [{id: x, type: log, message: x}]
    default: [{id: y, type: log, message: y}]
errors: [{id: tell, type: log, message: "{{ error.task }}"}]
)";

TEST_F(CoverageTest, KnowsWhatNoTestReached) {
  const CaseResult good = run(kFlow, "fixtures: {a: {}}\nexpect: {}");
  ASSERT_TRUE(good.passed());
  Coverage covered(*file_.flow);
  covered.add(good.end);
  EXPECT_EQ(missing(covered),
            (std::vector<std::string>{"a run_if is false", "a is retried", "how case default",
                                      "how/y runs", "tell runs"}));
  EXPECT_EQ(covered.reached(), 5u);
}

TEST_F(CoverageTest, AddsUpOverTests) {
  const CaseResult good = run(kFlow, "fixtures: {a: {}}\nexpect: {}");
  Coverage covered(*file_.flow);
  covered.add(good.end);
  covered.add(run(kFlow, "inputs: {mode: 'no'}\nexpect: {}").end);
  covered.add(run(kFlow, "fixtures: {a: {error: EXIT_NONZERO}}\nexpect: {state: error}").end);
  EXPECT_EQ(missing(covered), std::vector<std::string>{});
}

}  // namespace
}  // namespace cordyna::flowtest
