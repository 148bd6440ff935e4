// Who is told of what went wrong.
#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

class StoreNotice : public StoreContract {
 protected:
  static NoticeRow notice(const std::string& id, const std::string& team = "orders",
                          RunNo run = 0) {
    NoticeRow row;
    row.id = id;
    row.at = 100;
    row.kind = run == 0 ? NoticeKind::kLost : NoticeKind::kFailed;
    row.team = team;
    row.cause = "stock";
    row.ns = "acme";
    row.flow_id = "daily";
    row.run = run;
    row.path = "load/get";
    row.code = "EXIT_NONZERO";
    row.text = "it \"failed\"\n";
    return row;
  }
  void write(const std::vector<NoticeRow>& rows) {
    ChangeSet changes;
    changes.notices = rows;
    must_commit(changes);
  }
  std::vector<std::string> ids(const NoticeFilter& filter = {}) {
    std::vector<std::string> found;
    const std::vector<NoticeRow> rows = store().list_notices(filter).value();
    for (const NoticeRow& row : rows) found.push_back(row.id);
    return found;
  }
};

TEST_P(StoreNotice, EachIsThereOnceWithANumberOfItsOwn) {
  write({notice("a"), notice("b"), notice("a", "others")});
  write({notice("b", "others"), notice("c")});
  EXPECT_EQ(ids(), (std::vector<std::string>{"c", "b", "a"}));
  const std::vector<NoticeRow> rows = store().list_notices({}).value();
  NoticeRow first = notice("a");
  first.no = rows[2].no;
  EXPECT_EQ(rows[2], first);
  EXPECT_GT(rows[2].no, 0);
  EXPECT_LT(rows[2].no, rows[1].no);
  EXPECT_LT(rows[1].no, rows[0].no);
  restart();
  EXPECT_EQ(store().list_notices({}).value(), rows);
}

TEST_P(StoreNotice, TheyAreReadNewestFirstAndByFilter) {
  write({notice("a", "orders", 1), notice("b", "billing", 1), notice("c", "orders", 2),
         notice("d", "orders")});
  EXPECT_EQ(ids({.team = "orders"}), (std::vector<std::string>{"d", "c", "a"}));
  EXPECT_EQ(ids({.kind = NoticeKind::kLost}), std::vector<std::string>{"d"});
  EXPECT_EQ(ids({.run = 1}), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(ids({.team = "orders", .kind = NoticeKind::kFailed, .run = 2}),
            std::vector<std::string>{"c"});
  const std::vector<NoticeRow> page = store().list_notices({.limit = 2}).value();
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(ids({.before = page[1].no}), (std::vector<std::string>{"b", "a"}));
}

TEST_P(StoreNotice, TheyGoWithTheirRunAndTheirNumbersAreNotGivenAgain) {
  for (const RunNo no : {1, 2}) {
    ChangeSet changes;
    RunRow run = make_run(no);
    run.state = RunState::kError;
    run.parent = 0;
    run.rerun_of = 0;
    run.backfill.clear();
    changes.flows.push_back({run.flow_hash, run.flow_id, run.ns, "{}"});
    changes.runs.push_back(run);
    must_commit(changes);
  }
  write({notice("b", "orders", 2), notice("a", "orders", 1), notice("c", "orders", 1)});
  const std::int64_t last = store().list_notices({}).value().front().no;
  ChangeSet changes;
  changes.removed_runs = {1};
  must_commit(changes);
  EXPECT_EQ(ids(), std::vector<std::string>{"b"});
  write({notice("a", "orders", 2)});
  EXPECT_GT(store().list_notices({}).value().front().no, last);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreNotice, testing::ValuesIn(store_kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cordyna::contract
