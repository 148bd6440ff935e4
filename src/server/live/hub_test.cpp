#include "server/live/hub.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/live/streams.hpp"

namespace cordyna::server {
namespace {

RunRow run_of(RunNo no, std::string ns, RunState state) {
  RunRow run;
  run.no = no;
  run.id = RunId{"id-" + std::to_string(no)};
  run.ns = std::move(ns);
  run.flow_id = "daily";
  run.state = state;
  return run;
}

ChangeSet all_kinds() {
  ChangeSet changes;
  changes.runs.push_back(run_of(7, "acme", RunState::kRunning));
  for (const char* ns : {"acme", "acme", "other"}) {
    changes.applied.emplace_back().ns = ns;
    changes.backfills.emplace_back().ns = ns;
  }
  for (const char* ns : {"other", "acme"}) changes.events.emplace_back().ns = ns;
  changes.ticks.emplace_back().ns = "acme";
  for (const char* pool : {"", "db", "db"}) {
    AttemptRow& attempt = changes.attempts.emplace_back();
    attempt.pool = pool;
    attempt.state = AttemptState::kStarted;
  }
  return changes;
}

Caller caller_of(std::string ns) {
  Caller caller;
  caller.grants = {{std::move(ns), Role::kViewer}};
  return caller;
}

/// What a stream sends by now.
std::string pulled(BodySource& source) {
  std::string out;
  while (source.pull(out) == BodySource::Pulled::kMore) {
  }
  return out;
}

TEST(HubTest, OneChangeForEachListAndNamespaceOfACommit) {
  Hub hub;
  hub.on_commit(all_kinds());
  const auto changes = hub.changes_after(0, 100);
  ASSERT_TRUE(changes.has_value());
  std::vector<std::pair<ChangeKind, std::string>> found;
  for (const Change& change : *changes) found.emplace_back(change.kind, change.ns);
  EXPECT_EQ(found,
            (std::vector<std::pair<ChangeKind, std::string>>{{ChangeKind::kRun, "acme"},
                                                             {ChangeKind::kFlow, "acme"},
                                                             {ChangeKind::kFlow, "other"},
                                                             {ChangeKind::kBackfill, "acme"},
                                                             {ChangeKind::kBackfill, "other"},
                                                             {ChangeKind::kTrigger, "acme"},
                                                             {ChangeKind::kTrigger, "other"},
                                                             {ChangeKind::kPool, "*"}}));
  EXPECT_EQ(changes->back().seq, 8U);
}

TEST(HubTest, WhatLooksAsBeforeWakesNobody) {
  Hub hub;
  int wakes = 0;
  const std::uint64_t ear = hub.listen(0, [&wakes] { ++wakes; });
  ChangeSet same;
  same.runs.push_back(run_of(7, "acme", RunState::kRunning));
  same.runs.back().from = RunState::kRunning;
  same.attempts.emplace_back().state = AttemptState::kStarted;  // of no pool
  hub.on_commit(same);
  EXPECT_EQ(wakes, 0);
  hub.on_commit(all_kinds());
  EXPECT_EQ(wakes, 1);
  hub.leave(ear);
  hub.on_commit(all_kinds());
  EXPECT_EQ(wakes, 1);
}

TEST(HubTest, AStreamTellsOnlyWhatItsCallerMaySee) {
  const auto hub = std::make_shared<Hub>();
  const auto all = all_runs_stream(hub, caller_of("*"), "e", "");
  const auto acme = all_runs_stream(hub, caller_of("acme"), "e", "");
  static_cast<void>(pulled(*all)), static_cast<void>(pulled(*acme));
  hub->on_commit(all_kinds());
  EXPECT_EQ(pulled(*acme),
            "id: e-1\nevent: run\ndata: {\"run\":7,\"id\":\"id-7\",\"flow\":\"daily\","
            "\"namespace\":\"acme\",\"state\":\"running\"}\n\n"
            "id: e-2\nevent: changed\ndata: {\"what\":\"flows\"}\n\n"
            "id: e-4\nevent: changed\ndata: {\"what\":\"backfills\"}\n\n"
            "id: e-6\nevent: changed\ndata: {\"what\":\"triggers\"}\n\n");
  EXPECT_TRUE(pulled(*all).ends_with("id: e-8\nevent: changed\ndata: {\"what\":\"pools\"}\n\n"));
  std::string life;
  acme->show_life(life);
  EXPECT_EQ(life, ":\n\n") << "a comment, that no client takes for news";
}

}  // namespace
}  // namespace cordyna::server
