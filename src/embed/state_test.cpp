// Orchestrators with a state: what outlives them.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "embed/embed_fixture.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace cordyna {
namespace {

using namespace std::chrono_literals;

class StateTest : public testing::Test {
 protected:
  StateTest() {
    std::string name = testing::TempDir() + "cordyna-embed-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~StateTest() override { std::filesystem::remove_all(folder_); }

  OrchestratorOptions options() const {
    OrchestratorOptions options;
    options.state = folder_ / "state";
    options.retry_wait = 0ms;
    return options;
  }
  /// Events come, and are left: their process ends only because it is asked to.
  void leave(int events, const std::string& process = "p") {
    Notes begun;
    World world(options());
    world.input("in", send_once(numbered(events), "at " + std::to_string(events)));
    world.process(process, [&](const std::stop_token& stop, auto&, auto) -> Result<ProcessStatus> {
      begun.add("begun");
      until(stop);
      return fail(ErrorCode::kCancelled, "asked to end");
    });
    world.link("in", process);
    world.start();
    begun.wait(1);
    ASSERT_TRUE(world.stop().has_value());
  }

  /// What there is in the state of runs that have not failed, and of events that wait.
  std::pair<std::size_t, std::int64_t> left() const {
    auto reader = open_sqlite_reader(StateLayout(options().state.string())).value();
    return {reader->list_runs({}).value().size(), reader->count_events().value().pending};
  }

  /// All that is done leaves a line.
  void note(const std::string& line) const {
    std::ofstream(folder_ / "effects", std::ios::app) << line + "\n";
  }
  /// How often each line is there.
  std::map<std::string, int> noted() const {
    std::map<std::string, int> lines;
    std::ifstream file(folder_ / "effects");
    for (std::string line; std::getline(file, line);) ++lines[line];
    return lines;
  }
  /// Two processes in a row; the first notes what it does.
  void prepare(World& world, RunCall second) const {
    std::vector<Event> events = numbered(kEvents);
    for (Event& event : events) event.key = event.id;
    world.input("in", send_once(std::move(events), "all"));
    world.process("first", [this](auto, const Event& event, auto) {
      note("first " + event.id);
      return success({"of " + event.id});
    });
    world.process("second", std::move(second));
    world.link("in", "first");
    world.link("first", "second");
  }

  static constexpr int kEvents = 50;
  std::filesystem::path folder_;
};

TEST_F(StateTest, AProcessIsToldWhatItIsGivenAndOfEachSuccessThatIsKept) {
  leave(3);
  Notes told;
  {
    World world(options());
    world.input("in", [](std::stop_token stop, auto&) -> Result<> {
      until(stop);
      return {};
    });
    std::atomic<int> calls = 0;
    auto process = std::make_unique<TestProcess>("p", [&](auto, const Event& event, auto) {
      // The first call fails, and is made again.
      const bool fails = event.id == "2" && calls++ == 0;
      told.add("run " + event.id);
      return fails ? ProcessStatus{.status = ExitStatus::kFail} : success();
    });
    process->on_begin = [&](const Event& event) { told.add("given " + event.id); };
    process->on_kept = [&](const Event& event) {
      told.add("kept " + event.id);
      throw std::runtime_error("nobody wants to hear it");
    };
    ASSERT_TRUE(world.orchestrator().add_process(std::move(process)).has_value());
    world.link("in", "p");
    world.start();
    told.wait(10);
    EXPECT_TRUE(world.stop().has_value());
  }
  EXPECT_EQ(told.wait(10), (std::map<std::string, int>{{"given 1", 1},
                                                       {"given 2", 1},
                                                       {"given 3", 1},
                                                       {"run 1", 1},
                                                       {"run 2", 2},
                                                       {"run 3", 1},
                                                       {"kept 1", 1},
                                                       {"kept 2", 1},
                                                       {"kept 3", 1}}));
}

TEST_F(StateTest, WhatIsKeptAsItStopsIsToldBeforeItEnds) {
  Notes told;
  World world(options());
  world.input("in", send_once(numbered(1)));
  auto process = std::make_unique<TestProcess>("p", [&](const std::stop_token& stop, auto&, auto) {
    told.add("begun");
    until(stop);
    return success();
  });
  process->on_kept = [&](const Event& event) { told.add("kept " + event.id); };
  ASSERT_TRUE(world.orchestrator().add_process(std::move(process)).has_value());
  world.link("in", "p");
  world.start();
  told.wait(1);
  ASSERT_TRUE(world.stop().has_value());
  EXPECT_EQ(told.wait(1), (std::map<std::string, int>{{"begun", 1}, {"kept 1", 1}}));
}

TEST_F(StateTest, EventsAndThePositionOutliveTheOrchestrator) {
  leave(20);
  Notes notes;
  Notes positions;
  World world(options());
  world.input("in", [&](std::stop_token stop, EventSink& sink) -> Result<> {
    positions.add(sink.position());
    until(stop);
    return {};
  });
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  EXPECT_EQ(notes.wait(20).size(), 20U);
  EXPECT_EQ(positions.wait(1), (std::map<std::string, int>{{"at 20", 1}}));
}

TEST_F(StateTest, MarksOutliveTheOrchestratorAndAreThereBeforeThat) {
  using Marks = std::vector<Mark>;
  const auto remember = [this](const Marks& marks, const Marks& before, const Marks& after) {
    Notes notes;
    World world(options());
    world.input("in", [&](std::stop_token stop, EventSink& sink) -> Result<> {
      EXPECT_EQ(sink.marks("", 9).value(), before);
      const auto sent = sink.send_with(numbered(1), "", marks);
      EXPECT_EQ(sink.marks("", 9).value(), after);
      EXPECT_EQ(sink.marks("a", 1).value(), Marks(after.begin() + 1, after.begin() + 2));
      notes.add(sent.has_value() ? "sent" : sent.error().message);
      until(stop);
      return sent;
    });
    world.noting("p", notes);
    world.link("in", "p");
    world.start();
    EXPECT_TRUE(notes.wait(2).contains("sent"));
    ASSERT_TRUE(world.stop().has_value());
  };
  remember({{"b", "2"}, {"a", "1"}, {"c", "3"}}, {}, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  remember({{"b", ""}, {"a", "7"}}, {{"a", "1"}, {"b", "2"}, {"c", "3"}}, {{"a", "7"}, {"c", "3"}});
}

TEST_F(StateTest, WhatHasCompletedLeavesNoRuns) {
  Notes notes;
  World world(options());
  world.input("in", send_once(numbered(300)));
  std::atomic<int> fails = 5;
  world.process("first", [&](auto, const Event&, auto) {
    return fails-- > 0 ? ProcessStatus{.status = ExitStatus::kFail} : success();
  });
  world.noting("second", notes);
  world.link("in", "first");
  world.link("first", "second");
  world.start();
  notes.wait(300);
  ASSERT_TRUE(world.stop().has_value());
  EXPECT_EQ(left(), (std::pair<std::size_t, std::int64_t>(0, 0)));
}

TEST_F(StateTest, WhatHasBegunGoesByTheLinksThatItBeganWith) {
  leave(3, "p");
  EXPECT_EQ(left().second, 3) << "events wait, and no run of them is written";
  for (int i = 0; i < 2; ++i) {  // twice: also a program that was ended before it could do them
    Notes notes;
    Notes begun;
    World world(options());
    world.input("in", send_once({}));
    world.process(
        "p", [&](const std::stop_token& stop, const Event& event, auto) -> Result<ProcessStatus> {
          if (i == 1) {
            notes.add("p " + event.id);
            return success();
          }
          begun.add("begun");
          until(stop);
          return fail(ErrorCode::kCancelled, "asked to end");
        });
    world.noting("q", notes);
    world.link("in", "p");
    world.link("p", "q");
    world.start();
    if (i == 0) begun.wait(1);
    if (i == 1) notes.wait(3);
    ASSERT_TRUE(world.stop().has_value());
    if (i == 1) {
      EXPECT_EQ(notes.wait(3), (std::map<std::string, int>{{"p 1", 1}, {"p 2", 1}, {"p 3", 1}}));
    }
  }
  EXPECT_EQ(left(), (std::pair<std::size_t, std::int64_t>(0, 0)));
}

TEST_F(StateTest, KilledBeforeAResultIsKeptAllIsDoneAgainOnce) {
  const pid_t child = ::fork();
  if (child == 0) {
    World world(options());
    world.input("in", send_once(numbered(kEvents), "all"));
    world.process("p", [&](auto, const Event&, auto) -> Result<ProcessStatus> {
      ::kill(::getpid(), SIGKILL);
      return success();
    });
    world.link("in", "p");
    (void)world.orchestrator().run({});
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(left(), (std::pair<std::size_t, std::int64_t>(0, kEvents)));
  Notes notes;
  World world(options());
  world.input("in", send_once({}));
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  const auto lines = notes.wait(kEvents);
  EXPECT_TRUE(world.stop().has_value());
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kEvents));
  EXPECT_EQ(notes.wait(kEvents), lines) << "none twice";
  EXPECT_EQ(left(), (std::pair<std::size_t, std::int64_t>(0, 0)));
}

TEST_F(StateTest, ARepeatIsToldAlsoAfterARestart) {
  for (const char* second : {"2", "3"}) {
    Notes notes;
    World world(options());
    world.input("in", send_once({{.location = "t", .id = "1", .key = "k1"},
                                 {.location = "t", .id = second, .key = second}}));
    world.noting("p", notes);
    world.link("in", "p");
    world.start();
    const auto lines = notes.wait(*second == '2' ? 2 : 1);
    EXPECT_TRUE(world.stop().has_value());
    EXPECT_EQ(lines.contains("p 1"), *second == '2');
    EXPECT_TRUE(lines.contains(std::string("p ") + second));
  }
}

TEST_F(StateTest, OneAtATimeHasTheState) {
  Notes notes;
  World world(options());
  world.input("in", send_once(numbered(1)));
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  notes.wait(1);
  World other(options());
  other.input("in", send_once({}));
  other.noting("p", notes);
  other.link("in", "p");
  const auto refused = other.orchestrator().run({});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
}

TEST_F(StateTest, OfFlowsOfDynaIsRefused) {
  {
    auto store = open_sqlite_store(StateLayout(options().state.string())).value();
    ChangeSet changes;
    changes.flows.push_back({"h", "sales", "team", "{}"});
    changes.applied.push_back({"team", "sales", 1, "h", "/flows", "/flows/s.yaml", 1});
    changes.applied_versions.push_back({"team", "sales", 1, "h", "/flows", "/flows/s.yaml", 1});
    ASSERT_TRUE(store->commit(changes).has_value());
  }
  World world(options());
  Notes notes;
  world.input("in", send_once({}));
  world.noting("p", notes);
  world.link("in", "p");
  const auto refused = world.orchestrator().run({});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(refused.error().message.contains("give the library a folder of its own"));
}

TEST_F(StateTest, WorkForAProcessThatIsGoneStopsTheWorldAndIsNotLost) {
  leave(3, "old");
  {
    Notes notes;
    World world(options());
    world.input("in", send_once({}));
    world.noting("new", notes);
    world.link("in", "new");
    world.start();
    const auto ended = world.join();
    ASSERT_FALSE(ended.has_value());
    ASSERT_NE(detail_of<UnknownProcess>(ended.error()), nullptr) << ended.error().message;
    EXPECT_EQ(detail_of<UnknownProcess>(ended.error())->to, "old");
    EXPECT_EQ(detail_of<UnknownProcess>(ended.error())->from, "in");
  }
  Notes notes;
  World world(options());
  world.input("in", send_once(numbered(1)));
  world.noting("old", notes);
  world.noting("new", notes);
  world.link("in", "new");
  world.start();
  EXPECT_EQ(notes.wait(4),
            (std::map<std::string, int>{{"old 1", 1}, {"old 2", 1}, {"old 3", 1}, {"new 1", 1}}));
}

TEST_F(StateTest, WorkForWhatIsAnInputNowStopsTheWorld) {
  leave(1, "x");
  Notes notes;
  World world(options());
  world.input("x", send_once({}));
  world.noting("p", notes);
  world.link("x", "p");
  world.start();
  const auto ended = world.join();
  ASSERT_FALSE(ended.has_value());
  EXPECT_NE(detail_of<ProcessConversion>(ended.error()), nullptr) << ended.error().message;
}

TEST_F(StateTest, KilledInTheMiddleNothingIsLostAndWhatCompletedIsNotDoneAgain) {
  const pid_t child = ::fork();
  if (child == 0) {
    OrchestratorOptions one = options();
    one.concurrency = 1;
    World world(std::move(one));
    // When it runs, that the first has completed is saved.
    prepare(world, [&](auto, const Event& event, auto) -> Result<ProcessStatus> {
      note("killed at " + event.id);
      ::kill(::getpid(), SIGKILL);
      return success();
    });
    (void)world.orchestrator().run({});
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

  Notes notes;
  World world(options());
  prepare(world, [&](auto, const Event& event, std::span<const ProcessStatus> before) {
    EXPECT_EQ(before.size(), 1U);
    EXPECT_EQ(before[0].logs, std::vector<std::string>{"of " + event.id});
    notes.add(event.id);
    return success();
  });
  world.start();
  const auto lines = notes.wait(kEvents);
  EXPECT_TRUE(world.stop().has_value());
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kEvents))
      << "none is lost, and none comes twice";
  const auto effects = noted();
  const auto killed = effects.lower_bound("killed at ");
  ASSERT_NE(killed, effects.end());
  EXPECT_EQ(effects.at("first " + killed->first.substr(10)), 1) << "it was saved as completed";
}

}  // namespace
}  // namespace cordyna
