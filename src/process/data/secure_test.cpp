#include <cstdlib>
#include <filesystem>

#include "process/data/hmac_pads.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

constexpr const char* kPeople = R"("contract": {"columns": {
    "id": "int64",
    "name": {"type": "string", "pii": true},
    "phone": {"type": "string", "pii": true},
    "born": {"type": "date", "pii": true},
    "lat": {"type": "double", "pii": true},
    "town": "string"}})";

class SecureTest : public StepTest {
 protected:
  void SetUp() override {
    StepTest::SetUp();
    file("in.csv",
         "id,name,phone,born,lat,town\n"
         "1,Ann O'Neil,5550123,1980-05-17,47.61234,Kent\n"
         "2,,123,,,Kent\n");
    ASSERT_EQ(run("load", "in", std::string(R"({"from": "in.csv", )") + kPeople + "}"), 0)
        << error_message();
  }
  void TearDown() override {
    unsetenv("DYNA_KEY_0");
    StepTest::TearDown();
  }
  int secure(const std::string& columns) {
    return run("secure", "safe", R"({"of": "in", "columns": {)" + columns + "}}");
  }
  int share(const std::string& of) {
    return run("share", "out", R"({"of": ")" + of + R"(", "to": "out.csv"})");
  }
};

TEST_F(SecureTest, EachColumnIsTreatedAsItSays) {
  ASSERT_EQ(secure(R"("name": {"how": "hash"}, "phone": {"mask": 4}, "born": {"round": "year"},
                   "lat": {"round": 2}, "town": {"how": "drop"})"),
            0)
      << error_message();
  // sha256sum of "Ann O'Neil".
  EXPECT_EQ(
      rows("SELECT * FROM {safe} ORDER BY id"),
      (Lines{R"({"id":1,"name":"59c3a081a1a245c7c7f76a4725efb659e09358f8ac11d1d9ff58cd30e195b5c9",)"
             R"("phone":"***0123","born":"1980-01-01","lat":47.61})",
             R"({"id":2,"name":null,"phone":"***","born":null,"lat":null})"}));
  EXPECT_EQ(share("safe"), 0) << error_message();
}

// The values are those of Python's hmac.new(key, b"Ann O'Neil", sha256).
TEST_F(SecureTest, ATokenIsAnHmac) {
  for (const std::string& key : {std::string("secret"), std::string(200, 'k')}) {
    setenv("DYNA_KEY_0", key.c_str(), 1);
    ASSERT_EQ(secure(R"("name": {"token": "hmac", "key": "PIN"})"), 0) << error_message();
    EXPECT_EQ(
        rows("SELECT name FROM {safe} WHERE id = 1"),
        (Lines{
            key.size() > 64
                ? R"({"name":"593e9685cfabbe8d334a6d8c78fdd26238ecc465c0e461a2cd9e19f010442fe7"})"
                : R"({"name":"d5da29c7daea369a25b622a3fcbc23a1015bcc3712f62b734f758f4a314521ff"})"}));
    const std::string sql =
        content(root_ + "/attempt-" + std::to_string(steps_) + "/work/step.sql");
    EXPECT_TRUE(has(sql, "getvariable('dyna_inner_0')"));
    EXPECT_EQ(sql.find(key), std::string::npos);
  }
}

TEST_F(SecureTest, WithoutItsKeyNothingIsWritten) {
  EXPECT_EQ(secure(R"("name": {"token": "hmac", "key": "PIN"})"), 1);
  EXPECT_EQ(error_code(), "SECRET_MISSING");
}

TEST_F(SecureTest, AShareRefusesWhatTellsAboutPersons) {
  EXPECT_EQ(share("in"), 1);
  EXPECT_EQ(error_code(), "UNSECURED");
  EXPECT_TRUE(has(error_message(), "name, phone, born, lat of 'in' tell about persons"));
  EXPECT_FALSE(std::filesystem::exists(flow_ + "/out.csv"));
  ASSERT_EQ(secure(R"("name": {"how": "drop"}, "phone": {"how": "keep"})"), 0);
  EXPECT_TRUE(has(said_, "still open: phone, born, lat"));
  EXPECT_EQ(share("safe"), 1);
  EXPECT_TRUE(has(error_message(), "phone, born, lat of 'safe'"));
}

TEST_F(SecureTest, TheMarkTravels) {
  ASSERT_EQ(run("check", "ok", R"({"of": "in", "rules": [{"name": "r", "sql": "id > 0"}]})"), 0);
  EXPECT_EQ(share("ok"), 1);
  ASSERT_EQ(run("standardize", "std", R"j({"of": "in", "rename": {"name": "who"}, "set":
            {"first": "left(name, 3)", "town": "concat(town, name)", "name": "squeeze(name)"},
            "drop": ["phone", "born", "lat"]})j"),
            0)
      << error_message();
  EXPECT_EQ(share("std"), 1);
  EXPECT_TRUE(has(error_message(), "who, town, first of 'std'"));
  file("other.jsonl", "{\"id\": 1, \"x\": 2}\n");
  ASSERT_EQ(run("load", "other", R"({"from": "other.jsonl"})"), 0);
  ASSERT_EQ(run("merge", "m", R"({"of": ["other", "std"], "on": "id"})"), 0) << error_message();
  EXPECT_EQ(share("m"), 1);
  EXPECT_TRUE(has(error_message(), "who, town, first of 'm'"));
  ASSERT_EQ(run("transform", "t", R"({"sql": "select id, who from m"})"), 0) << error_message();
  EXPECT_EQ(share("t"), 1);
  ASSERT_EQ(run("transform", "n", R"({"sql": "select length(who) as who from m", "declassify":
            "who"})"),
            0);
  EXPECT_EQ(share("n"), 0) << error_message();
}

TEST_F(SecureTest, NoMessageShowsAValue) {
  EXPECT_EQ(run("check", "c", R"({"of": "in", "rules": [{"name": "r", "sql": "id > 1"}]})"), 1);
  EXPECT_TRUE(has(error_message(), R"({"id":1,"town":"Kent"})"));
  EXPECT_EQ(run("check", "c", R"({"of": "in", "rules": [{"name": "r", "sql": "name::int > 1"}]})"),
            1);
  EXPECT_TRUE(has(error_message(), "Conversion Error"));
  EXPECT_EQ(error_message().find("Neil"), std::string::npos) << error_message();
  file("bad.csv", "id,name,phone,born,lat,town\n1,Ann,555,17.5.1980,x,Kent\n2,Ben,6,7,8\n");
  EXPECT_EQ(run("load", "bad", std::string(R"({"from": "bad.csv", )") + kPeople + "}"), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
  EXPECT_TRUE(has(error_message(), "line 2: born: the value is not a value of type date"));
  for (const std::string& text : {error_message(), said_}) {
    for (const char* value : {"Ann", "Ben", "17.5", "555"}) {
      EXPECT_EQ(text.find(value), std::string::npos) << text;
    }
  }
}

TEST_F(SecureTest, WhatCannotBeDoneIsSaid) {
  const auto refused = [&](const std::string& columns, std::string_view message) {
    EXPECT_EQ(secure(columns), 1);
    EXPECT_EQ(error_code(), "INPUT_INVALID");
    EXPECT_TRUE(has(error_message(), message));
  };
  refused(R"("nam": {"how": "drop"})", "'in' has no column 'nam' (do you mean 'name'?)");
  refused(R"("name": {"round": 2})", "round: 2 wants a number, the column is VARCHAR");
  refused(R"("lat": {"round": "year"})", "wants a date or a time, the column is DOUBLE");
  refused(R"("lat": {"round": "often"})", "a number of digits (2), or one of year");
  refused(R"("name": {"how": "hash", "mask": 2})", "columns.name: one of drop, keep, hash");
  refused(R"("name": {"token": "hmac"})", "columns.name.key: the name of the secret");
}

TEST(HmacPadsTest, PadsAreAsLongAsABlock) {
  EXPECT_EQ(hmac_pads("").inner.substr(0, 4), "3636");
  EXPECT_EQ(hmac_pads("a").outer.size(), 128U);
}

}  // namespace
}  // namespace cordyna::data
