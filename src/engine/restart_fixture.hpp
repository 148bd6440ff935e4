/// An engine test that keeps what a store would have, and can begin again from it.
#pragma once

#include <string>
#include <vector>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {

class RestartTest : public EngineTest {
 protected:
  std::string step() {
    const std::string text = EngineTest::step();
    for (const RunRow& row : last_.changes.runs) rows_.run = row;
    for (const TaskRow& row : last_.changes.tasks) put(rows_.tasks, row);
    for (const AttemptRow& row : last_.changes.attempts) put(rows_.attempts, row);
    rows_.history_seq += static_cast<std::int64_t>(last_.changes.history.size());
    return text;
  }
  void restart() {
    engine_ = Engine({2}, evaluator_);
    ASSERT_TRUE(engine_.restore_run(now_, rows_, flow_, out_).has_value());
  }

  RunSnapshot rows_;

 private:
  template <class Row>
  static void put(std::vector<Row>& rows, const Row& row) {
    std::erase_if(rows, [&](const Row& other) { return other.path == row.path; });
    rows.push_back(row);
  }
};

}  // namespace cordyna::engine
