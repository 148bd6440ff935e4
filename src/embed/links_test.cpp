#include "embed/links.hpp"

#include <gtest/gtest.h>

#include "cordyna/errors.hpp"

namespace cordyna::embed {
namespace {

class LinksTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* input : {"in", "other"}) ASSERT_TRUE(links_.add_input(input).has_value());
    for (const char* process : {"a", "b", "c", "d"}) {
      ASSERT_TRUE(links_.add_process(process).has_value());
    }
  }
  void link(const char* from, const char* to) {
    const auto added = links_.add(from, to);
    ASSERT_TRUE(added.has_value()) << added.error().message;
  }

  Links links_;
};

TEST_F(LinksTest, AnIdThatIsTakenIsRefusedAndWhatHasItStays) {
  link("in", "a");
  const auto again = links_.add_input("in");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(again.error().message.starts_with("the id 'in' is taken by an input, which stays"));
  EXPECT_EQ(links_.add_process("in").error().code, ErrorCode::kConflict) << "one space of ids";
  EXPECT_EQ(links_.add_input("a").error().code, ErrorCode::kConflict);
  EXPECT_EQ(links_.stages("in"), (std::vector<Stage>{{"a", {}}}));
}

TEST_F(LinksTest, WhatMayBeNoIdIsRefused) {
  for (const std::string& id : {std::string(), std::string("a b"), std::string("a/b"),
                                std::string(129, 'a'), std::string("\u00e9")}) {
    const auto added = links_.add_process(id);
    ASSERT_FALSE(added.has_value()) << id;
    EXPECT_EQ(added.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(links_.add_process(std::string(128, 'a')).has_value());
  EXPECT_TRUE(links_.add_process("A-z_0.9").has_value());
}

TEST_F(LinksTest, ALinkToWhatIsNotThereOrIsNoProcessIsRefused) {
  const auto unknown = links_.add("in", "zz");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(detail_of<UnknownProcess>(unknown.error())->to, "zz");
  const auto from = links_.add("zz", "a");
  ASSERT_FALSE(from.has_value());
  EXPECT_EQ(from.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(from.error().message.contains("'zz' is neither an input nor a process"));
  const auto input = links_.add("a", "other");
  ASSERT_FALSE(input.has_value());
  EXPECT_EQ(input.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(detail_of<ProcessConversion>(input.error()), nullptr);
}

TEST_F(LinksTest, ALinkThatIsThereOrClosesACircleIsRefused) {
  link("in", "a");
  EXPECT_EQ(links_.add("in", "a").error().message, "the link 'in' -> 'a' is there");
  link("a", "b");
  link("b", "c");
  const auto circle = links_.add("c", "a");
  ASSERT_FALSE(circle.has_value());
  EXPECT_EQ(circle.error().code, ErrorCode::kConflict);
  EXPECT_EQ(circle.error().message,
            "the link 'c' -> 'a' closes a circle: a -> b -> c -> a; leave one of its links out");
  EXPECT_EQ(links_.add("b", "b").error().message,
            "the link 'b' -> 'b' closes a circle: b -> b; leave one of its links out");
  EXPECT_EQ(links_.stages("in"), (std::vector<Stage>{{"a", {}}, {"b", {"a"}}, {"c", {"b"}}}))
      << "what was refused left nothing";
}

TEST_F(LinksTest, EachProcessComesOnceBehindAllThatLeadToItFromThisInput) {
  link("in", "a");
  link("in", "b");
  link("b", "c");
  link("a", "c");
  link("other", "d");
  link("d", "c");
  EXPECT_EQ(links_.stages("in"), (std::vector<Stage>{{"a", {}}, {"b", {}}, {"c", {"b", "a"}}}))
      << "in the order of the links; nothing of the other input";
  EXPECT_EQ(links_.stages("other"), (std::vector<Stage>{{"d", {}}, {"c", {"d"}}}));
}

TEST_F(LinksTest, AnInputThatLeadsNowhereHasNoStages) {
  EXPECT_EQ(links_.stages("in"), std::vector<Stage>{});
}

TEST_F(LinksTest, ALongRowOfProcessesIsNoMatter) {
  std::string before = "in";
  for (int i = 0; i < 20'000; ++i) {
    const std::string id = "p" + std::to_string(i);
    ASSERT_TRUE(links_.add_process(id).has_value());
    if (i % 100 == 0) before = "in";  // so that the search for circles stays short
    ASSERT_TRUE(links_.add(before, id).has_value());
    before = id;
  }
  EXPECT_EQ(links_.stages("in").size(), 20'000U);
}

}  // namespace
}  // namespace cordyna::embed
