// Whole sessions: real cerebro, real socket; the store is in memory, and tasks are faked.
#include "cli/session.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "cli/cli_fixtures.hpp"
#include "flow/flow_file.hpp"
#include "store/memory/memory_store.hpp"
#include "template/template.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

/// One state for several owners in turn, as a folder would be.
class World {
 public:
  World();
  ~World() { fs::remove_all(layout_->folder()); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Parts& parts() const { return parts_; }
  const StateLayout& layout() const { return *layout_; }

  /// Ends an attempt whenever it is, or gets, started.
  void end_task(const std::string& path) {
    const std::lock_guard lock(mutex_);
    done_[path] = true;
    report();
  }
  /// Its attempts ask for a person until one is approved.
  void hold_task(const std::string& path) {
    const std::lock_guard lock(mutex_);
    held_[path] = true;
  }
  void wait_started(const std::string& path) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return running_.contains(path); }));
  }
  void wait_paused(RunNo run) {
    std::unique_lock lock(mutex_);
    const auto paused = [&] {
      const auto row = store_.find_run(run);
      return row.has_value() && row->state == RunState::kPaused;
    };
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), paused));
  }
  std::size_t owners() const { return owners_.load(); }
  /// From now on the disk is full.
  void fill_disk() { full_ = true; }

 private:
  class Owned;
  class Reader;
  class Tasks;

  Result<std::unique_ptr<Store>> own();
  void report();

  struct Running {
    AttemptKey key;
    ReportSink sink;
    bool approved = false;
  };

  SystemClock clock_;
  tmpl::TemplateEvaluator evaluator_;
  std::unique_ptr<StateLayout> layout_;
  MemoryStore store_;
  std::atomic<bool> owned_ = false;
  std::atomic<bool> full_ = false;
  std::atomic<std::size_t> owners_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Running> running_;
  std::map<std::string, bool> done_;
  std::map<std::string, bool> held_;
  Parts parts_;
};

/// Passes everything on.
class World::Reader final : public StoreReader {
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
  Result<std::vector<PointRow>> list_points(const PointFilter& f) override {
    return store_.list_points(f);
  }
  Result<std::vector<SeriesInfo>> list_series() override { return store_.list_series(); }
  Result<std::vector<TickRow>> list_ticks(const TickFilter& f) override {
    return store_.list_ticks(f);
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

class World::Owned final : public Store {
 public:
  Owned(World& world, std::unique_ptr<MemoryStore> store)
      : world_(world), store_(std::move(store)), reader_(*store_) {}
  ~Owned() override { world_.owned_ = false; }
  Result<std::vector<RunRow>> list_runs(const RunFilter& f) override {
    return reader_.list_runs(f);
  }
  Result<RunRow> find_run(const RunId& id) override { return reader_.find_run(id); }
  Result<RunRow> find_run(RunNo no) override { return reader_.find_run(no); }
  Result<RunSnapshot> load_run(RunNo no) override { return reader_.load_run(no); }
  Result<std::vector<AttemptRow>> list_attempts(RunNo no) override {
    return reader_.list_attempts(no);
  }
  Result<std::vector<HistoryRow>> list_history(RunNo no, std::int64_t after,
                                               std::uint32_t limit) override {
    return reader_.list_history(no, after, limit);
  }
  Result<FlowVersionRow> find_flow(std::string_view hash) override {
    return reader_.find_flow(hash);
  }
  Result<std::vector<PointRow>> list_points(const PointFilter& f) override {
    return reader_.list_points(f);
  }
  Result<std::vector<SeriesInfo>> list_series() override { return reader_.list_series(); }
  Result<std::vector<TickRow>> list_ticks(const TickFilter& f) override {
    return reader_.list_ticks(f);
  }
  Result<BackfillRow> find_backfill(BackfillNo no) override { return reader_.find_backfill(no); }
  Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter& f) override {
    return reader_.list_backfills(f);
  }
  Result<std::vector<Millis>> list_pool_starts(std::string_view pool, Millis after,
                                               std::uint32_t limit) override {
    return reader_.list_pool_starts(pool, after, limit);
  }
  Result<bool> is_done(const TimeKey& time) override { return reader_.is_done(time); }
  Result<AppliedFlowRow> find_applied(std::string_view ns, std::string_view flow_id) override {
    return reader_.find_applied(ns, flow_id);
  }
  Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter) override {
    return reader_.list_applied(filter);
  }
  Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter) override {
    return reader_.list_versions(filter);
  }
  Result<std::vector<HashRuns>> count_runs(std::string_view ns, std::string_view flow_id) override {
    return reader_.count_runs(ns, flow_id);
  }
  Result<> commit(const ChangeSet& changes) override {
    if (world_.full_) return fail(ErrorCode::kUnavailable, "no space left");
    const Result<> done = store_->commit(changes);
    const std::lock_guard lock(world_.mutex_);
    world_.changed_.notify_all();
    return done;
  }
  std::uint64_t epoch() const override { return store_->epoch(); }
  Result<RunNo> last_run_no() override { return store_->last_run_no(); }

 private:
  World& world_;
  std::unique_ptr<MemoryStore> store_;
  Reader reader_;
};

Result<std::unique_ptr<Store>> World::own() {
  if (owned_.exchange(true)) return fail(ErrorCode::kConflict, "owned by another");
  ++owners_;
  return std::unique_ptr<Store>(std::make_unique<Owned>(*this, store_.fork_owner()));
}

/// Tasks that run until end_task() or a cancel; they outlive their owner.
class World::Tasks final : public Executor {
 public:
  Tasks(World& world, ReportSink sink) : world_(world), sink_(std::move(sink)) {}
  void start(const StartAttempt& command) override {
    sink_({command.key, ReportKind::kStarted, {}});
    const std::lock_guard lock(world_.mutex_);
    world_.running_[command.key.path] = {command.key, sink_, command.approved};
    world_.changed_.notify_all();
    world_.report();
  }
  void adopt(const StartAttempt& command) override { start(command); }
  void cancel(const CancelAttempt& command) override {
    Outcome outcome;
    outcome.state = AttemptState::kCancelled;
    sink_({command.key, ReportKind::kEnded, outcome});
  }

 private:
  World& world_;
  ReportSink sink_;
};

void World::report() {
  for (const auto& [path, running] : running_) {
    if (!done_[path]) continue;
    AttemptReport report{running.key, ReportKind::kEnded, {}};
    if (held_[path] && !running.approved) report.outcome.hold = "rows 3, expected 10";
    running.sink(report);
  }
}

World::World() {
  std::string name = testing::TempDir() + "/session_XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  layout_ = std::make_unique<StateLayout>(name);
  parts_.clock = &clock_;
  parts_.evaluator = &evaluator_;
  parts_.open_store = [this](const StateLayout&, const std::function<void()>& owned) {
    owned();
    return own();
  };
  parts_.expect = [](const StateLayout&, const Flow&) {};
  parts_.open_reader = [this](const StateLayout&) -> Result<std::unique_ptr<StoreReader>> {
    return std::unique_ptr<StoreReader>(std::make_unique<Reader>(store_));
  };
  parts_.make_process = [this](const StateLayout&, ReportSink sink) {
    return std::make_unique<Tasks>(*this, std::move(sink));
  };
}

/// One `dyna` with its own output.
class Dyna {
 public:
  explicit Dyna(World& world) : world_(world) {
    path_ = world.layout().folder() + "/out" + std::to_string(next_number++);
    file_ = Fd(::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  }

  Result<ExitCode> run(std::vector<Work> work) {
    Output output(file_.get());
    Signals signals;
    Session session(world_.parts(), world_.layout(), {2, ""}, signals, output, make_plain_view({}));
    return session.drive(std::move(work));
  }
  Result<ExitCode> run(Work one) {
    std::vector<Work> work;
    work.push_back(std::move(one));
    return run(std::move(work));
  }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(path_).rdbuf();
    return all.str();
  }

 private:
  inline static std::atomic<int> next_number = 0;
  World& world_;
  std::string path_;
  Fd file_;
};

Work submit(const std::string& yaml) {
  flow::Parsed parsed = flow::parse(yaml, "flow.yaml", "/");
  EXPECT_NE(parsed.flow, nullptr);
  Work work;
  work.request.op = OwnerOp::kSubmit;
  work.request.run = RunId{make_uuid7(1)};
  work.request.inputs = "{}";
  work.request.folder = "/";
  work.request.canonical = parsed.canonical;
  work.flow = parsed.flow;
  return work;
}

constexpr const char* kLog = "id: l\ntasks: [{id: say, type: log, message: hello}]\n";
constexpr const char* kLong = "id: s\ntasks: [{id: task, type: shell, script: 'true'}]\n";
constexpr const char* kOther = "id: o\ntasks: [{id: other, type: shell, script: 'true'}]\n";

TEST(SessionTest, RunsAFlowToItsEnd) {
  World world;
  Dyna dyna(world);
  const auto code = dyna.run(submit(kLog));
  ASSERT_TRUE(code.has_value()) << code.error().message;
  EXPECT_EQ(*code, ExitCode::kOk);
  const std::string text = dyna.text();
  EXPECT_NE(text.find("say  completed"), std::string::npos) << text;
  EXPECT_NE(text.find("✓ run 1 completed"), std::string::npos) << text;
}

TEST(SessionTest, ASecondRunGoesThroughTheOwner) {
  World world;
  Dyna first(world);
  Dyna second(world);
  std::thread owner([&] { EXPECT_EQ(first.run(submit(kLong)).value(), ExitCode::kOk); });
  world.wait_started("task");
  world.end_task("other");
  const auto code = second.run(submit(kOther));
  EXPECT_EQ(code.value(), ExitCode::kOk);
  EXPECT_EQ(world.owners(), 1U);
  EXPECT_NE(second.text().find("other  completed"), std::string::npos) << second.text();
  EXPECT_EQ(second.text().find("task  "), std::string::npos) << second.text();
  world.end_task("task");
  owner.join();
  EXPECT_EQ(first.text().find("other  "), std::string::npos) << first.text();
}

TEST(SessionTest, AClientTakesItsRunUpWhenTheOwnerEnds) {
  World world;
  Dyna first(world);
  Dyna second(world);
  std::thread owner([&] { EXPECT_EQ(first.run(submit(kLong)).value(), ExitCode::kOk); });
  world.wait_started("task");
  std::thread client([&] { EXPECT_EQ(second.run(submit(kOther)).value(), ExitCode::kOk); });
  world.wait_started("other");
  world.end_task("task");
  owner.join();
  world.end_task("other");
  client.join();
  EXPECT_EQ(world.owners(), 2U);
  const std::string text = second.text();
  EXPECT_NE(text.find("other  completed"), std::string::npos) << text;
  // What the client saw before it became the owner is not told again.
  EXPECT_EQ(text.find("run 2 running"), text.rfind("run 2 running")) << text;
}

TEST(SessionTest, CancelReachesTheOwner) {
  World world;
  Dyna first(world);
  Dyna second(world);
  Work work = submit(kLong);
  Work cancel;
  cancel.request.op = OwnerOp::kCancel;
  cancel.request.run = work.request.run;
  cancel.flow = work.flow;
  std::thread owner([&] { EXPECT_EQ(first.run(std::move(work)).value(), ExitCode::kCancelled); });
  world.wait_started("task");
  EXPECT_EQ(second.run(std::move(cancel)).value(), ExitCode::kCancelled);
  owner.join();
  EXPECT_NE(second.text().find("run 1 cancelled"), std::string::npos) << second.text();
}

Work decide(const Work& of, OwnerOp op) {
  Work work;
  work.request.op = op;
  work.request.run = of.request.run;
  work.request.by = "ann";
  work.flow = of.flow;
  return work;
}

TEST(SessionTest, AHeldRunEndsTheSessionAndApproveTakesItUp) {
  World world;
  world.hold_task("task");
  world.end_task("task");
  Dyna first(world);
  Work work = submit(kLong);
  Work approve = decide(work, OwnerOp::kApprove);
  approve.after = 5;
  EXPECT_EQ(first.run(std::move(work)).value(), ExitCode::kHeld);
  const std::string text = first.text();
  EXPECT_NE(text.find("task  held: rows 3, expected 10"), std::string::npos) << text;
  EXPECT_NE(text.find("dyna approve 1"), std::string::npos) << text;
  EXPECT_NE(text.find("run 1 is held"), std::string::npos) << text;

  Dyna second(world);
  EXPECT_EQ(second.run(std::move(approve)).value(), ExitCode::kOk);
  EXPECT_NE(second.text().find("approved by ann"), std::string::npos) << second.text();
  EXPECT_EQ(second.text().find("held:"), std::string::npos) << "what was before is not told again";
}

TEST(SessionTest, ApproveReachesTheOwnerOfAnotherRunAndTheRunGoesOnThere) {
  World world;
  world.hold_task("task");
  world.end_task("task");
  Dyna first(world);
  Dyna second(world);
  Work work = submit(kLong);
  Work approve = decide(work, OwnerOp::kApprove);
  std::vector<Work> both;
  both.push_back(std::move(work));
  both.push_back(submit(kOther));
  std::thread owner([&] { EXPECT_EQ(first.run(std::move(both)).value(), ExitCode::kOk); });
  world.wait_started("other");
  world.wait_paused(1);
  EXPECT_EQ(second.run(std::move(approve)).value(), ExitCode::kOk);
  EXPECT_EQ(world.owners(), 1U);
  world.end_task("other");
  owner.join();
}

TEST(SessionTest, RejectEndsTheRunInError) {
  World world;
  world.hold_task("task");
  world.end_task("task");
  Dyna first(world);
  Work work = submit(kLong);
  Work reject = decide(work, OwnerOp::kReject);
  EXPECT_EQ(first.run(std::move(work)).value(), ExitCode::kHeld);
  Dyna second(world);
  EXPECT_EQ(second.run(std::move(reject)).value(), ExitCode::kRunError);
  EXPECT_NE(second.text().find("HOLD_REJECTED"), std::string::npos) << second.text();
}

TEST(SessionTest, InterruptCancelsAndASecondOneLeaves) {
  World world;
  Dyna dyna(world);
  // Another thread of this test would take a signal of the process: it goes to one thread.
  std::thread running([&] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::thread keyboard([&, to = pthread_self()] {
      world.wait_started("task");
      pthread_kill(to, SIGINT);
    });
    EXPECT_EQ(dyna.run(submit(kLong)).value(), ExitCode::kCancelled);
    keyboard.join();
  });
  running.join();
  EXPECT_NE(dyna.text().find("cancelling"), std::string::npos) << dyna.text();
  EXPECT_NE(dyna.text().find("run 1 cancelled"), std::string::npos) << dyna.text();
}

TEST(SessionTest, ATermSignalLeavesTheRunForAResume) {
  World world;
  Dyna first(world);
  Work work = submit(kLong);
  Work resume;
  resume.request.op = OwnerOp::kResume;
  resume.request.run = work.request.run;
  resume.flow = work.flow;
  std::thread running([&] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::thread sender([&, to = pthread_self()] {
      world.wait_started("task");
      // To the thread that watches for it, which has it blocked: a signal to the process could go
      // to any.
      pthread_kill(to, SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
    });
    EXPECT_EQ(first.run(std::move(work)).value(), ExitCode::kCancelled);
    sender.join();
  });
  running.join();
  Dyna second(world);
  world.end_task("task");
  EXPECT_EQ(second.run(std::move(resume)).value(), ExitCode::kOk);
  EXPECT_NE(second.text().find("task  started"), std::string::npos) << second.text();
  EXPECT_NE(second.text().find("✓ run 1 completed"), std::string::npos) << second.text();
}

TEST(SessionTest, AnEndedRunIsNotTakenUpAgain) {
  World world;
  Work work = submit(kLog);
  Work again;
  again.request.op = OwnerOp::kResume;
  again.request.run = work.request.run;
  again.flow = work.flow;
  EXPECT_EQ(Dyna(world).run(std::move(work)).value(), ExitCode::kOk);
  EXPECT_EQ(Dyna(world).run(std::move(again)).value(), ExitCode::kOk);
}

TEST(SessionTest, AStoreThatRefusesEndsTheSessionWithItsReason) {
  World world;
  Dyna dyna(world);
  std::thread running([&] {
    const auto code = dyna.run(submit(kLong));
    ASSERT_FALSE(code.has_value());
    EXPECT_EQ(code.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(code.error().message.find("no space left"), std::string::npos);
    EXPECT_NE(code.error().message.find("dyna resume"), std::string::npos);
  });
  world.wait_started("task");
  world.fill_disk();
  world.end_task("task");
  running.join();
}

TEST(SessionTest, AnUnknownRunIsNotFound) {
  World world;
  Work work;
  work.request.op = OwnerOp::kResume;
  work.request.run = RunId{"01a1fdf1-297b-7406-8fa9-d3d429eb9043"};
  const auto code = Dyna(world).run(std::move(work));
  ASSERT_FALSE(code.has_value());
  EXPECT_EQ(code.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cordyna::cli
