#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cordyna/errors.hpp"
#include "cordyna/event.hpp"
#include "cordyna/process.hpp"
#include "embed/json_slice.hpp"

namespace cordyna {
namespace {

struct Word {
  const char* text;
  Operation operation;
};

class KnownOperation : public testing::TestWithParam<Word> {};

TEST_P(KnownOperation, IsReadInAnyCase) {
  EXPECT_EQ(parse_operation(GetParam().text).value(), GetParam().operation);
}

INSTANTIATE_TEST_SUITE_P(
    Words, KnownOperation,
    testing::Values(Word{"create", Operation::kCreate}, Word{"insert", Operation::kCreate},
                    Word{"INSERT", Operation::kCreate}, Word{"read", Operation::kRead},
                    Word{"Update", Operation::kUpdate}, Word{"delete", Operation::kDelete},
                    Word{"ReMoVe", Operation::kDelete}));

class UnknownOperation : public testing::TestWithParam<const char*> {};

TEST_P(UnknownOperation, IsAnErrorThatSaysWhatThereIs) {
  const auto parsed = parse_operation(GetParam());
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(parsed.error().message,
            "unknown operation \"" + std::string(GetParam()) +
                "\"; want create (or insert), read, update, delete (or remove)");
}

INSTANTIATE_TEST_SUITE_P(Words, UnknownOperation,
                         testing::Values("", "unknown", "created", " read", "truncate"));

TEST(EventJson, HasTheKeysInTheirOrderAndNoneThatIsEmpty) {
  Event event{.location = "the ether", .operation = Operation::kDelete, .id = "an-id"};
  event.trigger = "tests";
  EXPECT_EQ(to_json(event),
            R"({"location":"the ether","operation":"delete","id":"an-id","trigger":"tests"})");
  event.at = EventTime(std::chrono::milliseconds(1'767'323'045'006));
  event.data = R"({"n": 1.10})";
  event.key = "k\"1";
  EXPECT_EQ(to_json(event),
            R"({"location":"the ether","operation":"delete","id":"an-id","trigger":"tests",)"
            R"("at":"2026-01-02T03:04:05.006Z","data":{"n": 1.10},"key":"k\"1"})");
}

TEST(EventJson, ComesBackAsItWas) {
  Event event{.location = "tab\tle \"x\" \u00e9", .operation = Operation::kUnknown, .id = "7"};
  EXPECT_EQ(parse_event(to_json(event)).value(), event);
  event.operation = Operation::kUpdate;
  event.at = EventTime(std::chrono::milliseconds(1));
  event.data = R"([1.10, 12345678901234567890123, {"data": "}\"]"}])";
  event.key = "k";
  event.trigger = "in";
  EXPECT_EQ(parse_event(to_json(event)).value(), event) << "numbers as they were written";
}

TEST(EventJson, IsReadInAnyOrderOfItsKeys) {
  const Event event = parse_event(
                          " {\"data\" : {\"a\":[1]} , \"id\":\"1\",\"operation\":\"INSERT\","
                          "\"location\":\"t\" }\n")
                          .value();
  EXPECT_EQ(
      event,
      (Event{.location = "t", .operation = Operation::kCreate, .id = "1", .data = "{\"a\":[1]}"}));
}

TEST(EventJson, WithBytesThatAreNoTextIsJsonAllTheSame) {
  EXPECT_EQ(
      to_json({.location = "a\xff"}),
      "{\"location\":\"a\xef\xbf\xbd\",\"operation\":\"unknown\",\"id\":\"\",\"trigger\":\"\"}");
}

struct BadEvent {
  const char* json;
  const char* message;
};

class RefusedEvent : public testing::TestWithParam<BadEvent> {};

TEST_P(RefusedEvent, NamesTheKey) {
  const auto parsed = parse_event(GetParam().json);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(parsed.error().message.starts_with(GetParam().message)) << parsed.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, RefusedEvent,
    testing::Values(
        BadEvent{"", "event: no JSON at byte 0: "},
        BadEvent{"{\"location\":", "event: no JSON at "},
        BadEvent{"{} {}", "event: no JSON at byte 3: "},
        BadEvent{"[]", "event: want a JSON object with the keys of an event"},
        BadEvent{"{}", "event: 'location' is missing"},
        BadEvent{R"({"location":1})", "event: 'location' must be a text"},
        BadEvent{R"({"location":"x","operation":"drop"})",
                 "event: 'operation': unknown operation \"drop\"; want create"},
        BadEvent{R"({"location":"x","at":"yesterday"})", "event: 'at' is no time: \"yesterday\""},
        BadEvent{R"({"location":"x","where":"y"})",
                 "event: 'where' is no key of an event; there are: location, operation, id"}));

TEST(MemberText, IsThePieceOfTheObjectAsItIsWritten) {
  const std::string_view json =
      R"( { "a" : 1.50 ,"b":{"a":2,"c":"}\\\""},"c":[ [] , "]" ],"d":true})";
  EXPECT_EQ(embed::member_text(json, "a"), "1.50");
  EXPECT_EQ(embed::member_text(json, "b"), R"({"a":2,"c":"}\\\""})");
  EXPECT_EQ(embed::member_text(json, "c"), R"([ [] , "]" ])");
  EXPECT_EQ(embed::member_text(json, "d"), "true");
  EXPECT_EQ(embed::member_text(json, "e"), "");
  EXPECT_EQ(embed::member_text("{}", "a"), "");
}

TEST(Errors, AreToldApartByTheirDetailAndSayWhatToDo) {
  const Error missing = container_image_missing("resize");
  ASSERT_NE(detail_of<ContainerImageMissing>(missing), nullptr);
  EXPECT_EQ(detail_of<ContainerImageMissing>(missing)->process, "resize");
  EXPECT_EQ(detail_of<UnknownProcess>(missing), nullptr);
  EXPECT_EQ(missing.message,
            "process 'resize': the container image is missing: set 'image' in its execution "
            "context, such as image = \"alpine:3\"");

  const Error ended = container_non_zero_exit("resize", 3);
  EXPECT_EQ(detail_of<ContainerNonZeroExit>(ended)->exit_code, 3);
  EXPECT_TRUE(ended.message.contains("ended with code 3"));

  const Error unknown = unknown_process("in", "p");
  EXPECT_EQ(detail_of<UnknownProcess>(unknown)->to, "p");
  EXPECT_EQ(unknown.message,
            "unable to run 'in' -> 'p': the process 'p' is unknown: add it with add_process first");

  const Error conversion = process_conversion("in", "other", "an input");
  EXPECT_EQ(detail_of<ProcessConversion>(conversion)->from, "in");
  EXPECT_TRUE(conversion.message.contains("'other' is an input, and only a process can be run"));
  EXPECT_EQ(detail_of<ProcessConversion>(Error{ErrorCode::kInternal, "x"}), nullptr);
}

TEST(Statuses, HaveTheirWords) {
  EXPECT_EQ(to_string(ExitStatus::kUnknown), "unknown");
  EXPECT_EQ(to_string(ExitStatus::kUnstarted), "unstarted");
  EXPECT_EQ(to_string(ExitStatus::kSuccess), "success");
  EXPECT_EQ(to_string(ExitStatus::kFail), "fail");
}

}  // namespace
}  // namespace cordyna
