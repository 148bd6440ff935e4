#include "cordyna/orchestrator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <mutex>
#include <semaphore>
#include <stdexcept>

#include "embed/embed_fixture.hpp"

namespace cordyna {
namespace {

using namespace std::chrono_literals;

OrchestratorOptions quick() {
  OrchestratorOptions options;
  options.retry_wait = 0ms;
  options.first_wait = 1ms;
  options.longest_wait = 2ms;
  return options;
}

TEST(Orchestrator, ABurstComesOnceToEachProcessAndNothingIsLostOrDoubled) {
  constexpr int kEvents = 3000;
  Notes notes;
  World world;
  world.input("in", [](std::stop_token stop, EventSink& sink) -> Result<> {
    const std::vector<Event> all = numbered(kEvents);
    for (std::size_t at = 0; at < all.size(); at += 500) {
      const auto sent = sink.send(std::span(all).subspan(at, 500), {});
      if (!sent.has_value()) return sent;
    }
    until(stop);
    return {};
  });
  for (const char* id : {"a", "b"}) {
    world.noting(id, notes);
    world.link("in", id);
  }
  world.start();
  const auto lines = notes.wait(2 * kEvents);
  EXPECT_TRUE(world.stop().has_value());
  EXPECT_EQ(lines.size(), 2U * kEvents);
  for (const auto& [line, count] : lines) EXPECT_EQ(count, 1) << line;
}

TEST(Orchestrator, AnEventComesWithAllThatItsInputGave) {
  Notes notes;
  World world;
  const Event sent{.location = "orders",
                   .operation = Operation::kUpdate,
                   .id = "7",
                   .trigger = "somebody else",
                   .at = EventTime(5ms),
                   .data = R"({ "n": 1.10, "s": "\u00e9\"" })",
                   .key = "k-7"};
  world.input("in", send_once({sent, {.location = "bare"}}));
  world.process("p", [&](auto, const Event& event, auto) {
    if (event.location == "bare") {
      EXPECT_NE(event.at, EventTime{});
      EXPECT_FALSE(event.key.empty());
    } else {
      Event wanted = sent;
      wanted.trigger = "in";
      EXPECT_EQ(event, wanted);
    }
    notes.add(event.location);
    return success();
  });
  world.link("in", "p");
  world.start();
  notes.wait(2);
}

TEST(Orchestrator, AnInputThatEndsOrThrowsIsReportedAndCalledAgain) {
  std::atomic<int> calls = 0;
  Notes notes;
  World world(quick());
  world.input("in", [&](std::stop_token stop, EventSink& sink) -> Result<> {
    switch (++calls) {
      case 1: return fail(ErrorCode::kUnavailable, "db went away");
      case 2: return {};
      case 3: throw std::runtime_error("boom");
      case 4: throw 5;
      default: break;
    }
    return send_once(numbered(1))(stop, sink);
  });
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  notes.wait(1);
  EXPECT_TRUE(world.stop().has_value()) << "to stop is no failure";
  const auto failures = world.failures(4);
  ASSERT_EQ(failures.size(), 4U);
  EXPECT_EQ(failures[0].error.message, "it ended: db went away");
  EXPECT_EQ(failures[1].error.message, "it ended by itself, without an error");
  EXPECT_EQ(failures[2].error.message, "it threw: boom");
  EXPECT_EQ(failures[3].error.message, "it threw something that is no std::exception");
  for (const Failure& failure : failures) {
    EXPECT_EQ(failure.input, "in");
    EXPECT_TRUE(failure.process.empty());
    EXPECT_TRUE(failure.again);
  }
  EXPECT_EQ(failures[0].wait, 1ms);
  EXPECT_EQ(failures[3].wait, 2ms) << "twice as long, up to the longest";
}

TEST(Orchestrator, AProcessThatThrowsFailsAndNothingElseDoes) {
  Notes notes;
  OrchestratorOptions options = quick();
  options.attempts = 1;
  World world(std::move(options));
  world.input("in", send_once(numbered(3)));
  world.process("p", [&](auto, const Event& event, auto) -> Result<ProcessStatus> {
    if (event.id == "2") throw std::runtime_error("boom");
    notes.add(event.id);
    return success();
  });
  world.link("in", "p");
  world.start();
  EXPECT_EQ(notes.wait(2), (std::map<std::string, int>{{"1", 1}, {"3", 1}}));
  const auto failures = world.failures(1);
  EXPECT_EQ(failures[0].error.message, "it threw: boom");
  EXPECT_EQ(failures[0].event.id, "2");
}

TEST(Orchestrator, AProcessThatHangsHoldsUpNoOther) {
  Notes notes;
  std::counting_semaphore<100> hanging(0);
  World world;
  world.input("a", send_once(numbered(20)));
  world.input("b", [&](std::stop_token stop, EventSink& sink) -> Result<> {
    for (int i = 0; i < 4; ++i) hanging.acquire();  // as many as may take a thread surely hang
    return send_once(numbered(5))(stop, sink);
  });
  world.process("hangs", [&](const std::stop_token& stop, auto&, auto) -> Result<ProcessStatus> {
    hanging.release();
    until(stop);
    return fail(ErrorCode::kCancelled, "asked to end");
  });
  world.noting("healthy", notes);
  world.link("a", "hangs");
  world.link("b", "healthy");
  world.start();
  EXPECT_EQ(notes.wait(5).size(), 5U);
  EXPECT_TRUE(world.stop().has_value());
}

TEST(Orchestrator, AFailingProcessIsTriedAgainAndThenGivenUpWithAllThatIsKnown) {
  OrchestratorOptions options = quick();
  options.attempts = 3;
  World world(std::move(options));
  world.input("in", send_once(numbered(1)));
  world.process("p", [](auto, auto&, auto) -> Result<ProcessStatus> {
    return ProcessStatus{.logs = {"one", "two"}, .status = ExitStatus::kFail};
  });
  world.link("in", "p");
  world.start();
  const auto failures = world.failures(3);
  EXPECT_TRUE(world.stop().has_value());
  ASSERT_EQ(failures.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(failures[i].input, "in");
    EXPECT_EQ(failures[i].process, "p");
    EXPECT_EQ(failures[i].event.id, "1");
    EXPECT_EQ(failures[i].attempt, i + 1);
    EXPECT_EQ(failures[i].again, i < 2);
    EXPECT_EQ(failures[i].error.message, "its status is 'fail'");
    EXPECT_EQ(failures[i].status.logs, (std::vector<std::string>{"one", "two"}));
  }
}

TEST(Orchestrator, AnErrorMayBringLogs) {
  OrchestratorOptions options = quick();
  options.attempts = 1;
  World world(std::move(options));
  world.input("in", send_once(numbered(1)));
  world.process("p", [](auto, auto&, auto) -> Result<ProcessStatus> {
    return fail(container_non_zero_exit("p", 3, {"one", "two"}));
  });
  world.link("in", "p");
  world.start();
  const auto failures = world.failures(1);
  EXPECT_TRUE(world.stop().has_value());
  const ProcessStatus wanted{"p", {"one", "two"}, ExitStatus::kFail};
  EXPECT_EQ(failures.at(0).status, wanted);
}

TEST(Orchestrator, WhatWouldFailAgainIsNotTriedAgain) {
  World world(quick());
  world.input("in", send_once(numbered(1)));
  world.process("p", [](auto, auto&, auto) -> Result<ProcessStatus> {
    return fail(container_image_missing("p"));
  });
  world.link("in", "p");
  world.start();
  const auto failures = world.failures(1);
  EXPECT_FALSE(failures[0].again);
  EXPECT_NE(detail_of<ContainerImageMissing>(failures[0].error), nullptr);
}

class NoSuccess : public testing::TestWithParam<ExitStatus> {};

TEST_P(NoSuccess, IsAFailureAndWhatIsBehindDoesNotRun) {
  Notes notes;
  OrchestratorOptions options = quick();
  options.attempts = 1;
  World world(std::move(options));
  world.input("in", send_once(numbered(2)));
  world.process("first", [](auto, const Event& event, auto) -> Result<ProcessStatus> {
    return event.id == "1" ? ProcessStatus{.status = GetParam()} : success();
  });
  world.noting("second", notes);
  world.link("in", "first");
  world.link("first", "second");
  world.start();
  EXPECT_EQ(world.failures(1)[0].event.id, "1");
  EXPECT_EQ(notes.wait(1), (std::map<std::string, int>{{"second 2", 1}}));
}

INSTANTIATE_TEST_SUITE_P(Statuses, NoSuccess,
                         testing::Values(ExitStatus::kUnknown, ExitStatus::kUnstarted,
                                         ExitStatus::kFail));

TEST(Orchestrator, WhoIsToldOfErrorsMayThrow) {
  Notes notes;
  OrchestratorOptions options = quick();
  options.attempts = 1;
  options.on_error = [&](const Failure& failure) {
    notes.add(failure.event.id);
    throw std::runtime_error("of the program around");
  };
  World world(std::move(options));
  world.input("in", send_once(numbered(50)));
  world.process("p", [](auto, auto&, auto) -> Result<ProcessStatus> {
    return fail(ErrorCode::kInternal, "no");
  });
  world.link("in", "p");
  world.start();
  EXPECT_EQ(notes.wait(50).size(), 50U);
  EXPECT_TRUE(world.stop().has_value());
}

TEST(Orchestrator, TheNextProcessGetsTheStatusesOfThoseBeforeIt) {
  Notes notes;
  std::vector<Completion> completions;
  OrchestratorOptions options;
  options.on_completed = [&](const Completion& completion) {
    completions.push_back(completion);
    notes.add(completion.process);
  };
  World world(std::move(options));
  world.input("in", send_once(numbered(1)));
  for (const char* id : {"left", "right"}) {
    world.process(id, [id](auto, auto&, auto before) {
      EXPECT_TRUE(before.empty());
      return success({std::string(id) + " \xff", "done"});
    });
  }
  world.process("join", [](auto, const Event& event, std::span<const ProcessStatus> before) {
    EXPECT_EQ(event.id, "1");
    EXPECT_EQ(before.size(), 2U);
    EXPECT_EQ(before[0], (ProcessStatus{"right", {"right \ufffd", "done"}, ExitStatus::kSuccess}));
    EXPECT_EQ(before[1], (ProcessStatus{"left", {"left \ufffd", "done"}, ExitStatus::kSuccess}));
    return ProcessStatus{.name = "joined", .status = ExitStatus::kSuccess};
  });
  world.link("in", "left");
  world.link("in", "right");
  world.link("right", "join");
  world.link("left", "join");
  world.start();
  notes.wait(3);
  EXPECT_TRUE(world.stop().has_value());
  EXPECT_EQ(completions.back().process, "join") << "when all that lead to it have completed";
  EXPECT_EQ(completions.back().status.name, "joined");
  EXPECT_EQ(completions.back().input, "in");
}

TEST(Orchestrator, RepeatsAndOperationsThatAreIgnoredAreDropped) {
  Notes notes;
  World world;
  world.input("in",
              send_once({{.location = "t", .operation = Operation::kCreate, .id = "1", .key = "a"},
                         {.location = "t", .operation = Operation::kCreate, .id = "2", .key = "a"},
                         {.location = "t", .operation = Operation::kDelete, .id = "3"},
                         {.location = "t", .operation = Operation::kUpdate, .id = "4"},
                         {.location = "t", .operation = Operation::kCreate, .id = "5"}}),
              {Operation::kCreate, Operation::kDelete});
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  EXPECT_EQ(notes.wait(3), (std::map<std::string, int>{{"p 1", 1}, {"p 3", 1}, {"p 5", 1}}));
}

TEST(Orchestrator, AnEventThatCannotBeTakenIsRefusedWithAllThatCameWithIt) {
  Notes notes;
  World world;
  world.input("in", [](std::stop_token stop, EventSink& sink) -> Result<> {
    const auto refused = [&](Event bad, std::string_view why) {
      std::vector<Event> both = numbered(1);
      both.push_back(std::move(bad));
      const auto sent = sink.send(both, "never");
      ASSERT_FALSE(sent.has_value());
      EXPECT_EQ(sent.error().code, ErrorCode::kInvalidArgument);
      EXPECT_TRUE(sent.error().message.contains(why)) << sent.error().message;
    };
    refused({.location = "t", .id = "x", .data = "{\"a\":"}, "event 'x' of 't': 'data': no JSON");
    refused({.location = "t", .data = R"(1,"key":"x")"}, "something stands behind it");
    refused({.location = "t", .key = std::string(251, 'k')}, "at most 250 bytes");
    refused({.location = "t", .key = "a\nb"}, "without control characters");
    refused({.location = "\xff"}, "must be UTF-8");
    refused({.location = "t", .data = '"' + std::string(kEventBytesMax, 'x') + '"'},
            "are the most");
    EXPECT_EQ(sink.position(), "");
    for (const Mark& bad : {Mark{"", "x"}, Mark{"a\nb", "x"}, Mark{"\xff", "x"}, Mark{"a", "\xff"},
                            Mark{"a", std::string(kMarkMax, 'x')}}) {
      EXPECT_EQ(sink.send_with({}, "", std::span(&bad, 1)).error().code,
                ErrorCode::kInvalidArgument);
    }
    EXPECT_TRUE(sink.marks("", 9).value().empty());
    return send_once({{.location = "t", .id = "good"}})(stop, sink);
  });
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  EXPECT_EQ(notes.wait(1), (std::map<std::string, int>{{"p good", 1}}));
}

TEST(Orchestrator, AnInputWaitsWhileTooManyEventsArePending) {
  constexpr int kPending = 10;
  std::atomic<int> done = 0;
  std::atomic<int> most = 0;
  std::counting_semaphore<1000> gate(0);
  Notes sent;
  Notes notes;
  OrchestratorOptions options;
  options.pending = kPending;
  World world(std::move(options));
  world.input("in", [&](std::stop_token stop, EventSink& sink) -> Result<> {
    int count = 0;
    for (const Event& event : numbered(100)) {
      const auto kept = sink.send(event);
      if (!kept.has_value()) return kept;
      most = std::max(most.load(), ++count - done.load());
      sent.add("sent");
    }
    until(stop);
    return {};
  });
  world.process("p", [&](auto, const Event& event, auto) {
    gate.acquire();
    ++done;
    notes.add(event.id);
    return success();
  });
  world.link("in", "p");
  world.start();
  sent.wait(kPending);
  gate.release(100);
  EXPECT_EQ(notes.wait(100).size(), 100U);
  EXPECT_EQ(most.load(), kPending);
}

TEST(Orchestrator, NoMoreProcessesRunAtATimeThanMay) {
  std::mutex mutex;
  int now = 0;
  int most = 0;
  std::latch both(2);
  Notes notes;
  OrchestratorOptions options;
  options.concurrency = 2;
  World world(std::move(options));
  world.input("in", send_once(numbered(40)));
  world.process("p", [&](auto, const Event& event, auto) {
    {
      const std::lock_guard lock(mutex);
      most = std::max(most, ++now);
    }
    if (event.id == "1" || event.id == "2") both.arrive_and_wait();  // two do run at a time
    {
      const std::lock_guard lock(mutex);
      --now;
    }
    notes.add(event.id);
    return success();
  });
  world.link("in", "p");
  world.start();
  notes.wait(40);
  EXPECT_EQ(most, 2);
}

TEST(Orchestrator, StopEndsWhatRunsAndWhatIsLeftComesNextTime) {
  Notes begun;
  Notes notes;
  std::atomic<bool> again = false;
  World world(quick());
  world.input("in", [&](std::stop_token stop, EventSink& sink) -> Result<> {
    if (again) {
      until(stop);
      return {};
    }
    EXPECT_TRUE(sink.send(numbered(20), "20").has_value());
    until(stop);
    EXPECT_EQ(sink.send({.location = "t"}).error().code, ErrorCode::kCancelled);
    return {};
  });
  world.process(
      "p", [&](const std::stop_token& stop, const Event& event, auto) -> Result<ProcessStatus> {
        if (!again) {
          begun.add(event.id);
          until(stop);
          return fail(ErrorCode::kCancelled, "asked to end");
        }
        notes.add(event.id);
        return success();
      });
  world.link("in", "p");
  world.start();
  begun.wait(8);
  EXPECT_TRUE(world.stop().has_value());
  again = true;
  world.start();
  const auto lines = notes.wait(20);
  EXPECT_EQ(lines.size(), 20U);
  EXPECT_TRUE(world.stop().has_value());
  EXPECT_TRUE(world.failures(0).empty()) << "to be asked to end is no failure";
}

TEST(Orchestrator, AConversionStopsTheWorld) {
  World world;
  world.input("in", send_once(numbered(1)));
  world.process("p", [](auto, auto&, auto) -> Result<ProcessStatus> {
    return fail(process_conversion("in", "p", "a row of a configuration"));
  });
  world.link("in", "p");
  world.start();
  const auto ended = world.join();
  ASSERT_FALSE(ended.has_value());
  EXPECT_NE(detail_of<ProcessConversion>(ended.error()), nullptr);
}

TEST(Orchestrator, ARepeatOfOneThatIsRememberedIsToldWhateverWent) {
  Notes notes;
  Notes sent;
  OrchestratorOptions options;
  options.remembered = 100;
  World world(std::move(options));
  world.input("in", [&](std::stop_token stop, EventSink& sink) -> Result<> {
    int count = 0;
    for (int turn = 0; turn < 12; ++turn) {
      std::vector<Event> events;
      for (int i = 0; i < 200; ++i) {
        const std::string id = std::to_string(++count);
        events.push_back({.location = "t", .id = id, .key = id});
      }
      events.push_back(events.front());
      EXPECT_TRUE(sink.send(events, {}).has_value());
      EXPECT_TRUE(sink.send(events[199]).has_value());
    }
    sent.add("all");
    until(stop);
    return {};
  });
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  sent.wait(1);
  const auto lines = notes.wait(2400);
  EXPECT_TRUE(world.stop().has_value());
  EXPECT_EQ(lines.size(), 2400U);
}

TEST(Orchestrator, WithoutAnInputOrALinkOfOneItDoesNotRun) {
  World world;
  EXPECT_EQ(world.orchestrator().run({}).error().code, ErrorCode::kInvalidArgument);
  world.input("in", send_once({}));
  const auto ended = world.orchestrator().run({});
  ASSERT_FALSE(ended.has_value());
  EXPECT_TRUE(ended.error().message.starts_with("the input 'in' leads nowhere"));
  EXPECT_EQ(world.orchestrator().add_input(nullptr).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(world.orchestrator().add_process(nullptr).error().code, ErrorCode::kInvalidArgument);
}

TEST(Orchestrator, WhileItRunsNothingIsAddedAndItDoesNotRunTwice) {
  Notes notes;
  World world;
  world.input("in", send_once(numbered(1)));
  world.noting("p", notes);
  world.link("in", "p");
  world.start();
  notes.wait(1);
  Orchestrator& running = world.orchestrator();
  EXPECT_EQ(running.run({}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(running.add_link("in", "p").error().code, ErrorCode::kConflict);
  EXPECT_EQ(running.add_input(std::make_unique<TestInput>("x", send_once({}))).error().code,
            ErrorCode::kConflict);
}

TEST(Orchestrator, AnIdThatIsTakenKeepsWhatHasIt) {
  Notes notes;
  World world;
  world.input("in", send_once(numbered(1)));
  world.noting("p", notes);
  const auto again = world.orchestrator().add_process(std::make_unique<TestProcess>(
      "p", [&](auto, auto&, auto) -> Result<ProcessStatus> { return fail({}); }));
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  world.link("in", "p");
  world.start();
  EXPECT_EQ(notes.wait(1), (std::map<std::string, int>{{"p 1", 1}}));
}

TEST(Orchestrator, OptionsOutOfTheirBoundsAreNamed) {
  const auto refused = [](const std::function<void(OrchestratorOptions&)>& change,
                          std::string_view name) {
    OrchestratorOptions options;
    change(options);
    World world(std::move(options));
    const auto ended = world.orchestrator().run({});
    ASSERT_FALSE(ended.has_value());
    EXPECT_EQ(ended.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(ended.error().message.contains(name)) << ended.error().message;
  };
  refused([](auto& o) { o.concurrency = 0; }, "::concurrency is out of its bounds: want 1 to 1024");
  refused([](auto& o) { o.pending = 0; }, "::pending");
  refused([](auto& o) { o.attempts = 0; }, "::attempts");
  refused([](auto& o) { o.first_wait = 0ms; }, "::first_wait");
  refused([](auto& o) { o.longest_wait = 1ms; }, "::longest_wait");
  refused([](auto& o) { o.retry_wait = -1ms; }, "::retry_wait");
}

TEST(Registry, MakesByTypeAndNamesWhatThereIs) {
  InputRegistry inputs;
  const auto make = [](const InputConfig& config) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<TestInput>(config.name, send_once({}), config.operations);
  };
  ASSERT_TRUE(inputs.add("postgres", make).has_value());
  EXPECT_EQ(inputs.add("postgres", make).error().code, ErrorCode::kConflict);
  const auto made = inputs.make({"orders", "postgres", "dsn", {Operation::kCreate}});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ((*made)->id(), "orders");
  EXPECT_EQ((*made)->operations(), std::vector<Operation>{Operation::kCreate});
  EXPECT_EQ(inputs.make({"orders", "mysql", "", {}}).error().message,
            "'orders' has the type 'mysql', which nobody registered; there are: postgres");
}

}  // namespace
}  // namespace cordyna
