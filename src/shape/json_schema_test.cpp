#include "shape/json_schema.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>

namespace cordyna::shape {
namespace {

constexpr std::array<std::string_view, 2> kSizes{"small", "large"};
constexpr std::array kBoxFields{
    Field{"name", ValueType::kString, true, "Its name.", {}, {}, 0, 8},
    Field{"size", ValueType::kString, false, "How large.", kSizes},
    Field{"weight", ValueType::kNumber, false, "In kg."},
    Field{"count", ValueType::kInteger, false, "How many.", {}, {}, 1, 9},
    Field{"lid", ValueType::kRef, true, "", {}, "Lid"},
    Field{"parts", ValueType::kParts, false, "What is in it.", {}, "Part"},
};
constexpr ObjectSpec kBox{"Box", "A box.", kBoxFields};

TEST(JsonSchema, SaysWhatTheTableSays) {
  EXPECT_EQ(boost::json::serialize(schema_of(kBox, "#/$defs/")),
            R"({"type":"object","description":"A box.","additionalProperties":false,"properties":{)"
            R"("name":{"type":"string","maxLength":8,"description":"Its name."},)"
            R"("size":{"type":"string","enum":["small","large"],"description":"How large."},)"
            R"("weight":{"type":"number","description":"In kg."},)"
            R"("count":{"type":"integer","format":"int64","minimum":1,"maximum":9,)"
            R"("description":"How many."},"lid":{"$ref":"#/$defs/Lid"},)"
            R"("parts":{"type":"array","items":{"$ref":"#/$defs/Part"},)"
            R"("description":"What is in it."}},"required":["name","lid"]})");
  EXPECT_FALSE(schema_of(kBox, "#/", true).contains("additionalProperties"));
}

}  // namespace
}  // namespace cordyna::shape
