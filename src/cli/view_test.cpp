// The view's thread: nothing is lost when it is behind, and a reader that goes away stops nothing.
#include "cli/view.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli_fixtures.hpp"
#include "cli/feed.hpp"
#include "cli/unix_socket.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna::cli {
namespace {

using namespace testing_support;

const RunId kRun{"01a1fdf1-297b-7406-8fa9-d3d429eb9043"};

RunRow run_row() {
  RunRow run;
  run.no = 7;
  run.id = kRun;
  run.flow_id = "homes";
  run.flow_hash = "hash";
  run.folder = "/";
  run.inputs = "{}";
  run.state = RunState::kRunning;
  return run;
}

HistoryRow history_row(std::int64_t seq, TaskState state, const std::string& detail) {
  HistoryRow row;
  row.run = 7;
  row.seq = seq;
  row.at = kNoon;
  row.path = "t" + std::to_string(seq);
  row.attempt = 1;
  row.task_state = state;
  row.detail = detail;
  return row;
}

/// Borrows a store, as readers of a file would.
class Reader final : public StoreReader {
 public:
  explicit Reader(MemoryStore& store) : store_(store) {}
  Result<std::vector<RunRow>> list_runs(const RunFilter& f) override { return store_.list_runs(f); }
  Result<RunRow> find_run(const RunId& id) override { return store_.find_run(id); }
  Result<RunRow> find_run(RunNo no) override { return store_.find_run(no); }
  Result<RunSnapshot> load_run(RunNo no) override { return store_.load_run(no); }
  Result<std::vector<AttemptRow>> list_attempts(RunNo no) override {
    return store_.list_attempts(no);
  }
  Result<std::vector<HistoryRow>> list_history(RunNo no, std::int64_t after,
                                               std::uint32_t limit) override {
    return store_.list_history(no, after, limit);
  }
  Result<FlowVersionRow> find_flow(std::string_view hash) override {
    return store_.find_flow(hash);
  }
  Result<std::vector<PointRow>> list_points(const PointFilter&) override {
    return std::vector<PointRow>();
  }
  Result<std::vector<SeriesInfo>> list_series() override { return std::vector<SeriesInfo>(); }
  Result<std::vector<TickRow>> list_ticks(const TickFilter&) override {
    return std::vector<TickRow>();
  }
  Result<BackfillRow> find_backfill(BackfillNo no) override { return store_.find_backfill(no); }
  Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter& f) override {
    return store_.list_backfills(f);
  }
  Result<std::vector<Millis>> list_pool_starts(std::string_view pool, Millis after,
                                               std::uint32_t limit) override {
    return store_.list_pool_starts(pool, after, limit);
  }
  Result<bool> is_done(const TimeKey& time) override { return store_.is_done(time); }
  Result<AppliedFlowRow> find_applied(std::string_view ns, std::string_view flow_id) override {
    return store_.find_applied(ns, flow_id);
  }
  Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter) override {
    return store_.list_applied(filter);
  }
  Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter) override {
    return store_.list_versions(filter);
  }
  Result<std::vector<HashRuns>> count_runs(std::string_view ns, std::string_view flow_id) override {
    return store_.count_runs(ns, flow_id);
  }

 private:
  MemoryStore& store_;
};

class ViewTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/view_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    out_ = Fd(::open((folder_ + "/out").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    ChangeSet changes;
    changes.flows.push_back({"hash", "homes", "", "{}"});
    changes.runs.push_back(run_row());
    ASSERT_TRUE(store_.commit(changes).has_value());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  ViewParts parts(Output& output) {
    return {StateLayout(folder_),
            [this](const StateLayout&) -> Result<std::unique_ptr<StoreReader>> {
              return std::unique_ptr<StoreReader>(std::make_unique<Reader>(store_));
            },
            clock_, output};
  }
  /// Saves rows and gives them back as the feed would.
  std::vector<Update> commit(std::int64_t first, std::int64_t last) {
    ChangeSet changes;
    for (std::int64_t seq = first; seq <= last; ++seq) {
      changes.history.push_back(history_row(seq, TaskState::kCompleted, ""));
    }
    EXPECT_TRUE(store_.commit(changes).has_value());
    std::vector<Update> updates;
    updates.reserve(changes.history.size());
    for (const HistoryRow& row : changes.history) updates.push_back(make_update(row));
    return updates;
  }
  std::vector<std::string> lines() const {
    std::ifstream file(folder_ + "/out");
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }
  FollowedRun run() const { return {7, kRun, make_flow({{"t1", "log"}})}; }

  std::string folder_;
  Fd out_;
  MemoryStore store_;
  ManualClock clock_{kNoon};
};

TEST_F(ViewTest, ShowsUpdatesInOrder) {
  Output output(out_.get());
  View view(parts(output), make_plain_view({}));
  view.begin(run(), false);
  view.offer(commit(1, 3));
  view.offer(commit(4, 4));
  view.finish({});
  EXPECT_EQ(lines(),
            (std::vector<std::string>{"12:00:00  t1  completed", "12:00:00  t2  completed",
                                      "12:00:00  t3  completed", "12:00:00  t4  completed"}));
}

TEST_F(ViewTest, ReadsWhatItMissedFromTheStore) {
  Output output(out_.get());
  View view(parts(output), make_plain_view({}));
  view.begin(run(), false);
  commit(1, 2);  // never offered
  view.offer(commit(3, 3));
  view.finish({});
  ASSERT_EQ(lines().size(), 3U);
  EXPECT_EQ(lines()[0], "12:00:00  t1  completed");
}

TEST_F(ViewTest, NothingIsLostOrToldTwiceWhenItIsFarBehind) {
  constexpr std::int64_t kAll = 60'000;
  Output output(out_.get());
  View view(parts(output), make_plain_view({}));
  view.begin(run(), false);
  for (std::int64_t seq = 1; seq <= kAll; seq += 3000) view.offer(commit(seq, seq + 2999));
  view.finish({});
  const auto all = lines();
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kAll));
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i], "12:00:00  t" + std::to_string(i + 1) + "  completed");
  }
}

TEST_F(ViewTest, HistoryBeforeABeginIsShownWhereItIsWanted) {
  commit(1, 5);
  Output output(out_.get());
  {
    View view(parts(output), make_plain_view({}));
    view.begin(run(), true, 3);
    view.finish({});
  }
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(ViewTest, UpdatesOfOtherRunsAreIgnored) {
  Output output(out_.get());
  View view(parts(output), make_plain_view({}));
  view.offer(commit(1, 1));
  view.finish({});
  EXPECT_TRUE(lines().empty());
}

TEST_F(ViewTest, AClosedPipeStopsNothing) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const Fd writer(ends[1]);
  Output output(writer.get());
  View view(parts(output), make_plain_view({}));
  view.begin(run(), false);
  view.offer(commit(1, 1000));
  view.finish({});
  EXPECT_TRUE(output.ended());
  EXPECT_TRUE(output.result().has_value());  // whoever closed it knows
}

TEST_F(ViewTest, AFullDeviceIsAnError) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  Output output(full.get());
  View view(parts(output), make_plain_view({}));
  view.begin(run(), false);
  view.offer(commit(1, 1));
  view.finish({});
  ASSERT_FALSE(output.result().has_value());
  EXPECT_NE(output.result().error().message.find("No space"), std::string::npos);
}

TEST_F(ViewTest, TaskOutputComesBeforeTheEndOfItsTask) {
  const StateLayout layout(folder_);
  std::filesystem::create_directories(layout.attempt_folder(7, 0, 1));
  std::ofstream(layout.attempt_folder(7, 0, 1) + "/log") << "o 1 hello\n";
  Update ended = make_update(history_row(1, TaskState::kCompleted, ""));
  ended.task = "t1";
  ended.attempt_state = AttemptState::kCompleted;
  Output output(out_.get());
  View view(parts(output), make_plain_view({}));
  view.begin({7, kRun, make_flow({{"t1", "shell"}})}, false);
  view.offer({ended});
  view.finish({});
  EXPECT_EQ(lines(), (std::vector<std::string>{"t1 | hello", "12:00:00  t1  completed"}));
}

TEST(FeedTest, TellsOfExpectedRunsOnlyWithTheErrorsOfTheirTasks) {
  std::vector<Update> updates;
  std::vector<RunNo> begun;
  std::vector<RunNo> ended;
  int changes_seen = 0;
  FeedListener listener;
  listener.begun = [&](RunNo no, const RunId&) { begun.push_back(no); };
  listener.updates = [&](std::vector<Update> some) {
    updates.insert(updates.end(), some.begin(), some.end());
  };
  listener.rested = [&](const RunRow& row) { ended.push_back(row.no); };
  listener.stopped = [](const Error&) {};
  listener.changed = [&] { ++changes_seen; };
  Feed feed(listener);

  ChangeSet changes;
  changes.runs.push_back(run_row());
  changes.history.push_back(history_row(1, TaskState::kStarted, ""));
  feed.on_commit(changes);
  EXPECT_TRUE(updates.empty());
  EXPECT_EQ(changes_seen, 1);

  feed.expect(kRun);
  changes.runs.front().state = RunState::kError;
  AttemptRow attempt;
  attempt.run = 7;
  attempt.path = "t2";
  attempt.attempt = 1;
  attempt.error = make_task_error(TaskErrorCode::kLost, Phase::kInfra, "gone");
  changes.attempts.push_back(attempt);
  changes.history = {history_row(2, TaskState::kError, "LOST: gone")};
  feed.on_commit(changes);
  EXPECT_EQ(begun, std::vector<RunNo>{7});
  EXPECT_EQ(ended, std::vector<RunNo>{7});
  ASSERT_EQ(updates.size(), 1U);
  ASSERT_NE(updates[0].error, nullptr);
  EXPECT_EQ(updates[0].error->message, "gone");
}

}  // namespace
}  // namespace cordyna::cli
