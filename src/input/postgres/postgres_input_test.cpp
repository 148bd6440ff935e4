#include <gtest/gtest.h>

#include "cordyna/postgres.hpp"

namespace cordyna::input {
namespace {

Error refused(std::string id, PostgresOptions options = {}) {
  auto made = postgres_input(std::move(id), std::move(options));
  return made.has_value() ? Error{} : made.error();
}

TEST(PostgresInputTest, WhatItCannotDoIsRefusedBeforeItConnects) {
  EXPECT_EQ(refused("").code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused("it's").code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused(std::string(kPostgresIdMax + 1, 'a')).message.find("1 to 40"),
            std::string::npos);
  EXPECT_EQ(refused("in", {.tables = {"a.b.c"}}).code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused("in", {.operations = {Operation::kRead}}).message.find("not read"),
            std::string::npos);
  EXPECT_EQ(install_postgres_input("it's", {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(remove_postgres_input("it's", "").error().code, ErrorCode::kInvalidArgument);
}

TEST(PostgresInputTest, IsMadeByItsTypeFromAConfiguration) {
  InputRegistry registry;
  ASSERT_TRUE(registry.add("postgres", make_postgres_input).has_value());
  const auto made = registry.make({"orders", "postgres", "host=db", {Operation::kDelete}});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ((*made)->id(), "orders");
  EXPECT_EQ((*made)->operations(), std::vector{Operation::kDelete});
  EXPECT_FALSE(registry.make({"no id", "postgres", "", {}}).has_value());
}

}  // namespace
}  // namespace cordyna::input
