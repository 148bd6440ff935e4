#include <fmt/format.h>

#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

std::vector<RunNo> numbers(const std::vector<RunRow>& runs) {
  std::vector<RunNo> found;
  for (const RunRow& run : runs) found.push_back(run.no);
  return found;
}

using Numbers = std::vector<RunNo>;

RunFilter of_flow(const std::string& flow_id) {
  RunFilter filter;
  filter.flow_id = flow_id;
  return filter;
}

RunFilter in_state(RunState state) {
  RunFilter filter;
  filter.state = state;
  return filter;
}

RunFilter unfinished(RunFilter filter) {
  filter.unfinished = true;
  return filter;
}

class StoreListing : public StoreContract {
 protected:
  // Runs 1 to 6; the odd ones of flow "odd"; 1 and 2 completed, 3 paused, the others running.
  void SetUp() override {
    ChangeSet changes;
    for (RunNo no = 1; no <= 6; ++no) {
      RunRow run = make_run(no);
      run.flow_id = no % 2 == 1 ? "odd" : "even";
      if (no <= 2) run.state = RunState::kCompleted;
      if (no == 3) run.state = RunState::kPaused;
      changes.runs.push_back(run);
    }
    must_commit(changes);
  }

  Numbers list(const RunFilter& filter) { return numbers(store().list_runs(filter).value()); }
};

TEST_P(StoreListing, RunsComeNewestFirst) {
  EXPECT_EQ(list({}), (Numbers{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(store().list_runs({}).value().front(), stored([] {
              RunRow run = make_run(6);
              run.flow_id = "even";
              return run;
            }()));
}

TEST_P(StoreListing, PagesFollowEachOtherWithoutRepeatOrGap) {
  Numbers all;
  RunFilter filter;
  filter.limit = 4;
  for (int page = 0; page < 3; ++page) {
    const Numbers found = list(filter);
    all.insert(all.end(), found.begin(), found.end());
    filter.before = all.back();
  }
  EXPECT_EQ(all, (Numbers{6, 5, 4, 3, 2, 1}));
  filter.before = 1;
  EXPECT_EQ(list(filter), Numbers{});
  filter.before = 1000;
  filter.limit = 0;
  EXPECT_EQ(list(filter), Numbers{});
}

TEST_P(StoreListing, FiltersNarrowAlone) {
  EXPECT_EQ(list(of_flow("odd")), (Numbers{5, 3, 1}));
  EXPECT_EQ(list(of_flow("none")), Numbers{});
  EXPECT_EQ(list(of_flow("' OR 1=1 --")), Numbers{});
  EXPECT_EQ(list(in_state(RunState::kCompleted)), (Numbers{2, 1}));
  EXPECT_EQ(list(unfinished({})), (Numbers{6, 5, 4, 3}));
}

TEST_P(StoreListing, FiltersNarrowTogether) {
  EXPECT_EQ(list(unfinished(of_flow("odd"))), (Numbers{5, 3}));
  EXPECT_EQ(list(unfinished(in_state(RunState::kCompleted))), Numbers{});
  EXPECT_EQ(list(unfinished(in_state(RunState::kRunning))), (Numbers{6, 5, 4}));
  RunFilter filter = of_flow("odd");
  filter.state = RunState::kCompleted;
  EXPECT_EQ(list(filter), (Numbers{1}));
  filter = unfinished(of_flow("even"));
  filter.before = 6;
  filter.limit = 1;
  EXPECT_EQ(list(filter), (Numbers{4}));
}

TEST_P(StoreListing, ANamespaceNarrowsEachFilter) {
  ChangeSet changes;
  for (RunNo no = 7; no <= 10; ++no) {
    RunRow run = make_run(no);
    run.flow_id = "odd";
    run.ns = no % 2 == 1 ? "" : "others";
    run.backfill = no == 8 ? "1" : "";
    changes.runs.push_back(run);
  }
  must_commit(changes);
  RunRow failed = make_run(10);
  failed.flow_id = "odd";
  failed.ns = "others";
  must_commit({{}, {changed(failed, RunState::kError)}, {}, {}, {}});
  const auto others = [this](RunFilter filter, const std::string& ns = "others") {
    filter.ns = ns;
    return list(filter);
  };
  EXPECT_EQ(others({}), (Numbers{10, 8}));
  EXPECT_EQ(others({}, ""), (Numbers{9, 7}));
  EXPECT_EQ(others({}, "nobody"), Numbers{});
  EXPECT_EQ(others(of_flow("odd")), (Numbers{10, 8}));
  EXPECT_EQ(others(of_flow("even")), Numbers{});
  EXPECT_EQ(others(unfinished({})), Numbers{8});
  EXPECT_EQ(others(in_state(RunState::kError)), Numbers{10});
  RunFilter filter = of_flow("odd");
  filter.state = RunState::kError;
  EXPECT_EQ(others(filter), Numbers{10});
  EXPECT_EQ(others(filter, ""), Numbers{});
  filter = {};
  filter.backfill = "1";
  EXPECT_EQ(others(filter), Numbers{8});
  EXPECT_EQ(others(filter, ""), Numbers{});
}

TEST_P(StoreListing, ARunThatEndsLeavesTheUnfinished) {
  RunRow run = make_run(4);
  run.flow_id = "even";
  must_commit({{}, {changed(run, RunState::kWarning)}, {}, {}, {}});
  EXPECT_EQ(list(unfinished({})), (Numbers{6, 5, 3}));
}

TEST_P(StoreListing, RunsThatDidNotEndWellAreFoundByStateAndFlow) {
  const auto end = [this](RunNo no, RunState state) {
    RunRow run = make_run(no);
    run.flow_id = no % 2 == 1 ? "odd" : "even";
    must_commit({{}, {changed(run, state)}, {}, {}, {}});
  };
  end(4, RunState::kError);
  end(5, RunState::kError);
  end(6, RunState::kError);
  EXPECT_EQ(list(in_state(RunState::kError)), (Numbers{6, 5, 4}));
  EXPECT_EQ(list(in_state(RunState::kWarning)), Numbers{});
  RunFilter filter = of_flow("even");
  filter.state = RunState::kError;
  EXPECT_EQ(list(filter), (Numbers{6, 4}));
  filter.before = 6;
  EXPECT_EQ(list(filter), (Numbers{4}));
  filter.flow_id = "none";
  EXPECT_EQ(list(filter), Numbers{});
}

TEST_P(StoreListing, ARunIsFoundByNumberAndById) {
  EXPECT_EQ(store().find_run(3).value(), store().find_run(make_run(3).id).value());
  EXPECT_EQ(store().find_run(3).value().no, 3);
  EXPECT_EQ(store().last_run_no().value(), 6);
}

TEST_P(StoreContract, WhatIsNotThereIsNamedInTheError) {
  const auto expect = [](const Error& error, const std::string& part) {
    EXPECT_EQ(error.code, ErrorCode::kNotFound);
    EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  };
  expect(store().find_run(RunId{"nobody"}).error(), "nobody");
  expect(store().find_run(77).error(), "77");
  expect(store().load_run(77).error(), "77");
  expect(store().list_attempts(77).error(), "77");
  expect(store().list_history(77, 0, 10).error(), "77");
  expect(store().find_flow("cafe").error(), "cafe");
  EXPECT_EQ(store().list_runs({}).value(), std::vector<RunRow>{});
  EXPECT_EQ(store().last_run_no().value(), 0);
}

TEST_P(StoreContract, ASnapshotHoldsTheAttemptsThatRecoveryNeeds) {
  const auto ended = [](const std::string& path, std::uint32_t number, bool dead) {
    AttemptRow attempt = make_attempt(1, path, number);
    attempt.state = AttemptState::kCancelled;
    attempt.known_dead = dead;
    return attempt;
  };
  const AttemptRow undead = ended("a", 2, false);
  const AttemptRow live = make_attempt(1, "a", 3);
  const AttemptRow newest = ended("b", 2, true);
  const AttemptRow foreign = make_attempt(2, "a", 1);
  must_commit({{},
               {make_run(1), make_run(2)},
               {},
               {ended("a", 1, true), undead, live, ended("b", 1, true), newest, foreign},
               {}});

  const RunSnapshot snapshot = store().load_run(1).value();

  EXPECT_EQ(snapshot.attempts, (std::vector{stored(undead), stored(live), stored(newest)}));
}

TEST_P(StoreContract, AttemptsComeInOrderOfPathThenNumber) {
  ChangeSet changes{{}, {make_run(1)}, {}, {}, {}};
  for (const std::string path : {"b", "a/x", "a", "B", "é"}) {
    for (const std::uint32_t number : {10U, 9U, 1U}) {
      AttemptRow attempt = make_attempt(1, path, number);
      attempt.state = AttemptState::kCompleted;
      changes.attempts.push_back(attempt);
    }
  }
  must_commit(changes);

  std::vector<std::string> order;
  const auto attempts = store().list_attempts(1);
  for (const AttemptRow& attempt : *attempts) {
    order.push_back(fmt::format("{}:{}", attempt.path, attempt.attempt));
  }

  EXPECT_EQ(order,
            (std::vector<std::string>{"B:1", "B:9", "B:10", "a:1", "a:9", "a:10", "a/x:1", "a/x:9",
                                      "a/x:10", "b:1", "b:9", "b:10", "é:1", "é:9", "é:10"}));
}

TEST_P(StoreContract, HistoryIsPagedBySequence) {
  ChangeSet changes{{}, {make_run(1), make_run(2)}, {}, {}, {}};
  for (std::int64_t seq = 1; seq <= 5; ++seq) {
    changes.history.push_back(make_history(1, seq));
    changes.history.push_back(make_history(2, seq));
  }
  must_commit(changes);
  const auto page = [this](std::int64_t after, std::uint32_t limit) {
    std::vector<std::int64_t> seqs;
    const auto rows = store().list_history(1, after, limit);
    for (const HistoryRow& row : *rows) {
      EXPECT_EQ(row, make_history(1, row.seq));
      seqs.push_back(row.seq);
    }
    return seqs;
  };
  using Seqs = std::vector<std::int64_t>;

  EXPECT_EQ(page(0, 2), (Seqs{1, 2}));
  EXPECT_EQ(page(2, 2), (Seqs{3, 4}));
  EXPECT_EQ(page(4, 2), (Seqs{5}));
  EXPECT_EQ(page(5, 2), Seqs{});
  EXPECT_EQ(page(-3, 100), (Seqs{1, 2, 3, 4, 5}));
  EXPECT_EQ(page(0, 0), Seqs{});
}

TEST_P(StoreContract, TextsKeepEveryByte) {
  std::string bytes;
  for (int byte = 1; byte < 256; ++byte) bytes += static_cast<char>(byte);
  RunRow run = make_run(1);
  run.folder = "/päth/東京/🚀 '\";--\n";
  TaskRow task = make_task(1, bytes);
  task.outputs = bytes;
  task.error = make_error();
  task.error->message = bytes;
  HistoryRow entry = make_history(1, 1);
  entry.detail = bytes;

  must_commit({{}, {run}, {task}, {}, {entry}});
  restart();

  const RunSnapshot snapshot = store().load_run(1).value();
  EXPECT_EQ(snapshot.run, stored(run));
  EXPECT_EQ(snapshot.tasks, std::vector{stored(task)});
  EXPECT_EQ(store().list_history(1, 0, 1).value(), std::vector{entry});
}

TEST_P(StoreContract, AMebibyteOfOutputsComesBack) {
  TaskRow task = make_task(1, "big");
  task.outputs = "{\"x\":\"" + std::string(std::size_t{1} << 20, 'x') + "\"}";
  must_commit({{}, {make_run(1)}, {task, make_task(1, "small")}, {}, {}});
  TaskRow completed = changed(task, TaskState::kCompleted);
  completed.outputs += ' ';
  must_commit({{}, {}, {completed}, {}, {}});
  EXPECT_EQ(store().load_run(1).value().tasks,
            (std::vector{stored(completed), stored(make_task(1, "small"))}));
}

TEST_P(StoreContract, LargestNumbersComeBack) {
  RunRow run = make_run(std::int64_t{1} << 60);
  run.created_at = std::int64_t{1} << 62;
  run.warnings = 0xFFFFFFFF;
  TaskRow task = make_task(run.no, "a");
  task.error = make_error();
  task.error->exit_code = -1;
  task.attempt = 0xFFFFFFFF;
  must_commit({{}, {run}, {task}, {}, {}});
  const RunSnapshot snapshot = store().load_run(run.no).value();
  EXPECT_EQ(snapshot.run, stored(run));
  EXPECT_EQ(snapshot.tasks, std::vector{stored(task)});
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreListing, testing::ValuesIn(store_kinds()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace cordyna::contract
