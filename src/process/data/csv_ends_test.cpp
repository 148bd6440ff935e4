#include "process/data/csv_ends.hpp"

#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class CsvEndsTest : public StepTest {
 protected:
  /// The file after marking, with ^ for the mark.
  std::string marked(const std::string& text, std::size_t columns,
                     std::vector<std::string> nulls = {}) {
    const std::string from = file("from.csv", text);
    const CsvShape shape{',', '"', columns, std::move(nulls)};
    const auto count = count_overlong(from, shape);
    EXPECT_TRUE(count.has_value());
    EXPECT_TRUE(mark_overlong(from, flow_ + "/to.csv", shape).has_value());
    std::string out = content(flow_ + "/to.csv");
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(out, kOverlongMark)), *count);
    std::ranges::replace(out, kOverlongMark, '^');
    return out;
  }
};

TEST_F(CsvEndsTest, MarksLinesWithAnEmptyValueTooMany) {
  EXPECT_EQ(marked("a,b,c\n1,000,5,\n1,2,\n,,\n,,,\r\n1,2,3,4\n7,8,9,", 3),
            "a,b,c\n1,000,5,^\n1,2,\n,,\n,,,^\r\n1,2,3,4\n7,8,9,^");
  EXPECT_EQ(marked("a\n1,\n\n2\n", 1), "a\n1,^\n\n2\n");
}

TEST_F(CsvEndsTest, TextsThatMeanNoValueCountAsEmpty) {
  EXPECT_EQ(marked("a,b\n1,NA\n1,2,NA\n1,2,XNA\n", 2, {"NA"}), "a,b\n1,NA\n1,2,NA^\n1,2,XNA\n");
}

TEST_F(CsvEndsTest, KnowsQuotedDelimitersAndLineBreaks) {
  EXPECT_EQ(marked("a,b\n\"x,y\",\n\"x,\n1,2,\n\",5\n\"q\"\"\",5,\n1,2,\"\"\n", 2),
            "a,b\n\"x,y\",\n\"x,\n1,2,\n\",5\n\"q\"\"\",5,^\n1,2,\"\"^\n");
}

TEST_F(CsvEndsTest, RecordsAcrossPiecesOfTheFileAreSeenWhole) {
  std::string text = "a,b\n";
  std::string wanted = text;
  while (text.size() < (std::size_t{9} << 20)) {
    text += "12345,678901,\n1,2\n";
    wanted += "12345,678901,^\n1,2\n";
  }
  EXPECT_TRUE(marked(text, 2) == wanted);
  // A record that fits into no piece is passed on as it is.
  const std::string giant = "a,b\n" + std::string(std::size_t{11} << 20, 'x') + ",y,\n1,2,\n";
  EXPECT_TRUE(marked(giant, 2) == giant.substr(0, giant.size() - 1) + "^\n");
}

TEST_F(CsvEndsTest, AMissingFileIsAnError) {
  EXPECT_FALSE(count_overlong(flow_ + "/none.csv", {',', '"', 2, {}}).has_value());
}

class OverlongLoadTest : public StepTest {};

TEST_F(OverlongLoadTest, AMovedValueIsARejectAndNeverARow) {
  const std::string text = "id,price,note\n1,2,x\n2,1,000,\n3,5,\n";
  file("a.csv", text);
  rows("COPY (SELECT unnest(string_split(trim('" + text + "', E'\\n'), E'\\n'))) TO '" + flow_ +
       "/b.csv.gz' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '|', COMPRESSION gzip)");
  for (const char* name : {"a.csv", "b.csv.gz"}) {
    const std::string from = R"({"from": ")" + std::string(name);
    const std::string contract =
        R"(", "contract": {"columns": {"id": "int64", "price": "int64", "note": "string"}})";
    EXPECT_EQ(run("load", "a", from + contract + "}"), 1);
    EXPECT_TRUE(has(error_message(), "line 3: too many columns: 4 instead of 3 [2,1,000,]"));
    ASSERT_EQ(run("load", "a", from + contract + R"(, "rejects": {"max_percent": 50}})"), 0);
    EXPECT_EQ(rows("FROM {a}"),
              (Lines{R"({"id":1,"price":2,"note":"x"})", R"({"id":3,"price":5,"note":null})"}));
  }
}

}  // namespace
}  // namespace cordyna::data
