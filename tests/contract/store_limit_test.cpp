// What limits depend on, as every store keeps it.
#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

AttemptRow start_of(RunNo run, const std::string& pool, Millis at) {
  AttemptRow row = make_attempt(run, "load", 1);
  row.pool = pool;
  row.dispatched_at = at;
  return row;
}

TEST_P(StoreContract, ARunKeepsItsConcurrencyKeyAndAnAttemptItsPool) {
  RunRow run = make_run(1);
  run.concurrency_key = "story";
  ChangeSet changes;
  changes.runs = {run};
  changes.attempts = {start_of(1, "warehouse", 1000)};
  must_commit(changes);
  RunRow later = changed(run, RunState::kCancelled);
  ChangeSet more;
  more.runs = {later};
  must_commit(more);
  restart();
  EXPECT_EQ(store().find_run(1).value(), stored(later));
  EXPECT_EQ(store().list_attempts(1).value(), std::vector{stored(start_of(1, "warehouse", 1000))});
}

TEST_P(StoreContract, AnAttemptKeepsItsPlaceAndMayGetAnother) {
  AttemptRow attempt = make_attempt(1, "load", 1);
  attempt.place = {"a-place-with-a-name-of-some-length", PlaceType::kKubernetes, 500, 1'000'000};
  ChangeSet changes;
  changes.runs = {make_run(1)};
  changes.attempts = {attempt, make_attempt(1, "other", 1)};
  must_commit(changes);
  restart();
  EXPECT_EQ(store().list_attempts(1).value()[0].place, changes.attempts[0].place);
  EXPECT_EQ(store().list_attempts(1).value()[1].place, PlaceHold{});
  AttemptRow later = changed(changes.attempts[0], AttemptState::kCreated);
  later.place = {"small", PlaceType::kLocal, 1, 2};
  ChangeSet more;
  more.attempts = {later};
  must_commit(more);
  restart();
  EXPECT_EQ(store().list_attempts(1).value()[0].place, later.place);
}

TEST_P(StoreContract, StartsOfAPoolAreListedNewestFirst) {
  ChangeSet changes;
  for (RunNo no = 1; no <= 5; ++no) changes.runs.push_back(make_run(no));
  changes.attempts = {start_of(1, "w", 1000), start_of(2, "w", 3000), start_of(3, "w", 2000),
                      start_of(4, "other", 2500), start_of(5, "", 2600)};
  must_commit(changes);
  restart();
  EXPECT_EQ(store().list_pool_starts("w", 0, 10).value(), (std::vector<Millis>{3000, 2000, 1000}));
  EXPECT_EQ(store().list_pool_starts("w", 1000, 10).value(), (std::vector<Millis>{3000, 2000}));
  EXPECT_EQ(store().list_pool_starts("w", 0, 1).value(), std::vector<Millis>{3000});
  EXPECT_TRUE(store().list_pool_starts("", 0, 10).value().empty());
  EXPECT_TRUE(store().list_pool_starts("none", 0, 10).value().empty());
}

}  // namespace
}  // namespace cordyna::contract
