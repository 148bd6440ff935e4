#include "shape/json_body.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cordyna::shape {
namespace {

constexpr std::array<std::string_view, 2> kColours{"red", "blue"};
constexpr std::array kFields{
    Field{"name", ValueType::kString, true, ""},
    Field{"colour", ValueType::kString, false, "", kColours},
    Field{"count", ValueType::kInteger, false, "", {}, {}, 1, 10},
    Field{"on", ValueType::kBoolean, false, ""},
    Field{"at", ValueType::kTime, false, ""},
    Field{"more", ValueType::kObject, false, ""},
    Field{"list", ValueType::kStrings, false, ""},
    Field{"grants", ValueType::kRefs, false, "", {}, "Grant"},
};
constexpr ObjectSpec kThing{"Thing", "", kFields};
constexpr std::array<std::string_view, 4> kRoles{"viewer", "operator", "author", "admin"};
constexpr std::array kGrantFields{
    Field{"namespace", ValueType::kString, true, ""},
    Field{"role", ValueType::kString, true, "", kRoles},
};
constexpr ObjectSpec kGrant{"Grant", "", kGrantFields};
constexpr std::array kSpecs{&kThing, &kGrant};

std::string flaws_of(std::string_view text) {
  const auto read = read_body(text, kThing, kSpecs);
  const auto* flaws = std::get_if<std::vector<Flaw>>(&read);
  if (flaws == nullptr) return "";
  std::string out;
  for (const Flaw& flaw : *flaws) out += flaw.at + ": " + flaw.detail + "\n";
  return out;
}

TEST(JsonBodyTest, AGoodBodyIsRead) {
  const auto read = read_body(
      R"({"name":"a","colour":"red","count":10,"on":true,"at":"2026-01-02T03:04:05Z","more":{"x":[1]},
          "list":["p"],"grants":[{"namespace":"acme","role":"author"}]})",
      kThing, kSpecs);
  const auto* body = std::get_if<JsonBody>(&read);
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(body->text("name"), "a");
  EXPECT_EQ(body->number("count"), 10);
  EXPECT_TRUE(body->flag("on"));
  EXPECT_EQ(body->json("more"), R"({"x":[1]})");
  EXPECT_EQ(body->text("colour"), "red");
  EXPECT_EQ(body->text("none"), "");
  EXPECT_EQ(body->number("none", 7), 7);
}

TEST(JsonBodyTest, AllThatIsWrongIsSaidAtOnceWithItsPlace) {
  EXPECT_EQ(flaws_of(R"({"colour":"green","count":11,"on":1,"at":"soon","more":[],"list":[1],
                        "grants":[{"role":"king"},3],"owner":"me"})"),
            "#/name: is missing\n"
            "#/colour: must be one of red, blue, but is a string\n"
            "#/count: must be an integer from 1 to 10, but is an integer\n"
            "#/on: must be true or false, but is an integer\n"
            "#/at: must be a time as 2026-01-02T03:04:05Z, but is a string\n"
            "#/more: must be an object, but is a list\n"
            "#/list: must be a list of strings, but is a list\n"
            "#/grants/0/namespace: is missing\n"
            "#/grants/0/role: must be one of viewer, operator, author, admin, but is a string\n"
            "#/grants/1: must be an object, but is an integer\n"
            "#/owner: is not known here; known: name, colour, count, on, at, more, list, grants\n");
  EXPECT_EQ(flaws_of(R"({"nam":"a"})"),
            "#/name: is missing\n#/nam: is not known here; did you mean 'name'?\n");
}

TEST(JsonBodyTest, HostileJsonIsRefusedInBoundedStack) {
  EXPECT_EQ(flaws_of(std::string(1 << 20, '[')), "#: is nested deeper than 32 levels\n");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"name":)";
  EXPECT_EQ(flaws_of(objects), "#: is nested deeper than 32 levels\n");
  EXPECT_EQ(flaws_of(R"({"name":"a","name":"b"})"), "#: has the key 'name' twice\n");
  EXPECT_EQ(flaws_of(R"({"name":"a","more":{"k":1,"k":2}})"), "#: has the key 'k' twice\n");
  for (const char* bad :
       {"", "{", R"({"name":"a"} x)", R"({"name":NaN})", R"({'name':'a'})",
        "\xEF\xBB\xBF{\"name\":\"a\"}", R"({"name":"\ud800"})", "{\"name\":\"\xff\"}",
        R"({"name":"a",})", "[1]", "null", R"({"name":"a"}{"name":"b"})"}) {
    EXPECT_NE(flaws_of(bad), "") << bad;
  }
  EXPECT_NE(flaws_of(R"({"name":"a","more":{"x":1e999}})"), "");
  EXPECT_NE(flaws_of(R"({"name":"a","count":99999999999999999999})"), "");
  EXPECT_EQ(flaws_of(R"({"name":"a","more":{"x":-0,"y":9007199254740993}})"), "");
}

TEST(JsonBodyTest, AManyKeyedBodyIsReadInLinearTime) {
  std::string text = R"({"name":"a","more":{)";
  for (int i = 0; i < 100'000; ++i) text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  EXPECT_EQ(flaws_of(text + "}}"), "");
}

TEST(JsonBodyTest, NoMessageHoldsAValue) {
  EXPECT_FALSE(
      flaws_of(R"({"name":"a","colour":"hunter2","count":"hunter2"})").contains("hunter2"));
}

}  // namespace
}  // namespace cordyna::shape
