#include "input/postgres/outbox.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

TEST(OutboxTest, ATableIsNamedAsInSql) {
  EXPECT_EQ(parse_table("orders").value(), (PgTable{"public", "orders"}));
  EXPECT_EQ(parse_table("Sales.Orders").value(), (PgTable{"sales", "orders"}));
  EXPECT_EQ(parse_table(R"("Sales"."a.""b")").value(), (PgTable{"Sales", "a.\"b"}));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a."), std::string(".b"), std::string("a.b.c"),
        std::string("\"a"), std::string("\"a\"b"), std::string("a\"b"), std::string("\"\""),
        std::string(64, 'x'), std::string("a\0b", 3)}) {
    EXPECT_EQ(parse_table(bad).error().code, ErrorCode::kInvalidArgument) << bad;
  }
}

TEST(OutboxTest, NamesAndTextsStandInQuotes) {
  EXPECT_EQ(quote_name("we\"ird"), R"("we""ird")");
  EXPECT_EQ(quote_text("it's"), "'it''s'");
  const PgTable evil{"public", R"(x"; DROP TABLE y; --)"};
  EXPECT_NE(add_triggers_sql("orders", evil, {}).find(R"(ON "public"."x""; DROP TABLE y; --" )"),
            std::string::npos);
  EXPECT_NE(missing_triggers_sql("orders", {{"public", "it's"}}, {}).find("('public', 'it''s')"),
            std::string::npos);
}

TEST(OutboxTest, OnlyTheTriggersOfWantedOperationsAreMade) {
  const std::string some = add_triggers_sql("orders", {"public", "t"}, {Operation::kCreate});
  EXPECT_NE(some.find("cordyna_orders_insert"), std::string::npos);
  EXPECT_EQ(some.find("AFTER UPDATE"), std::string::npos);
  EXPECT_EQ(some.find("AFTER TRUNCATE"), std::string::npos);
  const std::string all = add_triggers_sql("orders", {"public", "t"}, {});
  for (const char* event : {"AFTER INSERT", "AFTER UPDATE", "AFTER DELETE", "AFTER TRUNCATE"}) {
    EXPECT_NE(all.find(event), std::string::npos) << event;
  }
}

}  // namespace
}  // namespace cordyna::input
