#include "engine/slot_queue.hpp"

#include <gtest/gtest.h>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

TEST(SlotQueueTest, TheGreaterPriorityGoesFirstOfEqualsWhoCameFirst) {
  SlotQueue queue;
  const std::vector<SlotRequest> came = {{1, 0, 0}, {1, 1, 5}, {2, 0, -3}, {2, 1, 5}, {3, 0, 0}};
  for (const SlotRequest& request : came) queue.push(request);
  std::vector<SlotRequest> went;
  while (!queue.empty()) went.push_back(queue.pop());
  EXPECT_EQ(went, (std::vector<SlotRequest>{came[1], came[3], came[0], came[4], came[2]}));
  queue.push({9, 9, 1});
  EXPECT_EQ(queue.pop(), (SlotRequest{9, 9, 1}));
}

class PriorityTest : public EngineTest {
 protected:
  PriorityTest() : EngineTest({1}) {}
};

TEST_F(PriorityTest, DecidesWhoGetsTheNextSlot) {
  std::vector<TaskSpec> tasks = {task("a"), task("b"), task("c"), task("d")};
  tasks[1].priority = -1;
  tasks[3].priority = 7;
  begin(std::move(tasks));
  std::string order = step();
  for (const char* next : {"d", "a", "c", "b"}) {
    report(next, ReportKind::kEnded);
    order += " | " + step();
  }
  EXPECT_EQ(order,
            "run=running d:dispatched >d | d:completed d=completed a:dispatched >a | a:completed "
            "a=completed c:dispatched >c | c:completed c=completed b:dispatched >b | b:completed "
            "b=completed run=completed");
}

}  // namespace
}  // namespace cordyna::engine
