// Who may do what, and what was done.
#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

class StoreIdentity : public StoreContract {
 protected:
  static UserRow user(const std::string& name, std::int64_t version = 1) {
    return {name, "$argon2id$x", {{"acme", Role::kAuthor}, {"*", Role::kViewer}}, 5, 0, version};
  }
  static TokenRow token(const std::string& id) {
    TokenRow row;
    row.id = id;
    row.kind = TokenKind::kService;
    row.hash = std::string(64, 'a');
    row.user = "ann";
    row.name = "for \"tests\"";
    row.grants = {{"acme.x", Role::kOperator}};
    row.created_by = "user:root";
    row.created_at = 7;
    row.expires_at = 8;
    return row;
  }
  static AuditRow entry(std::int64_t seq, const std::string& actor = "user:ann") {
    AuditRow row;
    row.seq = seq;
    row.at = 100 + seq;
    row.actor = actor;
    row.address = "127.0.0.1";
    row.action = "startRun";
    row.subject = "run " + std::to_string(seq % 2);
    row.ns = "acme";
    row.before = "";
    row.after = R"({"a":1})";
    row.hash = std::string(64, 'b');
    return row;
  }
  std::vector<std::int64_t> numbers(const AuditFilter& filter) {
    std::vector<std::int64_t> found;
    const std::vector<AuditRow> rows = store().list_audit(filter).value();
    for (const AuditRow& row : rows) found.push_back(row.seq);
    return found;
  }
};

TEST_P(StoreIdentity, UsersAreReplacedByName) {
  ChangeSet changes;
  changes.users = {user("ben"), user("ann")};
  must_commit(changes);
  EXPECT_EQ(store().list_users().value(), (std::vector{user("ann"), user("ben")}));
  UserRow changed = user("ann", 2);
  changed.disabled_at = 9;
  changed.grants.clear();
  ChangeSet more;
  more.users = {changed};
  must_commit(more);
  EXPECT_EQ(store().list_users().value(), (std::vector{changed, user("ben")}));
}

TEST_P(StoreIdentity, TokensAreReplacedAndRemovedById) {
  ChangeSet changes;
  changes.tokens = {token("b"), token("a")};
  must_commit(changes);
  EXPECT_EQ(store().list_tokens().value(), (std::vector{token("a"), token("b")}));
  TokenRow revoked = token("a");
  revoked.revoked_at = 10;
  ChangeSet more;
  more.tokens = {revoked};
  more.removed_tokens = {"b", "unknown"};
  must_commit(more);
  EXPECT_EQ(store().list_tokens().value(), std::vector{revoked});
}

TEST_P(StoreIdentity, TheAuditIsReadNewestFirstAndByFilter) {
  ChangeSet changes;
  for (std::int64_t seq = 1; seq <= 4; ++seq) {
    changes.audit.push_back(entry(seq, seq == 3 ? "token:x" : "user:ann"));
  }
  must_commit(changes);
  EXPECT_EQ(store().list_audit({.limit = 1}).value(), std::vector{entry(4)});
  EXPECT_EQ(numbers({}), (std::vector<std::int64_t>{4, 3, 2, 1}));
  EXPECT_EQ(numbers({.before = 3}), (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(numbers({.actor = "token:x"}), std::vector<std::int64_t>{3});
  EXPECT_EQ(numbers({.subject = "run 0"}), (std::vector<std::int64_t>{4, 2}));
}

TEST_P(StoreIdentity, AnEntryIsNeverWrittenTwice) {
  ChangeSet changes;
  changes.audit = {entry(1)};
  must_commit(changes);
  ChangeSet again;
  again.users = {user("ann")};
  again.audit = {entry(1, "token:other")};
  EXPECT_EQ(store().commit(again).error().code, ErrorCode::kConflict);
  EXPECT_EQ(store().list_audit({}).value(), std::vector{entry(1)});
  EXPECT_TRUE(store().list_users().value().empty()) << "nothing of it was written";
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreIdentity, testing::ValuesIn(store_kinds()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace cordyna::contract
